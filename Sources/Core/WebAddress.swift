/// Addresses of pages and package indexes.
package enum WebAddress {
    /// Refuses what is no http or https address, or holds a password.
    ///
    /// - Parameters:
    ///   - text: the address.
    ///   - field: the setting, field or line that holds it, for the message.
    /// - Throws: `Problem` naming `field` and the rule.
    package static func check(_ text: String, field: String) throws(Problem) {
        guard let broken = brokenRule(text) else { return }
        throw .invalid(field, broken.rule, hint: broken.hint)
    }

    /// What an address breaks, if anything; a password in it is never quoted.
    package static func brokenRule(_ text: String) -> (rule: String, hint: String)? {
        let quoted = "\"\(text.printable(limit: 80))\" is not a web address"
        let hint = "an index or page of packages begins with https://"
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard ["http", "https"].contains(scheme), text.dropFirst(scheme.count).hasPrefix("://") else {
            return (quoted, hint)
        }
        let rest = text.dropFirst(scheme.count + 3).unicodeScalars
        // An @ in front of the path ends a user name and password.
        guard !rest.prefix(while: { !"/?#".unicodeScalars.contains($0) }).contains("@") else {
            return (
                "the address holds a user name or password, which every image and log would show",
                "remove them, and let the site's own index mirror the packages"
            )
        }
        let allowed = rest.allSatisfy { scalar in
            scalar.value > 0x20 && scalar.value < 0x7F && !"\"'\\`$<>".unicodeScalars.contains(scalar)
        }
        guard allowed, let first = rest.first, !"/?#:".unicodeScalars.contains(first), text.utf8.count <= 2048
        else { return (quoted, hint) }
        return nil
    }

    /// What of an address must not be seen: user name and password together, and the password, as written and decoded.
    package static func hiddenTexts(_ address: String) -> [String] {
        guard let scheme = address.firstRange(of: "://"), let at = address.lastIndex(of: "@"),
            scheme.upperBound < at
        else { return [] }
        let login = String(address[scheme.upperBound..<at])
        let texts = [login] + login.split(separator: ":", maxSplits: 1).dropFirst().map(String.init)
        return texts + texts.compactMap(\.percentDecoded)
    }
}
