package import Core
internal import Crypto

/// What a person asks for beyond the model itself.
package struct RecipeRequest: Sendable {
    package let modelName: ModelName
    package let version: Int
    /// Wins over every rule.
    package let baseImage: ImageReference?

    package init(modelName: ModelName, version: Int, baseImage: ImageReference? = nil) {
        self.modelName = modelName
        self.version = version
        self.baseImage = baseImage
    }
}

/// What the site asks for.
package struct RecipeSettings: Sendable {
    /// The base image by Python version, such as `3.11`.
    package let baseImages: [String: ImageReference]
    /// The package index, unless the model names one; nil is PyPI.
    package let pipIndexURL: String?
    /// Whether the build gets the site's certificate authorities: as the secret `ca_bundle`, or as `slipway/ca.pem` in a
    /// plain build's context.
    package let hasCABundle: Bool

    package init(
        baseImages: [String: ImageReference] = [:], pipIndexURL: String? = nil, hasCABundle: Bool = false
    ) {
        self.baseImages = baseImages
        self.pipIndexURL = pipIndexURL
        self.hasCABundle = hasCABundle
    }
}

/// How one model version becomes an image.
package struct Recipe: Sendable, Equatable {
    package let baseImage: ImageReference
    /// Why this base image, in words.
    package let baseImageReason: String
    /// The Python that the model asks for, such as `3.11.7`; nil where it names none.
    package let pythonVersion: String?
    /// Lines for the installer, in order: the model's own, then what serving adds.
    package let requirements: [String]
    package let constraints: [String]
    /// The package index in place of PyPI.
    package let index: String?
    /// Why this index, in words; nil without one.
    package let indexReason: String?
    /// Debian packages that the model's flavors need.
    package let systemPackages: [String]
    /// What a person should know before building: oddities of the model, and what was added to it.
    package let warnings: [String]

    let hasCABundle: Bool
    /// uv installs; it needs Python 3.8, older models get pip.
    let usesUV: Bool

    /// Decides base image and dependencies.
    ///
    /// - Throws: `Problem` where a setting is wrong.
    package static func make(
        _ model: ModelDescription, _ request: RecipeRequest, _ settings: RecipeSettings
    ) throws(Problem) -> Recipe {
        let base = try BaseImageChoice.make(model, request, settings)
        let index = try IndexChoice.make(model, settings)
        let additions = ServingRequirements.complete(model.requirements, model)
        return Recipe(
            baseImage: base.image, baseImageReason: base.reason,
            pythonVersion: model.pythonVersion.map(\.description),
            requirements: additions.requirements.map(\.text),
            constraints: model.constraints.map(\.text),
            index: index?.address, indexReason: index?.reason,
            systemPackages: ServingRequirements.systemPackages(model.flavors),
            warnings: model.warnings + base.warnings + (index?.warnings ?? []) + additions.notes,
            hasCABundle: settings.hasCABundle,
            usesUV: (model.pythonVersion ?? .fallback).isAtLeast(3, 8))
    }

    /// The files that go to `slipway/` beside the model in the build context, by path below it.
    package var contextFiles: [String: String] {
        var files = installFiles
        files["serve.py"] = Scripts.serve
        return files
    }

    /// The files that the dependency layer is made from.
    private var installFiles: [String: String] {
        var lines = requirements
        var files = ["warm.py": Scripts.warm]
        if !constraints.isEmpty {
            lines.insert("--constraint constraints.txt", at: 0)
            files["constraints.txt"] = constraints.map { $0 + "\n" }.joined()
        }
        if let index {
            lines.insert("--index-url \(index)", at: 0)
            files["pip.conf"] = Self.pipConfiguration(index)
        }
        files["requirements.txt"] = lines.map { $0 + "\n" }.joined()
        return files
    }

    /// Equal for two models that need the same packages in the same way, whatever their names and versions.
    ///
    /// It stands in the Dockerfile because buildah's layer cache does not look into what a RUN mounts.
    package var dependencyKey: String {
        let parts = installFiles.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value)\u{0}" }
        return String(SHA256.hex(Array(parts.joined().utf8)).prefix(32))
    }

    /// For the one download that pip makes before uv is there.
    private static func pipConfiguration(_ index: String) -> String {
        let host = index.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        let trust = index.lowercased().hasPrefix("http://") ? "trusted-host = \(host)\n" : ""
        // A percent sign begins an interpolation in pip's configuration files.
        return "[global]\nindex-url = \(index.replacing("%", with: "%%"))\n\(trust)"
    }
}
