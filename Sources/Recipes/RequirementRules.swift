internal import Core

/// What a requirement may be: something on a package index or on the web, never a path of some machine.
enum RequirementRules {
    /// - Throws: `Problem` naming the source where the line is no requirement, or one that cannot be met here.
    static func check(_ text: String, _ source: String) throws(Problem) {
        let requirement = Requirement(text: text, source: source)
        if requirement.name != nil {
            let subject = text.prefix { $0 != ";" }
            guard let at = subject.firstRange(of: "@") else { return }
            // `name @ address`; the address ends at a space (a marker or an option follows).
            let address = subject[at.upperBound...].drop { $0 == " " }.prefix { $0 != " " }
            try checkDirect(String(address), source)
            return
        }
        let subject = String(text.prefix { $0 != " " })
        if subject.contains("://") {
            try checkDirect(subject, source)
            return
        }
        let isPath = subject.contains("/") || subject.contains("\\") || ".~".contains(subject.first ?? " ")
        if isPath { throw localPath(source, subject) }
        throw .invalid(
            source, "\"\(text.printable(limit: 80))\" is not a requirement",
            hint: "write it as name==version (PEP 508)")
    }

    /// An index's or page's address: http or https, and no password in it.
    static func checkAddress(_ text: String, _ source: String) throws(Problem) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard ["http", "https"].contains(scheme), text.dropFirst(scheme.count).hasPrefix("://") else {
            throw .invalid(
                source, "\"\(text.printable(limit: 80))\" is not a web address",
                hint: "an index or page of packages begins with https://")
        }
        let rest = text.dropFirst(scheme.count + 3)
        // An @ in front of the path ends a user name and password.
        guard !rest.prefix(while: { !"/?#".contains($0) }).contains("@") else {
            throw .invalid(
                source, "the address holds a user name or password, which every image and log would show",
                hint: "remove them, and let the site's own index mirror the packages")
        }
        let allowed = rest.unicodeScalars.allSatisfy { scalar in
            scalar.value > 0x20 && scalar.value < 0x7F && !"\"'\\`$<>".unicodeScalars.contains(scalar)
        }
        guard allowed, let first = rest.first, !"/?#:".contains(first), text.utf8.count <= 2048 else {
            throw .invalid(source, "\"\(text.printable(limit: 80))\" is not a web address")
        }
    }

    static func localPath(_ source: String, _ path: String) -> Problem {
        .invalid(
            source, "\"\(path.printable(limit: 80))\" is a path, which the installer in the image cannot see",
            hint: "publish the package on an index and name it there, or add its code with code_paths")
    }

    private static func checkDirect(_ address: String, _ source: String) throws(Problem) {
        let scheme = address.prefix { $0 != ":" }.lowercased()
        if ["git+https", "git+http"].contains(scheme) {
            try checkAddress(String(address.dropFirst(4)), source)
        } else if scheme == "file" || !address.contains("://") {
            throw localPath(source, address)
        } else {
            try checkAddress(address, source)
        }
    }
}
