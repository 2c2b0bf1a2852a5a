internal import Core

/// What a requirement may be: something on a package index or on the web, never a path of some machine.
enum RequirementRules {
    /// - Throws: `Problem` naming the source where the line is no requirement, or one that cannot be met here.
    static func check(_ text: String, _ source: String) throws(Problem) {
        let requirement = Requirement(text: text, source: source)
        if requirement.name != nil {
            let subject = text.prefix { $0 != ";" }
            try checkMarker(text.dropFirst(subject.count), text, source)
            try checkOptions(text, source)
            guard let at = subject.firstRange(of: "@") else {
                try checkVersions(requirement, source)
                return
            }
            // `name @ address`; the address ends at a space (a marker or an option follows).
            let address = subject[at.upperBound...].drop { $0 == " " }.prefix { $0 != " " }
            try checkDirect(String(address), source)
            return
        }
        let subject = String(text.prefix { $0 != " " })
        if subject.contains("://") {
            try checkOptions(text, source)
            try checkDirect(subject, source)
            return
        }
        throw notARequirement(text, source)
    }

    /// Behind a requirement only hashes may stand: any other option would be for the installer as a whole.
    private static func checkOptions(_ text: String, _ source: String) throws(Problem) {
        let words = text.split(separator: " ").dropFirst()
        guard let first = words.firstIndex(where: { $0.hasPrefix("-") }) else { return }
        for word in words[first...] where word.wholeMatch(of: /--hash[=:][a-z0-9]+:[0-9a-fA-F]+/) == nil {
            throw .invalid(
                source, "\"\(String(word).printable(limit: 60))\" cannot stand behind a requirement",
                hint: "only --hash=sha256:… can; give other options a line of their own")
        }
    }

    private static func notARequirement(_ text: String, _ source: String) -> Problem {
        .invalid(
            source, "\"\(text.printable(limit: 80))\" is not a requirement",
            hint: "write it as name==version (PEP 508)")
    }

    /// Extras and versions, as the packaging guide's dependency specifiers have them.
    ///
    /// See https://packaging.python.org/en/latest/specifications/dependency-specifiers/.
    private static func checkVersions(_ requirement: Requirement, _ source: String) throws(Problem) {
        let rest = requirement.withoutMarker.drop { $0.isASCIILetterOrDigit || "._-".contains($0) }
        // Spaces mean nothing here, but for those within a version.
        guard !rest.contains(/[A-Za-z0-9.*+!_-] +[A-Za-z0-9.*+!_-]/) else {
            throw notARequirement(requirement.text, source)
        }
        let dense = rest.filter { $0 != " " }
        let versions = dense.first == "[" ? dense.drop { $0 != "]" }.dropFirst() : dense[...]
        let extras = dense.dropLast(versions.count)
        let clauses =
            versions.first == "(" && versions.last == ")" ? versions.dropFirst().dropLast() : versions
        let areVersions = clauses.split(separator: ",").allSatisfy { clause in
            clause.wholeMatch(of: /(===|==|!=|<=|>=|<|>|~=)[A-Za-z0-9.*+!_-]+/) != nil
        }
        guard areVersions, extras.isEmpty || extras.last == "]",
            extras.dropFirst().dropLast().allSatisfy({ $0.isASCIILetterOrDigit || "._,-".contains($0) })
        else {
            throw notARequirement(requirement.text, source)
        }
    }

    /// A marker compares one of the installer's variables.
    private static func checkMarker(_ marker: Substring, _ text: String, _ source: String) throws(Problem) {
        guard !marker.isEmpty else { return }
        let variable =
            /(python_(full_)?version|os_name|sys_platform|platform_[a-z_]+|implementation_[a-z]+|extra)/
        guard marker.contains(variable), marker.contains(/(==|!=|<|>|~=| in )/) else {
            throw notARequirement(text, source)
        }
    }

    /// Whether a requirement is the path of a package rather than a name or an address.
    static func isPath(_ text: String) -> Bool {
        let subject = text.prefix { $0 != " " }
        if subject.contains("://") { return false }
        if subject.hasSuffix(".whl") { return true }
        return Requirement(text: text, source: "").name == nil
            && (subject.contains("/") || subject.contains("\\") || ".~".contains(subject.first ?? " "))
    }

    static func localPath(_ source: String, _ path: String) -> Problem {
        .invalid(
            source, "\"\(path.printable(limit: 80))\" is a path, and there is no such file in the model",
            hint:
                "log the wheel with the model (code_paths) and name it by its path there, or publish it on an index"
        )
    }

    private static func checkDirect(_ address: String, _ source: String) throws(Problem) {
        let scheme = address.prefix { $0 != ":" }.lowercased()
        if ["git+https", "git+http"].contains(scheme) {
            try WebAddress.check(String(address.dropFirst(4)), field: source)
        } else if scheme == "file" || !address.contains("://") {
            throw localPath(source, address)
        } else {
            try WebAddress.check(address, field: source)
        }
    }
}
