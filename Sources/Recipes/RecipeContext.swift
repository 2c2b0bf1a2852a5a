internal import Core
internal import Crypto

/// What goes to `slipway/` beside the model in the build context.
///
/// Each directory there belongs to one step of the Dockerfile: a step is repeated only where its own files change.
extension Recipe {
    /// The texts, by path below `slipway/`.
    package var contextFiles: [String: String] {
        var files = ["serve.py": ContextFile.serve]
        for (name, text) in systemFiles { files["system/\(name)"] = text }
        for (name, text) in condaFiles { files["conda/\(name)"] = text }
        for (name, text) in dependencyFiles { files["dependencies/\(name)"] = text }
        return files
    }

    /// Where below `slipway/` the files of `localPaths` are to lie.
    package var localFilesDirectory: String { "dependencies/files/\(localFilesKey)" }

    /// Empty where the base image lacks nothing.
    var systemFiles: [String: String] {
        guard !systemPackages.isEmpty || !baseIsPrepared else { return [:] }
        return shared.merging(systemPackages.files) { $1 }
            .merging(["install.sh": ContextFile.system]) { $1 }
    }

    var condaFiles: [String: String] {
        guard !channels.isEmpty else { return [:] }
        var files = shared
        files["install.sh"] = ContextFile.conda
        files["channels"] = channels.asLines
        files["environment.yaml"] = "dependencies:\n" + condaSpecs.map { "- \(Self.quoted($0))" }.asLines
        if let alias = settings.condaAlias { files["channel-alias"] = alias + "\n" }
        return files
    }

    /// The files that the dependency layer is made from.
    private var dependencyFiles: [String: String] {
        var files = shared
        files["install.sh"] = ContextFile.dependencies
        files["python.sh"] = ContextFile.python
        files["warm.py"] = ContextFile.warm
        if isResolvable {
            files["lock.sh"] = ContextFile.lock
            files["first"] = settings.tables.firstLayer.asLines
        }
        var lines = requirements.map {
            $0.replacing("\(Self.localFiles)/", with: "\(Self.localFiles)/\(localFilesKey)/")
        }
        if !constraints.isEmpty {
            lines.insert("--constraint constraints.txt", at: 0)
            files["constraints.txt"] = constraints.asLines
        }
        lines.insert(contentsOf: extraIndexes.map { "--extra-index-url \($0)" }, at: 0)
        if let index { lines.insert("--index-url \(index)", at: 0) }
        files["requirements.txt"] = lines.asLines
        files["pip.conf"] = pipConfiguration
        files["uv.toml"] = uvConfiguration
        if needsGit {
            files["tools"] = "git ca-certificates\n"
        }
        return files.merging(lockTexts) { $1 }
    }

    /// Whether what the requirements come to can be known before anything is installed.
    ///
    /// Hashes would not outlive it, and a git repository needs programs that only the installing step has.
    var isResolvable: Bool {
        usesUV && !isLocked && !needsGit && channels.isEmpty
            && !(requirements + constraints).contains { $0.contains("--hash") }
    }

    private var shared: [String: String] {
        var files = ["packages.sh": ContextFile.packages]
        if let mirror = settings.aptMirror { files["apt-mirror"] = mirror + "\n" }
        return files
    }

    /// Equal for two models that need the same packages in the same way, whatever their names and versions.
    package var dependencyKey: String { Self.key(dependencyFiles, localFilesKey) }
    var systemKey: String { Self.key(systemFiles) }
    var condaKey: String { Self.key(condaFiles) }

    /// buildah's layer cache does not look into what a RUN mounts: this stands in the RUN itself.
    private static func key(_ files: [String: String], _ more: String = "") -> String {
        let parts = files.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value)\u{0}" }
        return String(SHA256.hex(Array((parts.joined() + more).utf8)).prefix(32))
    }

    /// For pip: its own downloads, and the one of uv; nil where its defaults do.
    private var pipConfiguration: String? {
        var lines: [String] = []
        var trusted = settings.trustedHosts
        // Of the model's own index nothing is asked but packages: it need not have uv.
        if let index = usesUV ? toolIndex : index {
            lines.append("index-url = \(index)")
            let host = index.split(separator: "/").dropFirst().first.map(String.init) ?? ""
            if index.lowercased().hasPrefix("http://"), !trusted.contains(host) { trusted.append(host) }
        }
        if !trusted.isEmpty { lines.append("trusted-host = \(trusted.joined(separator: " "))") }
        // A percent sign begins an interpolation in pip's configuration files.
        return lines.isEmpty ? nil : "[global]\n" + lines.asLines.replacing("%", with: "%%")
    }

    /// For uv; nil where its defaults do.
    private var uvConfiguration: String? {
        var lines: [String] = []
        if !settings.trustedHosts.isEmpty {
            lines.append(
                "allow-insecure-host = [\(settings.trustedHosts.map(Self.quoted).joined(separator: ", "))]")
        }
        if let mirror = settings.pythonMirror {
            lines.append("python-install-mirror = \(Self.quoted(mirror))")
        }
        return lines.isEmpty ? nil : lines.asLines
    }

    /// A text in double quotes as YAML and TOML read them; control characters were refused before.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { "\"\\".unicodeScalars.contains($0) ? "\\\($0)" : String($0) }
        return "\"\(escaped.joined())\""
    }
}

extension [String] {
    /// One text a line, each line ended.
    var asLines: String { map { $0 + "\n" }.joined() }
}
