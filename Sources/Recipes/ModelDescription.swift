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
    /// `m-…`, since MLflow 3.
    package let modelID: String?
    package let runID: String?
    /// Path of an example request for `/invocations`, relative to the model directory.
    package let servingExample: String?
    /// What is odd about the files, with file and line where there is one.
    package let warnings: [String]

    /// Reads the files as `mlflow models build-docker --env-manager local` would.
    ///
    /// - Throws: `Problem` naming file and line, where this is no model that MLflow could serve.
    package static func read(_ files: ModelFiles) throws(Problem) -> ModelDescription {
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
        var environment = try ModelEnvironment(files, pyfunc)
        try environment.readPython(root: pyfunc)
        try environment.readRequirements()
        if let code = try pyfunc.text("model_code_path", in: "MLmodel"), code.contains("\\") {
            environment.warnings.append(
                "MLmodel: model_code_path was written on Windows, and MLflow will look for a file of that whole name"
            )
        }
        return ModelDescription(
            flavors: names,
            mlflowVersion: try root.text("mlflow_version", in: "MLmodel"),
            pythonVersion: environment.python?.version,
            pythonSource: environment.python?.source,
            requirements: environment.requirements,
            constraints: environment.constraints,
            indexes: environment.indexes,
            modelID: try root.text("model_id", in: "MLmodel"),
            runID: try root.text("run_id", in: "MLmodel"),
            servingExample: try servingExample(root, files),
            warnings: environment.warnings)
    }

    private static func servingExample(_ root: YAMLNode, _ files: ModelFiles) throws(Problem) -> String? {
        let usual = "serving_input_example.json"
        guard let info = root["saved_input_example_info"],
            let path = try info.text("serving_input_path", in: "MLmodel")
        else { return files.contains(usual) ? usual : nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = !path.contains("\\") && parts.allSatisfy { !["", ".", ".."].contains($0) }
        return isPlain ? path : nil
    }
}
