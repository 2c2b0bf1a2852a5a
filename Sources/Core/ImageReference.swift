/// The name of a container image: `[registry[:port]/]path[:tag][@digest]`.
///
/// Follows the grammar of the distribution project's `reference` package
/// (https://github.com/distribution/reference/blob/main/reference.go).
package struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// The registry's host and port; nil where the reference names none.
    package let registry: String?
    /// The repository's path within its registry, such as `team/churn`.
    package let path: String
    package let tag: String?
    /// Algorithm and hexadecimal value, such as `sha256:…`.
    package let digest: String?

    /// - Throws: `Problem` naming `field` and the rule that the text breaks.
    package init(_ text: String, field: String) throws(Problem) {
        func refuse(_ rule: String) -> Problem {
            .invalid(
                field, "\"\(text.printable(limit: 80))\" is not an image reference: \(rule)",
                hint: "write it as [registry/]name[:tag], for example registry.example.com/team/model:1")
        }
        guard !text.isEmpty else { throw refuse("it is empty") }
        guard text.utf8.count <= 512 else { throw refuse("it has more than 512 characters") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw refuse("only letters, digits and . _ - / : @ may stand in it")
        }
        let (named, digest) = Self.split(text, at: text.firstIndex(of: "@"))
        if let digest {
            guard Self.isDigest(digest) else {
                throw refuse(
                    "a digest is an algorithm, a colon and hexadecimal digits, 64 of them for sha256")
            }
        }
        let tagStart = named.lastIndex(of: ":").flatMap { colon in
            named[colon...].contains("/") ? nil : colon
        }
        let (repository, tag) = Self.split(named, at: tagStart)
        if let tag {
            guard Self.isTag(tag) else {
                throw refuse(
                    "a tag has 1 to 128 letters, digits, dots, dashes or underscores, and begins with none of . -"
                )
            }
        }
        var components = repository.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var registry: String?
        if components.count > 1, let first = components.first, Self.looksLikeRegistry(first) {
            guard Self.isRegistry(first) else { throw refuse("\(first) is not a registry's host name") }
            registry = first
            components.removeFirst()
        }
        guard components.allSatisfy(Self.isPathComponent) else {
            throw refuse(
                "each part of its name is lower-case letters and digits, joined by single dots, dashes or underscores"
            )
        }
        self.registry = registry
        self.path = components.joined(separator: "/")
        self.tag = tag
        self.digest = digest
        guard self.path.utf8.count <= 255 else { throw refuse("its name has more than 255 characters") }
    }

    package var description: String { (registry.map { "\($0)/" } ?? "") + path + suffix }

    /// The reference with its registry spelled out, as no engine asks which was meant:
    /// `python:3.11-slim` is `docker.io/library/python:3.11-slim`.
    package var fullyQualified: String {
        guard registry == nil else { return description }
        return "docker.io/" + (path.contains("/") ? path : "library/\(path)") + suffix
    }

    /// The same repository under another tag, without digest.
    package func tagged(_ tag: String) throws(Problem) -> ImageReference {
        try ImageReference((registry.map { "\($0)/" } ?? "") + path + ":\(tag)", field: "tags")
    }

    private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

    private static func split(_ text: String, at index: String.Index?) -> (String, String?) {
        guard let index else { return (text, nil) }
        return (String(text[..<index]), String(text[text.index(after: index)...]))
    }

    /// The first component is a registry if it could not be a user's name.
    private static func looksLikeRegistry(_ component: String) -> Bool {
        component == "localhost" || component.contains(".") || component.contains(":")
            || component.contains { $0.isUppercase }
    }

    private static func isRegistry(_ text: String) -> Bool {
        let (host, port) = split(text, at: text.firstIndex(of: ":"))
        if let port {
            guard (1...5).contains(port.count), port.allSatisfy(\.isDigit), let number = Int(port),
                (1...65535).contains(number)
            else { return false }
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.first != "-" && label.last != "-"
                && label.allSatisfy { $0.isDigit || $0.isASCIILetter || $0 == "-" }
        }
    }

    private static func isPathComponent(_ text: String) -> Bool {
        guard let first = text.first, let last = text.last, first.isLowerOrDigit, last.isLowerOrDigit else {
            return false
        }
        var separator = ""
        for character in text {
            if character.isLowerOrDigit {
                let allowed = ["", ".", "_", "__"].contains(separator) || separator.allSatisfy { $0 == "-" }
                guard allowed else { return false }
                separator = ""
            } else {
                separator.append(character)
            }
        }
        return true
    }

    private static func isTag(_ text: String) -> Bool {
        guard (1...128).contains(text.count), let first = text.first, first != ".", first != "-" else {
            return false
        }
        return text.allSatisfy { $0.isDigit || $0.isASCIILetter || "._-".contains($0) }
    }

    private static func isDigest(_ text: String) -> Bool {
        let (algorithm, value) = split(text, at: text.firstIndex(of: ":"))
        guard let value, value.count >= 32, !algorithm.isEmpty else { return false }
        guard algorithm != "sha256" || value.count == 64 else { return false }
        return algorithm.allSatisfy(\.isLowerOrDigit)
            && value.allSatisfy { $0.isDigit || ("a"..."f").contains($0) }
    }
}

extension Character {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
    fileprivate var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    fileprivate var isLowerOrDigit: Bool { ("a"..."z").contains(self) || isDigit }
}
