internal import Core
internal import YAML

/// An environment that only conda can make.
package struct CondaPlan: Sendable, Equatable {
    let file: String
    /// As the model has them, in order.
    let channels: [Requirement]
    /// What to install, Python and pip among them.
    let specs: [String]
    /// Names of what pip could not install as it is meant.
    let foreign: [String]
}

/// A model's `conda.yaml`, read for its Python and for what pip can install of it.
struct CondaFile {
    let file: String
    private(set) var python: (version: PythonVersion, source: String)?
    /// The nested list under `pip:`.
    private var pip: [Requirement] = []
    /// Packages by conda's names, such as `numpy=1.18.1`.
    private var packages: [Requirement] = []
    /// Every package of conda's as it stands there, Python and pip included.
    private var specs: [Requirement] = []
    /// As written, in order; nil where the file names none.
    private(set) var channels: [Requirement]?
    private(set) var warnings: [String] = []

    /// - Returns: nil where there is no such file, or it is empty.
    init?(_ files: ModelFiles, _ file: String) throws(Problem) {
        self.file = file
        guard let root = try files.yaml(file) else { return nil }
        guard root.mapping != nil else { throw .invalid("\(file):\(root.line)", "must be a mapping") }
        let foreign = root.mapping?.map(\.key).filter { !Self.keys.contains($0) } ?? []
        if !foreign.isEmpty {
            warnings.append(
                "\(file): \(foreign.joined(separator: ", ").printable(limit: 120)) mean nothing to conda")
        }
        try readChannels(root)
        guard let list = root["dependencies"], !list.isNull else {
            warnings.append("\(file) names no dependencies")
            return
        }
        guard let entries = list.sequence else {
            throw .invalid("\(file):\(list.line)", "dependencies must be a list")
        }
        for entry in entries {
            if let text = entry.string {
                read(package: text, "\(file):\(entry.line)")
            } else if let lines = entry["pip"] {
                guard lines.isNull || lines.sequence != nil else {
                    throw .invalid("\(file):\(lines.line)", "pip must be a list")
                }
                for line in lines.sequence ?? [] {
                    guard let text = line.string else {
                        throw .invalid("\(file):\(line.line)", "each pip dependency must be a text")
                    }
                    pip.append(Requirement(text: text, source: "\(file):\(line.line)"))
                }
            }
        }
    }

    private mutating func readChannels(_ root: YAMLNode) throws(Problem) {
        guard let node = root["channels"], !node.isNull else { return }
        guard let items = node.sequence else {
            throw .invalid("\(file):\(node.line)", "channels must be a list")
        }
        channels = try items.map { item throws(Problem) in
            guard let text = item.string else {
                throw .invalid("\(file):\(item.line)", "each channel must be a text")
            }
            return Requirement(text: text, source: "\(file):\(item.line)")
        }
    }

    private mutating func read(package text: String, _ source: String) {
        specs.append(Requirement(text: text, source: source))
        let name = Self.name(text)
        if name == "python" {
            if let version = PythonVersion(condaEntry: text) {
                python = (version, source)
            } else {
                warnings.append(
                    "\(source): no Python version can be read from \"\(text.printable(limit: 40))\"")
            }
        } else if !["pip", "setuptools", "wheel"].contains(name) {
            packages.append(Requirement(text: text, source: source))
        }
    }

    /// The pip list, and conda's packages as far as the Python package index has them under a known name.
    func addRequirements(to reader: inout RequirementsReader, _ warnings: inout [String]) throws(Problem) {
        for line in pip { try reader.read(line: line.text, source: line.source) }
        let present = Set(pip.compactMap(\.name))
        var ignored: [String] = []
        for package in packages {
            guard let requirement = Self.pipRequirement(package) else {
                ignored.append(String(package.text.prefix { $0 != "=" }))
                continue
            }
            if let name = requirement.name, present.contains(name) { continue }
            try reader.read(line: requirement.text, source: requirement.source)
        }
        if let warning = leftOut(ignored) { warnings.append(warning) }
    }

    /// Packages of conda's that are in none of `requirements`, which are followed in this file's place.
    func leftOut(besides requirements: [Requirement]) -> String? {
        let names = Set(requirements.compactMap(\.name))
        return leftOut(
            packages.map { Self.name($0.text) }.filter { name in
                !names.contains(Requirement.normalised(Self.namesOnBoth[name] ?? name))
            })
    }

    private func leftOut(_ packages: [String]) -> String? {
        guard !packages.isEmpty else { return nil }
        let shown = packages.prefix(8).joined(separator: ", ").printable(limit: 200)
        let more = packages.count > 8 ? " and \(packages.count - 8) more" : ""
        return "\(file): only conda could install \(shown)\(more): left out (env_manager conda installs it)"
    }

