internal import Core

// What single settings have to be, and what becomes of them.
extension Settings {
    static func registryKind(_ text: String) throws(SettingRule) -> Registry.Kind {
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return .server(text) }
        let path = text.hasPrefix("file://") ? String(text.dropFirst(7)) : text
        guard path.hasPrefix("/") else {
            throw SettingRule("must be http://…, https://… or the absolute path of an MLflow file store")
        }
        return .fileStore(path)
    }

    static func imagePrefix(_ text: String) throws(SettingRule) -> String {
        guard let reference = try? ImageReference("\(text)/name", field: "prefix"), reference.tag == nil
        else {
            throw SettingRule("must be the beginning of an image's name, such as registry.example.com/models")
        }
        return text
    }

    static func pushRegistry(_ text: String) throws(SettingRule) -> String {
        guard let reference = try? ImageReference("\(text)/name", field: "push_registry"),
            reference.registry != nil, reference.tag == nil
        else {
            throw SettingRule(
                "must be a registry's host, with a path after it or not, such as registry.example.com/models")
        }
        return text
    }

    static func isRegistryHost(_ text: String) -> Bool {
        // Only what is no path of an image can be told apart from one.
        (try? ImageReference("\(text)/name", field: "insecure_registries"))?.registry == text
    }

    static func baseImage(_ minor: String, _ text: String) throws(SettingRule) -> ImageReference {
        let parts = minor.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ part in UInt(part).map { String($0) == part } == true })
        else {
            throw SettingRule(
                "\"\(minor.printable())\" must be a Python minor version, such as 3.11")
        }
        do {
            return try ImageReference(text, field: "base_images")
        } catch {
            throw SettingRule(error.message)
        }
    }

    static func address(_ text: String) throws(SettingRule) -> String {
        if let broken = WebAddress.brokenRule(text) { throw SettingRule(broken.rule) }
        return text
    }

    /// An address, or a name that the tables may have.
    static func index(_ text: String) throws(SettingRule) -> String {
        text.wholeMatch(of: /[a-z0-9-]{1,40}/) == nil ? try address(text) : text
    }

    /// An address that a program for editing text can take as it is.
    static func mirror(_ text: String) throws(SettingRule) -> String {
        let address = try address(text)
        guard !address.contains(where: { "#&?|".contains($0) }) else {
            throw SettingRule("must be the address of a directory, such as https://mirror.example.com")
        }
        return address.hasSuffix("/") ? String(address.dropLast()) : address
    }

    static func truth(_ text: String) throws(SettingRule) -> Bool {
        guard let truth = ["true": true, "false": false][text] else {
            throw SettingRule("must be true or false")
        }
        return truth
    }

    static func builder(_ text: String) throws(SettingRule) -> String {
        guard text.wholeMatch(of: /[A-Za-z][A-Za-z0-9._-]{0,99}/) != nil else {
            throw SettingRule("must be a builder's name, as docker buildx ls shows it")
        }
        return text
    }

    static func micromamba(_ text: String) throws(SettingRule) -> Conda.Micromamba {
        if text.hasPrefix("/") { return .program(text) }
        do {
            return .image(try ImageReference(text, field: "micromamba"))
        } catch {
            throw SettingRule(error.message)
        }
    }

    static func channel(_ name: String, _ replacement: String) throws(SettingRule) -> String {
        guard !replacement.isEmpty, !replacement.hasControlCharacters, !replacement.contains(" ") else {
            throw SettingRule("\"\(name.printable())\" must be followed by a channel's name or address")
        }
        return replacement
    }

    /// `http://[user:password@]host:port`; never quoted in a message.
    static func proxy(_ text: String) throws(SettingRule) -> String {
        let scheme = text.prefix { $0 != ":" }
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        guard ["http", "https"].contains(scheme), isPlain, text.dropFirst(scheme.count + 3).count > 1,
            text.dropFirst(scheme.count).hasPrefix("://")
        else {
            throw SettingRule("must be a proxy's address, such as http://proxy.example.com:3128")
        }
        return text
    }

    static func noProxy(_ text: String) throws(SettingRule) -> String {
        guard text.wholeMatch(of: /[A-Za-z0-9.,:*_\/\[\] -]*/) != nil else {
            throw SettingRule("must be hosts and domains with commas between them")
        }
        return text.filter { $0 != " " }
    }

    static func engine(_ text: String) throws(SettingRule) -> String {
        guard ["auto", "docker", "podman", "buildah"].contains(text) || text.hasPrefix("/") else {
            throw SettingRule("must be auto, docker, podman, buildah or the path of one of them")
        }
        return text
    }
}
