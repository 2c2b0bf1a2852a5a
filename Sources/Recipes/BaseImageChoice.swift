internal import Core

/// Which image a model is built on.
struct BaseImageChoice {
    let image: ImageReference
    let reason: String
    /// Whether it is known to have the model's Python, with pip.
    let isPrepared: Bool
    var warnings: [String] = []

    /// The request's image; else one with CUDA where a package wants it; else for conda the site's or a bare one; else
    /// the site's for this Python, or the official one.
    static func make(
        _ model: ModelDescription, _ request: RecipeRequest, _ settings: RecipeSettings,
        _ gpu: AcceleratorChoice
    ) throws(Problem) -> BaseImageChoice {
        let choice = try preferred(model, request, settings, gpu)
        try check(choice.image, settings)
        if model.conda != nil, !settings.hasMicromamba, settings.micromambaImage == nil {
            try check(settings.tables.micromamba, settings)
        }
        return choice
    }

    private static func preferred(
        _ model: ModelDescription, _ request: RecipeRequest, _ settings: RecipeSettings,
        _ gpu: AcceleratorChoice
    ) throws(Problem) -> BaseImageChoice {
        if let image = request.baseImage {
            let isPython = image.fullyQualified.hasPrefix("docker.io/library/python:")
            let isSites = settings.baseImages.values.contains(image)
            return BaseImageChoice(
                image: image, reason: "named in the request", isPrepared: isPython || isSites)
        }
        if let (image, reason) = gpu.image {
            return BaseImageChoice(image: image, reason: reason, isPrepared: false)
        }
        let python = model.pythonVersion ?? .fallback
        let asked = model.pythonSource.map { "Python \(python) (\($0))" } ?? "Python \(python) (the default)"
        if let image = settings.baseImages[python.minorText] {
            let reason = "the site's image for Python \(python.minorText), as the model asks for \(asked)"
            return BaseImageChoice(image: image, reason: reason, isPrepared: true)
        }
        if let conda = model.conda {
            return BaseImageChoice(
                image: settings.tables.condaBase,
                reason:
                    "a bare image, as \(conda.file) brings its own Python and \(conda.foreign.first ?? "more")",
                isPrepared: false)
        }
        return try official(python, asked, settings.tables)
    }

    private static func official(_ python: PythonVersion, _ asked: String, _ tables: Tables) throws(Problem)
        -> BaseImageChoice
    {
        let wanted = MinorVersion(python.major, python.minor)
        guard let row = tables.python.nearest(wanted) else {
            throw .invalid("tables", "python has no row", hint: "compare it with: slipway tables")
        }
        guard wanted <= MinorVersion(row.version.major, row.version.minor + 5) else {
            throw .invalid(
                "python", "the model asks for \(asked), which does not exist",
                hint:
                    "the newest that is known here is \(row.version): log the model again with a Python that exists"
            )
        }
        let reason = "the official image of the newest \(row.version), as the model asks for \(asked)"
        return BaseImageChoice(
            image: row.value, reason: reason, isPrepared: true,
            warnings: row.isExact
                ? []
                : [
                    "no image is known for Python \(wanted), so that \(row.version) is taken: "
                        + "name a base_image that has it, or add it to the tables"
                ])
    }

    private static func check(_ image: ImageReference, _ settings: RecipeSettings) throws(Problem) {
        let isSites = settings.baseImages.values.contains(image)
        if !settings.allowedBaseImages.isEmpty, !isSites,
            !settings.allowedBaseImages.contains(where: { matches(image.fullyQualified, pattern: $0) })
        {
            throw Problem(
                .permissionDenied, "the base image \(image.fullyQualified) is not allowed here",
                hint:
                    "allowed are \(settings.allowedBaseImages.joined(separator: ", ").printable(limit: 300))"
                    + " (images.allowed_base_images)")
        }
        if settings.requiresDigest, !isSites, image.digest == nil {
            throw Problem(
                .permissionDenied,
                "the base image \(image.fullyQualified) has no digest, which this site wants",
                hint: "write it as name@sha256:…, or list one in images.base_images")
        }
    }

    /// Whether a text is a pattern's, in which `*` stands for any text.
    static func matches(_ text: String, pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count > 1 else { return text == pattern }
        guard text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts.last ?? "")
    }
}