    /// The pip list alone, for an environment that conda makes.
    func addPipRequirements(to reader: inout RequirementsReader) throws(Problem) {
        for line in pip { try reader.read(line: line.text, source: line.source) }
    }

    /// What only conda can do of this file.
    ///
    /// - Parameter python: what to ask for where the file names no Python.
    /// - Returns: nil where pip can do all of it.
    /// - Throws: `Problem` naming the line that is no package of a channel.
    func plan(python: PythonVersion) throws(Problem) -> CondaPlan? {
        guard !packages.isEmpty else { return nil }
        var specs = self.specs.map(\.text)
        for spec in self.specs {
            let rule =
                /([A-Za-z0-9._\/-]+::)?[A-Za-z0-9._-]+( *[=<>!~][A-Za-z0-9.*+_=<>!,|~ -]*)?/
            guard spec.text.utf8.count <= 200, spec.text.wholeMatch(of: rule) != nil else {
                throw .invalid(
                    spec.source, "\"\(spec.text.printable(limit: 80))\" is not a package as conda names it",
                    hint: "write it as name=version or channel::name=version")
            }
        }
        if !specs.contains(where: { Self.name($0) == "python" }) {
            specs.append("python=\(python.minorText)")
        }
        if !specs.contains(where: { Self.name($0) == "pip" }) { specs.append("pip") }
        return CondaPlan(
            file: file,
            channels: channels ?? [Requirement(text: "conda-forge", source: "\(file) names no channels")],
            specs: specs, foreign: packages.map { Self.name($0.text) })
    }

    /// A package's name without channel and version.
    private static func name(_ spec: String) -> String {
        let bare = spec.firstRange(of: "::").map { spec[$0.upperBound...] } ?? spec[...]
        return bare.prefix { $0.isASCIILetterOrDigit || "._-".contains($0) }.lowercased()
    }

    /// Where `requirements` is followed and this file says another version.
    func contradictions(with requirements: [Requirement]) -> [String] {
        requirements.compactMap { followed in
            guard let name = followed.name, let version = followed.exactVersion,
                let other = pip.first(where: { $0.name == name }), let otherVersion = other.exactVersion,
                version != otherVersion
            else { return nil }
            return "\(followed.source) says \(name) \(version), \(other.source) says \(otherVersion): "
                + "\(version) is taken"
        }
    }

    /// Conda's `name=version[=build]` or `name>=version` as pip writes it; nil for a package unknown to pip.
    private static func pipRequirement(_ package: Requirement) -> Requirement? {
        let text =
            package.text.firstRange(of: "::").map { package.text[$0.upperBound...] } ?? package.text[...]
        let name = text.prefix { $0.isASCIILetterOrDigit || "._-".contains($0) }
        guard let known = namesOnBoth[name.lowercased()] else { return nil }
        // `name version build` is conda's too.
        let words = text.dropFirst(name.count).split(separator: " ")
        let isSpaced = words.first?.first?.isNumber == true
        let specifier = isSpaced ? "=" + words.joined(separator: "=") : words.joined()
        let parts = specifier.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].isEmpty, let first = parts[1].first, first.isNumber else {
            return Requirement(text: known + specifier, source: package.source)
        }
        // `=1.18` allows 1.18.1; with three numbers or a build string one release is meant.
        let isLoose = parts.count == 2 && parts[1].count { $0 == "." } < 2 && !parts[1].hasSuffix("*")
        return Requirement(text: "\(known)==\(parts[1])\(isLoose ? ".*" : "")", source: package.source)
    }

    private static let keys = ["name", "channels", "dependencies", "prefix", "variables"]

    /// Python packages that MLflow's flavors of old put into `conda.yaml` itself, by their names on the package index.
    private static let namesOnBoth: [String: String] = [
        "catboost": "catboost", "cloudpickle": "cloudpickle", "gensim": "gensim", "h5py": "h5py",
        "joblib": "joblib",
        "keras": "keras", "lightgbm": "lightgbm", "matplotlib": "matplotlib", "mlflow": "mlflow",
        "nltk": "nltk",
        "numpy": "numpy", "onnxruntime": "onnxruntime", "pandas": "pandas", "pillow": "pillow",
        "protobuf": "protobuf", "pyarrow": "pyarrow", "pyspark": "pyspark", "pytorch": "torch",
        "pyyaml": "pyyaml",
        "requests": "requests", "scikit-learn": "scikit-learn", "scipy": "scipy", "seaborn": "seaborn",
        "spacy": "spacy", "statsmodels": "statsmodels", "tensorflow": "tensorflow",
        "torchvision": "torchvision",
        "transformers": "transformers", "xgboost": "xgboost",
    ]
}
