internal import Core

/// Which image a model is built on.
struct BaseImageChoice {
    let image: ImageReference
    let reason: String
    let warnings: [String]

    /// The request's image, else the site's for this Python, else the official Python image.
    static func make(
        _ model: ModelDescription, _ request: RecipeRequest, _ settings: RecipeSettings
    ) throws(Problem) -> BaseImageChoice {
        if let image = request.baseImage {
            return BaseImageChoice(image: image, reason: "named in the request", warnings: [])
        }
        let python = model.pythonVersion ?? .fallback
        let asked = model.pythonSource.map { "Python \(python) (\($0))" } ?? "Python \(python) (the default)"
        let java = model.flavors.filter(javaFlavors.contains)
        let warnings = java.map {
            "the flavor \($0) needs Java, which the base image lacks: name one that has it"
        }
        if let image = settings.baseImages[python.minorText] {
            let reason = "the site's image for Python \(python.minorText), as the model asks for \(asked)"
            return BaseImageChoice(image: image, reason: reason, warnings: warnings)
        }
        let image = try ImageReference("python:\(python)-slim", field: "python_version")
        return BaseImageChoice(
            image: image, reason: "the official image for what the model asks for, \(asked)",
            warnings: warnings)
    }

    /// Those for which MLflow installs Java (`mlflow/pyfunc/backend.py`, `JAVA_FLAVORS`).
    private static let javaFlavors = ["h2o", "johnsnowlabs", "spark"]
}

/// Which package index replaces PyPI.
struct IndexChoice {
    let address: String
    let reason: String
    let warnings: [String]

    /// The model's last `--index-url`, as pip would take it, else the site's, else none.
    static func make(_ model: ModelDescription, _ settings: RecipeSettings) throws(Problem) -> IndexChoice? {
        if let address = settings.pipIndexURL {
            try WebAddress.check(address, field: "python.index_url")
        }
        guard let last = model.indexes.last else {
            return settings.pipIndexURL.map {
                IndexChoice(address: $0, reason: "the site's python.index_url", warnings: [])
            }
        }
        var warnings = model.indexes.dropLast().map { "\($0.source): \($0.text) gives way to \(last.source)" }
        if let site = settings.pipIndexURL {
            warnings.append("\(last.source): \(last.text) is used in place of the site's index \(site)")
        }
        return IndexChoice(address: last.text, reason: "named in \(last.source)", warnings: warnings)
    }
}
