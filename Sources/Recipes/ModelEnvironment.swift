internal import Core
internal import YAML

/// The Python that a model asks for: version and packages, gathered from `python_env.yaml`, `requirements.txt`,
/// `conda.yaml` and `MLmodel`.
struct ModelEnvironment {
    private let files: ModelFiles
    private let pythonEnv: (file: String, root: YAMLNode)?
    private let conda: CondaFile?
    private let condaIsNamed: Bool
    private let manager: EnvManager
    private let lock: LockFile?

    private(set) var python: (version: PythonVersion, source: String)?
    private(set) var requirements: [Requirement] = []
    private(set) var constraints: [Requirement] = []
    private(set) var indexes: [Requirement] = []
    private(set) var localPaths: [String] = []
    /// nil unless conda is asked for and needed.
    private(set) var condaPlan: CondaPlan?
    var warnings: [String] = []

    /// Finds the files: those that the flavor's `env` names (a text in MLflow 1, a mapping later), else the usual ones.
    init(_ files: ModelFiles, _ pyfunc: YAMLNode, _ manager: EnvManager, _ lock: LockFile?) throws(Problem) {
        self.files = files
        self.manager = manager
        self.lock = lock
        let env = pyfunc["env"]
        var condaFile = "conda.yaml"
        var pythonFile = "python_env.yaml"
        var named: [String] = []
        if let text = env?.string {
            condaFile = text
            named = [text]
        } else if let env, env.mapping != nil {
            if let name = try env.text("conda", in: "MLmodel") {
                condaFile = name
                named.append(name)
            }
            if let name = try env.text("virtualenv", in: "MLmodel") {
                pythonFile = name
                named.append(name)
            }
        }
        for name in named where !files.contains(name) {
            warnings.append("MLmodel names \(name.printable(limit: 80)), which is not in the model")
        }
        if !files.contains(condaFile), files.contains("conda.yaml") { condaFile = "conda.yaml" }
        if let root = try files.yaml(pythonFile) {
            guard root.mapping != nil else {
                throw .invalid("\(pythonFile):\(root.line)", "must be a mapping")
            }
            pythonEnv = (pythonFile, root)
        } else {
            pythonEnv = nil
        }
        conda = try CondaFile(files, condaFile)
        condaIsNamed = env?.string != nil
        warnings += conda?.warnings ?? []
    }

    /// `python_env.yaml`, then `conda.yaml` where its packages are installed (its Python fits them), then the flavor's own
    /// entry, then any `conda.yaml`.
    mutating func readPython(root pyfunc: YAMLNode) throws(Problem) {
        var found: [(version: PythonVersion, source: String)] = []
        if let (file, root) = pythonEnv, let text = try root.text("python", in: file) {
            found.append(try Self.version(text, "\(file):\(root["python"]?.line ?? 1)"))
        }
        if manager == .conda, let version = conda?.python { found.insert(version, at: 0) }
        if pythonEnv == nil, usesConda, let version = conda?.python { found.append(version) }
        if let text = try pyfunc.text("python_version", in: "MLmodel") {
            found.append(try Self.version(text, "MLmodel:\(pyfunc["python_version"]?.line ?? 1)"))
        }
        if let version = conda?.python { found.append(version) }
        python = found.first
        guard let first = found.first else {
            warnings.append(
                "no Python version in python_env.yaml, MLmodel or conda.yaml: \(PythonVersion.fallback) is taken"
            )
            return
        }
        for other in found.dropFirst() where !other.version.hasSameMinor(as: first.version) {
            warnings.append(
                "\(first.source) says Python \(first.version), \(other.source) says \(other.version): "
                    + "\(first.version) is taken")
        }
        guard first.version.isAtLeast(3, 6), first.version.major == 3 else {
            throw .invalid(
                first.source, "Python \(first.version) cannot be served: 3.6 is the oldest",
                hint: "log the model again with a newer Python")
        }
    }

    /// Whether the packages are those of conda.yaml for pip too.
    private var usesConda: Bool { conda != nil && (condaIsNamed || !files.contains("requirements.txt")) }

    private static func version(_ text: String, _ source: String) throws(Problem) -> (PythonVersion, String) {
        guard let version = PythonVersion(text) else {
            throw .invalid(
                source, "\"\(text.printable(limit: 40))\" is not a Python version",
                hint: "write it as 3.11 or 3.11.7")
        }
        return (version, source)
    }

    /// `python_env.yaml` if there is one, else what `MLmodel` names, else whatever there is.
    mutating func readRequirements() throws(Problem) {
        var reader = RequirementsReader(files)
        let hasRequirements = files.contains("requirements.txt")
        var followsConda = false
        if manager == .conda, conda == nil {
            warnings.append("the model has no conda.yaml: it gets a virtual environment")
        }
        if manager == .conda, let conda {
            followsConda = true
            condaPlan = try conda.plan(python: python?.version ?? .fallback)
            try conda.addPipRequirements(to: &reader)
        } else if let (file, root) = pythonEnv, let list = root["dependencies"], !list.isNull {
            guard let lines = list.sequence else {
                throw .invalid("\(file):\(list.line)", "dependencies must be a list")
            }
            for node in lines {
                guard let text = node.string else {
                    throw .invalid("\(file):\(node.line)", "each dependency must be a text")
                }
                if text.hasSuffix("requirements.txt"), text.hasPrefix("-r"), !hasRequirements, let conda {
                    warnings.append(
                        "\(file):\(node.line) names requirements.txt, which is not in the model: "
                            + "\(conda.file) is used")
                    followsConda = true
                    try conda.addRequirements(to: &reader, &warnings)
                } else {
                    try reader.read(line: text, source: "\(file):\(node.line)")
                }
            }
        } else if let conda, usesConda {
            followsConda = true
            try conda.addRequirements(to: &reader, &warnings)
        } else if hasRequirements {
            try reader.read(file: "requirements.txt")
        } else {
            warnings.append("the model names no requirements: only MLflow is installed")
        }
        if !followsConda, let warning = conda?.leftOut(besides: reader.requirements) {
            warnings.append(warning)
        }
        requirements = reader.requirements
        constraints = reader.constraints
        indexes = reader.indexes
        localPaths = reader.localPaths
        if let lock {
            let locked = requirements.filter { $0.name.map { lock.packages[$0] != nil } ?? false }
            requirements.removeAll { locked.contains($0) }
            warnings += requirements.filter { $0.text.first != "-" }.map {
                "\($0.source): \($0.text) is not in uv.lock, and is installed after what is"
            }
            let own = Set(requirements.map(\.text) + indexes.map(\.text))
            for registry in lock.registries where !own.contains("--extra-index-url \(registry.text)") {
                try WebAddress.check(registry.text, field: registry.source)
                requirements.insert(
                    Requirement(text: "--extra-index-url \(registry.text)", source: registry.source), at: 0)
            }
        }
        warnings += reader.warnings + (conda?.contradictions(with: requirements) ?? [])
    }
}
