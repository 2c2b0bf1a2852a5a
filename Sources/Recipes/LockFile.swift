internal import Core

/// A model's `uv.lock`, of which uv will install exactly what is written there.
///
/// Only what uv itself writes is read: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
struct LockFile: Sendable, Equatable {
    /// Versions by normalised name.
    private(set) var packages: [String: String] = [:]
    /// Indexes beside PyPI that packages were found on.
    private(set) var registries: [Requirement] = []
    /// Whether a package comes from a git repository.
    private(set) var needsGit = false

    /// What is locked, as lines of a requirements file would say it.
    var requirements: [Requirement] {
        packages.sorted { $0.key < $1.key }.map {
            Requirement(text: "\($0.key)==\($0.value)", source: "uv.lock")
        }
    }

    /// - Returns: nil unless the model has both `uv.lock` and `pyproject.toml`.
    /// - Throws: `Problem` naming the line that an image could not follow.
    init?(_ files: ModelFiles) throws(Problem) {
        guard files.contains("pyproject.toml"), let lines = try files.lines("uv.lock") else { return nil }
        var name: String?
        for (index, line) in lines.enumerated() {
            if line == "[[package]]" { name = nil }
            if let text = Self.value(of: "name", in: line) { name = Requirement.normalised(text) }
            if let name, let version = Self.value(of: "version", in: line) { packages[name] = version }
            guard line.hasPrefix("source = {") else { continue }
            let place = "uv.lock:\(index + 1)"
            try Self.check(source: line, place)
            needsGit = needsGit || line.contains("git = \"")
            if let start = line.firstRange(of: "registry = \"") {
                let address = String(line[start.upperBound...].prefix { $0 != "\"" })
                let isKnown =
                    address.hasPrefix("https://pypi.org/") || registries.contains { $0.text == address }
                if !isKnown { registries.append(Requirement(text: address, source: place)) }
            }
        }
    }

    /// `key = "text"` at the line's start.
    private static func value(of key: String, in line: String) -> String? {
        guard line.hasPrefix("\(key) = \""), line.hasSuffix("\"") else { return nil }
        return String(line.dropFirst(key.count + 4).dropLast())
    }

    /// The project itself may stand there (it is not installed); no other place on the machine that locked it.
    private static func check(source line: String, _ place: String) throws(Problem) {
        for kind in ["editable", "virtual", "directory", "path"] {
            guard let start = line.firstRange(of: "\(kind) = \"") else { continue }
            let path = String(line[start.upperBound...].prefix { $0 != "\"" })
            if path != "." || kind == "path" || kind == "directory" {
                throw RequirementRules.localPath(place, path)
            }
        }
    }
}
