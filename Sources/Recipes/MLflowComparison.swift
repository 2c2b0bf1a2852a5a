package import Core

/// What MLflow itself would write for the same model (`mlflow/models/docker_utils.py` and
/// `mlflow/pyfunc/backend.py` of MLflow 3), and why this does something else.
package enum MLflowComparison {
    package struct Difference: Sendable, Equatable {
        package let subject: String
        package let mlflow: String
        package let slipway: String
        package let reason: String
    }

    /// Every difference that this model and request lead to.
    ///
    /// - Throws: what keeps the model's files from being read.
    package static func differences(_ files: ModelFiles, _ request: RecipeRequest, _ recipe: Recipe)
        throws(Problem)
        -> [Difference]
    {
        let model = try ModelDescription.read(files, request.envManager)
        let theirs = baseImage(model, request)
        var all = [
            Difference(
                subject: "base image", mlflow: "\(theirs.image): \(theirs.why)",
                slipway: "\(recipe.baseImage.fullyQualified): \(recipe.baseImageReason)",
                reason: request.baseImage == nil
                    ? "the newest patch has the security fixes, and tags of old patches disappear"
                    : "MLflow prepares nothing on an image that it does not know; here Python is put there where it is missing"
            ),
            Difference(
                subject: "order", mlflow: "pip install mlflow, COPY the model, then install its requirements",
                slipway: "requirements first, from files that name no model; the model is the last layer",
                reason:
                    "a new version of the model costs one small layer, and equal requirements are one layer for all models"
            ),
            Difference(
                subject: "installer", mlflow: "pip, without a cache",
                slipway: recipe.usesUV
                    ? "uv, with the engine's cache mounts"
                    : "pip with the engine's cache mounts, as uv needs Python 3.8",
                reason: "what was downloaded for any build is not downloaded again"),
            Difference(
                subject: "server", mlflow: "nginx in front of the scoring server, both started by MLflow",
                slipway: "MLflow's scoring server alone, on port 8080",
                reason:
                    "one process manager less; signals and log lines reach the server and the log directly"),
            Difference(
                subject: "user", mlflow: "root",
                slipway: "10001, and any other that the container is started as",
                reason: "platforms refuse root, and a read-only root file system is enough"),
            Difference(
                subject: "health", mlflow: "no HEALTHCHECK",
                slipway: "HEALTHCHECK asks /ping, two minutes to start",
                reason: "an engine can tell a server that loads from one that is broken"),
        ]
        all += environment(model, request, recipe)
        if theirs.hasJava || recipe.systemPackages.needed.contains("java") {
            all.append(
                Difference(
                    subject: "Java", mlflow: theirs.hasJava ? "a JDK on Ubuntu" : "none",
                    slipway: recipe.systemPackages.needed.contains("java")
                        ? "a headless JRE on the same slim image" : "none",
                    reason: "serving compiles nothing"))
        }
        if let torch = recipe.extraIndexes.last, torch.contains("/whl/") || torch.hasSuffix("/cpu") {
            all.append(
                Difference(
                    subject: "torch", mlflow: "the wheels of the package index, with CUDA",
                    slipway: "those of \(torch)",
                    reason:
                        "without a GPU CUDA is gigabytes that nothing uses; with one its version should be chosen"
                ))
        }
        if request.slim {
            all.append(
                Difference(
                    subject: "mlflow", mlflow: "the whole of mlflow",
                    slipway: "mlflow-skinny and what serving needs",
                    reason: "the request says slim"))
        }
        return all
    }

    private static func environment(_ model: ModelDescription, _ request: RecipeRequest, _ recipe: Recipe)
        -> [Difference]
    {
        switch request.envManager {
        case .local: return []
        case .virtualenv:
            return [
                Difference(
                    subject: "virtualenv",
                    mlflow: "Ubuntu, pyenv, and a Python compiled in the image: minutes",
                    slipway: "a virtual environment of Python \(recipe.minorVersion), made by uv",
                    reason: "the model's minor version is what matters, and it need not be compiled")
            ]
        case .conda:
            return [
                Difference(
                    subject: "conda", mlflow: "Miniconda on Ubuntu, kept in the image",
                    slipway: model.conda == nil
                        ? "a virtual environment, as pip can install all of conda.yaml"
                        : "micromamba in a stage of its own; the image has the environment only",
                    reason: "the installer is not part of what runs")
            ]
        }
    }

    /// `mlflow/pyfunc/backend.py`, `PyFuncBackend._get_base_image`.
    private static func baseImage(_ model: ModelDescription, _ request: RecipeRequest)
        -> (image: String, why: String, hasJava: Bool)
    {
        let ubuntu = "ubuntu:24.04"
        if let image = request.baseImage { return (image.description, "named", false) }
        let java = model.flavors.first { ["h2o", "johnsnowlabs", "spark"].contains($0) }
        if request.installJava == true { return (ubuntu, "Java is asked for", true) }
        if let java, request.installJava != false { return (ubuntu, "the flavor \(java) needs Java", true) }
        if request.envManager != .local {
            return (ubuntu, "\(request.envManager.rawValue) is asked for", false)
        }
        guard let python = model.pythonVersion, model.pythonSource?.hasPrefix("python_env.yaml") == true
        else {
            return (ubuntu, "there is no python_env.yaml, and local is refused on it", false)
        }
        return ("python:\(python)-slim", "python_env.yaml's exact patch", false)
    }
}
