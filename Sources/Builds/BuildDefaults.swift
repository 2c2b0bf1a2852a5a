package import Core
internal import Recipes

/// The whole decision about an image, before anything is built.
package struct BuildDefaults: Encodable, Sendable {
    let modelName: String
    let modelVersion: String
    let imageName: String
    let baseImage: String
    let baseImageReason: String
    let pythonVersion: String
    let pythonVersionReason: String
    let envManager: EnvManager
    let pipIndexURL: String?
    let pipIndexReason: String?
    let extraIndexURLs: [String]
    let requirements: [String]
    let constraints: [String]
    let systemPackages: [String]
    let conda: Conda?
    let warnings: [String]
    /// The nearest that MLflow itself can do, as a person would type it.
    let command: String
    let dockerfile: String

    struct Conda: Encodable {
        let channels: [String]
        let packages: [String]
    }

    enum CodingKeys: String, CodingKey {
        case requirements, constraints, conda, warnings, command, dockerfile
        case modelName = "model_name"
        case modelVersion = "model_version"
        case imageName = "image_name"
        case baseImage = "base_image"
        case baseImageReason = "base_image_reason"
        case pythonVersion = "python_version"
        case pythonVersionReason = "python_version_reason"
        case envManager = "env_manager"
        case pipIndexURL = "pip_index_url"
        case pipIndexReason = "pip_index_reason"
        case extraIndexURLs = "extra_index_urls"
        case systemPackages = "system_packages"
    }

    init(_ recipe: Recipe, model: ModelName, version: Int, image: ImageReference, options: BuildOptions) {
        modelName = model.text
        modelVersion = String(version)
        imageName = image.description
        baseImage = recipe.baseImage.fullyQualified
        baseImageReason = recipe.baseImageReason
        pythonVersion = recipe.pythonVersion
        pythonVersionReason = recipe.pythonReason
        envManager = recipe.envManager
        pipIndexURL = recipe.index
        pipIndexReason = recipe.indexReason
        extraIndexURLs = recipe.extraIndexes
        requirements = recipe.requirements
        constraints = recipe.constraints
        systemPackages = recipe.systemPackages.debianNames
        conda = recipe.channels.isEmpty ? nil : Conda(channels: recipe.channels, packages: recipe.condaSpecs)
        warnings = recipe.warnings
        command = MLflowCommand.buildDocker(
            model: model, version: version, image: image, envManager: options.envManager,
            installJava: options.installsJava)
        dockerfile = recipe.dockerfile(.buildkit, labels: [])
    }

    package func encoded() throws(Problem) -> [UInt8] { try JSON.encode(self) }
}

/// Command lines of MLflow's own.
enum MLflowCommand {
    static func buildDocker(
        model: ModelName, version: Int, image: ImageReference, envManager: EnvManager, installJava: Bool
    ) -> String {
        let words = [
            "mlflow", "models", "build-docker", "--model-uri", quoted("models:/\(model.text)/\(version)"),
            "--name",
            image.description, "--env-manager", envManager.rawValue,
        ]
        return (words + (installJava ? ["--install-java"] : [])).joined(separator: " ")
    }

    /// One word for a POSIX shell.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            Character(Unicode.Scalar(byte)).isLetter && byte < 0x80 || (0x30...0x39).contains(byte)
                || "_./:@-".utf8.contains(byte)
        }
        // By scalars: a quote with a mark upon it is one character to Swift, and a quote to a shell.
        let escaped = text.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined()
        return isPlain ? text : "'\(escaped)'"
    }
}
