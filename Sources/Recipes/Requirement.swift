/// One line for the installer, as the model wrote it: a requirement or an option.
package struct Requirement: Sendable, Hashable {
    /// Without comment and surrounding space.
    package let text: String
    /// Where it stands, such as `requirements.txt:3`, or why it was added.
    package let source: String

    /// The distribution's normalised name (PEP 503); nil for options and bare addresses.
    var name: String? {
        guard text.first?.isASCIILetterOrDigit == true else { return nil }
        let name = text.prefix { $0.isASCIILetterOrDigit || "._-".contains($0) }
        let next = text.dropFirst(name.count).first ?? " "
        return " [(=<>!~;@".contains(next) ? Self.normalised(String(name)) : nil
    }

    /// The only version that it allows, as in `pandas==2.2.2`.
    var exactVersion: String? {
        let clause = withoutMarker.drop { $0.isASCIILetterOrDigit || "._-".contains($0) }
        let specifier = clause.first == "[" ? clause.drop { $0 != "]" }.dropFirst() : clause
        let text = specifier.filter { $0 != " " }
        guard text.hasPrefix("=="), !text.contains(",") else { return nil }
        let version = text.drop { $0 == "=" }
        return version.isEmpty || version.contains("*") ? nil : String(version)
    }

    /// What follows on the `+` of its exact version, such as `cu121`.
    var localVersion: String? {
        guard let version = exactVersion, let plus = version.firstIndex(of: "+") else { return nil }
        let local = version[version.index(after: plus)...].prefix { $0.isASCIILetterOrDigit || $0 == "." }
        return local.isEmpty ? nil : String(local)
    }

    /// The same requirement with a version, if it names none: extras and marker stay.
    func pinned(to version: String, why source: String) -> Requirement? {
        let requirement = withoutMarker
        guard name != nil, !requirement.contains(where: { "=<>!~@".contains($0) }) else { return nil }
        let marker = text.dropFirst(requirement.count)
        let bare = requirement.filter { $0 != " " }
        return Requirement(text: "\(bare)==\(version)" + (marker.isEmpty ? "" : " \(marker)"), source: source)
    }

    /// Whether its marker keeps it from any image: those are for Linux.
    var isForOtherSystems: Bool {
        let marker = text.drop { $0 != ";" }.filter { $0 != " " && $0 != "'" && $0 != "\"" }
        return [
            "sys_platform==win32", "sys_platform==darwin", "os_name==nt", "platform_system==Windows",
            "platform_system==Darwin",
        ]
        .contains { marker.contains($0) }
    }

    /// Without what follows on the requirement itself: marker and options, such as `--hash`.
    var withoutMarker: Substring {
        let end = text.firstRange(of: " --")?.lowerBound ?? text.endIndex
        return text[..<end].prefix { $0 != ";" }
    }

    static func normalised(_ name: String) -> String {
        let parts = name.lowercased().split { "._-".contains($0) }
        return parts.joined(separator: "-")
    }
}

extension Character {
    var isASCIILetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
