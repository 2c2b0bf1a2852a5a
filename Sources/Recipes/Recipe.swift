package import Core
internal import Crypto

/// How one model version becomes an image.
package struct Recipe: Sendable {
    package let baseImage: ImageReference
    /// Why this base image, in words.
    package let baseImageReason: String
    /// The Python that the model asks for, such as `3.11.7`.
    package let pythonVersion: String
    /// Where that stands, such as `python_env.yaml:1`.
    package let pythonReason: String
    /// What is done in fact: `conda` becomes `virtualenv` where pip can install everything.
    package let envManager: EnvManager
    /// Lines for the installer, in order: the model's own, the request's, then what serving adds.
    package let requirements: [String]
    package let constraints: [String]
    /// The package index in place of PyPI.
    package let index: String?
    /// Why this index, in words; nil without one.
    package let indexReason: String?
    /// Further indexes, the site's and torch's; those of the model stand among its requirements.
    package let extraIndexes: [String]
    package let systemPackages: SystemPackages
    /// Conda's channels as they will be asked; empty without conda.
    package let channels: [String]
    /// What conda installs.
    package let condaSpecs: [String]
    /// Whether uv installs exactly what the model's uv.lock says.
    package let isLocked: Bool
    /// What a person should know before building: oddities of the model, and what was added to it.
    package let warnings: [String]
    /// Files and directories of the model that the build context holds beneath `localFiles` too.
    package let localPaths: [String]
    /// What the finished image can be asked.
    package let servingExample: ServingExample?
    /// Whether the image is for a machine with a GPU.
    package let isForGPU: Bool

    let minorVersion: String
    /// The index that uv comes from: the request's, else the site's, else PyPI.
    let toolIndex: String?
    let settings: RecipeSettings
    let buildArguments: [String: String]
    let machine: String?
    /// Whether a package comes from a git repository.
    let needsGit: Bool
    let lockTexts: [String: String]
    /// Whether the base image is known to have the model's Python with pip.
    let baseIsPrepared: Bool
    /// uv installs; it needs Python 3.8, older models get pip.
    let usesUV: Bool
    /// What the files of `localPaths` hold, as a hash; they are known only where the model is.
    package var localFilesKey = "0"

    /// Where a build sees the model's own packages; their hash follows, so that no cache takes one model's for another's.
    static let localFiles = "/run/slipway/dependencies/files"

    /// Decides base image and dependencies.
    ///
    /// - Parameters:
    ///   - model: read with the request's environment manager.
    ///   - request: what a person asks for.
    ///   - settings: what the site asks for.
    /// - Returns: the whole decision.
    /// - Throws: `Problem` where a setting or field is wrong, or the site does not allow the base image.
    package static func make(
        _ model: ModelDescription, _ request: RecipeRequest, _ settings: RecipeSettings
    ) throws(Problem) -> Recipe {
        try request.check()
        let extra = try extraRequirements(request, model)
        let all = model.requirements + extra + (model.lock?.requirements ?? [])
        let gpu = AcceleratorChoice.make(all, indexes: model.indexes, request, settings)
        let base = try BaseImageChoice.make(model, request, settings, gpu)
        let index = try IndexChoice.make(model, request, settings)
        let channels = try model.conda.map { plan throws(Problem) in
            try ChannelChoice.make(plan, settings)
        }
        let serving = ServingRequirements(
            model.requirements + extra, model, slim: request.slim,
            isBare: request.envManager != .local || model.lock != nil || !base.isPrepared)
        let system = SystemPackages(model.flavors, all, request, settings.tables)
        var manager = request.envManager == .conda && model.conda == nil ? .virtualenv : request.envManager
        var warnings = model.warnings + base.warnings + (index?.warnings ?? []) + gpu.warnings
        warnings += (channels?.warnings ?? []) + serving.notes + system.notes
        if let wheels = gpu.wheels { warnings.append("torch comes from \(wheels.address): \(wheels.reason)") }
        if model.lock != nil, manager == .local {
            manager = .virtualenv
            warnings.append("the model has a uv.lock: it gets a virtual environment of just what is locked")
        }
        let python = model.pythonVersion ?? .fallback
        return Recipe(
            baseImage: base.image, baseImageReason: base.reason,
            pythonVersion: python.description,
            pythonReason: model.pythonSource ?? "the default, as the model names none",
            envManager: manager,
            requirements: serving.lines.map(\.text),
            constraints: model.constraints.map(\.text),
            index: index?.address, indexReason: index?.reason,
            extraIndexes: settings.extraIndexURLs + (gpu.wheels.map { [$0.address] } ?? []),
            systemPackages: system,
            channels: channels?.channels ?? [],
            condaSpecs: channels?.specs ?? [],
            isLocked: model.lock != nil,
            warnings: warnings,
            localPaths: model.localPaths,
            servingExample: model.servingExample,
            isForGPU: gpu.wantsGPU,
            minorVersion: python.minorText,
            toolIndex: try IndexChoice.forTools(request, settings),
            settings: settings,
            buildArguments: request.buildArguments,
            machine: request.machine,
            needsGit: serving.lines.contains { $0.text.contains("git+") } || model.lock?.needsGit == true,
            lockTexts: model.lockTexts,
            baseIsPrepared: base.isPrepared,
            usesUV: python.isAtLeast(3, 8))
    }

    /// The request's own lines; two exact versions of one package cannot both be met.
    private static func extraRequirements(_ request: RecipeRequest, _ model: ModelDescription) throws(Problem)
        -> [Requirement]
    {
        var reader = RequirementsReader(ModelFiles([:]))
        for (index, line) in request.extraRequirements.enumerated() {
            try reader.read(line: line, source: "extra_requirements[\(index)]")
        }
        if let index = reader.indexes.first {
            throw .invalid(
                index.source, "an index cannot be named among requirements here", hint: "use pip_index_url")
        }
        if let warning = reader.warnings.first {
            throw .invalid("extra_requirements", warning, hint: "leave it out")
        }
        for line in reader.requirements {
            let other = model.requirements.first { $0.name != nil && $0.name == line.name }
            guard let other, let version = line.exactVersion, let own = other.exactVersion, version != own
            else {
                continue
            }
            throw .invalid(
                line.source, "\(line.text) contradicts \(other.text) of the model (\(other.source))",
                hint: "leave it out, or log the model again with that version")
        }
        return reader.requirements
    }
}
