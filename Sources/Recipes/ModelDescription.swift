package import Core
internal import YAML

/// What a model's own files say about it.
package struct ModelDescription: Sendable, Equatable {
    /// The names of its flavors, sorted.
    package let flavors: [String]
    /// The MLflow that saved it, such as `2.9.2`; old models do not say.
    package let mlflowVersion: String?
    /// nil where none of the files names one.
    package let pythonVersion: PythonVersion?
    /// Where the Python version was found, such as `python_env.yaml:1`.
    package let pythonSource: String?
    /// Lines for the installer as the model has them, without comments.
    package let requirements: [Requirement]
    /// Versions to keep to where a package is installed at all (`-c`).
    package let constraints: [Requirement]
    /// Package indexes that the model names in place of the default one, in order.
    package let indexes: [Requirement]
    /// Files and directories of the model that requirements name; their lines begin with `Recipe.localFiles`.
    let localPaths: [String]
    /// What only conda can install; nil where it was not asked for or is not needed.
    let conda: CondaPlan?
    /// What uv will install whatever the requirements say; nil without a lock file.
    let lock: LockFile?
    /// The lock file and its project, whole.
    let lockTexts: [String: String]
    /// `m-…`, since MLflow 3.
    package let modelID: String?
    package let runID: String?
    /// A request for `/invocations` that was saved with the model.
    package let servingExample: ServingExample?
    /// What is odd about the files, with file and line where there is one.
    package let warnings: [String]

    /// Reads the files as `mlflow models build-docker` would with the same environment manager.
    ///
    /// - Parameters:
    ///   - files: what the model directory holds.
    ///   - manager: conda follows conda.yaml, the others follow python_env.yaml.
    /// - Returns: what they say.
    /// - Throws: `Problem` naming file and line, where this is no model that MLflow could serve.
    package static func read(_ files: ModelFiles, _ manager: EnvManager = .local) throws(Problem)
        -> ModelDescription
    {
        guard let root = try files.yaml("MLmodel") else {
            throw .invalid(
                "MLmodel", "the file is missing or empty, so this is no MLflow model",
                hint: "register the output of log_model or save_model")
        }
        guard let flavors = root["flavors"], let entries = flavors.mapping else {
            throw .invalid(
                "MLmodel:\(root["flavors"]?.line ?? root.line)", "there is no mapping \"flavors\" in it",
                hint: "register the output of log_model or save_model, not a project or a bare file")
        }
        let names = entries.map(\.key).sorted()
        guard let pyfunc = flavors["python_function"] else {
            let found = names.joined(separator: ", ").printable(limit: 120)
            throw .invalid(
                "MLmodel:\(flavors.line)", "the model has no python_function flavor (it has \(found))",
                hint: "MLflow serves models with a python_function flavor only: log it with one that has it")
        }
        guard pyfunc.mapping != nil else {
            throw .invalid("MLmodel:\(pyfunc.line)", "python_function must be a mapping")
        }
        let lock = manager == .conda ? nil : try LockFile(files)
        var environment = try ModelEnvironment(files, pyfunc, manager, lock)
        try environment.readPython(root: pyfunc)
        try environment.readRequirements()
        if let warning = try codeWarning(pyfunc, files) { environment.warnings.append(warning) }
        environment.warnings += artifactWarnings(pyfunc)
        return ModelDescription(
            flavors: names,
            mlflowVersion: try root.text("mlflow_version", in: "MLmodel"),
            pythonVersion: environment.python?.version,
            pythonSource: environment.python?.source,
            requirements: environment.requirements,
            constraints: environment.constraints,
            indexes: environment.indexes,
            localPaths: environment.localPaths,
            conda: environment.condaPlan,
            lock: lock,
            lockTexts: lock == nil ? [:] : try texts(files, ["uv.lock", "pyproject.toml"]),
            modelID: try root.text("model_id", in: "MLmodel"),
            runID: try root.text("run_id", in: "MLmodel"),
            servingExample: ServingExample(root, files),
            warnings: environment.warnings)
    }

    private static func texts(_ files: ModelFiles, _ names: [String]) throws(Problem) -> [String: String] {
        var texts: [String: String] = [:]
        for name in names { texts[name] = try files.text(name) }
        return texts
    }

    /// A model that is a Python file: MLflow looks for the base name of the path that it was logged from.
    ///
    /// - Returns: what is odd about the path.
    /// - Throws: `Problem` where the model does not have the file.
    private static func codeWarning(_ pyfunc: YAMLNode, _ files: ModelFiles) throws(Problem) -> String? {
        guard let code = try pyfunc.text("model_code_path", in: "MLmodel") else { return nil }
        let place = "MLmodel:\(pyfunc["model_code_path"]?.line ?? 1)"
        let name = code.split(separator: "/").last.map(String.init) ?? code
        if code.contains("\\") {
            let own = code.split { "/\\".contains($0) }.last.map(String.init) ?? code
            return
                "\(place): model_code_path was written on Windows, and MLflow will look for a file of that whole name"
                + (files.lists(own) ? " although the model has \(own)" : "")
                + ": set model_code_path to the name alone, or log the model again on Linux"
        }
        guard files.lists(name) else {
            throw .invalid(
                place, "model_code_path names \(name.printable(limit: 80)), which is not in the model",
                hint: "log the model again with its code")
        }
        return nil
    }

    private static func artifactWarnings(_ pyfunc: YAMLNode) -> [String] {
        (pyfunc["artifacts"]?.mapping ?? []).compactMap { entry in
            guard let path = entry.value["path"]?.string, path.contains("\\") else { return nil }
            return
                "MLmodel:\(entry.line): the path of the artifact \(entry.key.printable(limit: 40)) was written on "
                + "Windows, and MLflow will not find it: write it with / instead of \\"
        }
    }
}
