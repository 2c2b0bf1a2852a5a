internal import Core

/// What a GPU, or there being none, means for base image and wheels.
struct AcceleratorChoice {
    /// An image that has CUDA, for packages that look for it there, and why it was chosen.
    var image: (reference: ImageReference, reason: String)?
    /// The index of torch's wheels for one CUDA version or none, and why.
    var wheels: (address: String, reason: String)?
    var warnings: [String] = []
    /// Whether the image is for a machine that has one.
    var wantsGPU = false

    /// Looks at requirements for what is there for a GPU, and at torch.
    ///
    /// - Parameters:
    ///   - requirements: all that will be installed.
    ///   - indexes: those that the model names in place of the default one.
    ///   - request: may say whether there is a GPU.
    ///   - settings: the site's tables and mirror.
    /// - Returns: nothing where neither matters.
    static func make(
        _ requirements: [Requirement], indexes: [Requirement], _ request: RecipeRequest,
        _ settings: RecipeSettings
    ) -> AcceleratorChoice {
        var choice = AcceleratorChoice()
        let evidence = requirements.first { isForGPU($0) }
        let wantsGPU = request.gpu ?? (evidence != nil)
        choice.wantsGPU = wantsGPU
        if request.gpu == false, let evidence {
            choice.warnings.append(
                "\(evidence.source): \(evidence.text) is for a GPU, and the request says gpu: false")
        }
        let why =
            request.gpu == true ? "the request says gpu" : evidence.map { "\($0.source): \($0.text)" } ?? ""
        // A variant that is named counts before torch itself, and torch before what belongs to it.
        let candidates = requirements.filter { ["torch", "torchvision", "torchaudio"].contains($0.name) }
        if let torch = candidates.first(where: { $0.localVersion != nil })
            ?? candidates.first(where: { $0.name == "torch" }) ?? candidates.first
        {
            choice.chooseWheels(requirements, indexes, torch, settings, wantsGPU: wantsGPU, why)
        }
        if wantsGPU, request.baseImage == nil { choice.chooseImage(requirements, settings.tables, why) }
        return choice
    }

    private mutating func chooseWheels(
        _ requirements: [Requirement], _ indexes: [Requirement], _ torch: Requirement,
        _ settings: RecipeSettings, wantsGPU: Bool,
        _ why: String
    ) {
        let site = settings.torchWheels
        guard site != "none" else { return }
        let wheels = (site ?? settings.tables.torchWheels).withoutClosingSlashes
        // A model that names such an index itself knows what it wants.
        let ownIndexes = indexes + requirements.filter { $0.text.hasPrefix("--extra-index-url ") }
        if ownIndexes.contains(where: { $0.text.contains("/whl/") || $0.text.contains(wheels) }) { return }

        if requirements.contains(where: { $0.text.contains("--hash=") || $0.text == "--require-hashes" }) {
            warnings.append(
                "\(torch.source): torch's own wheels are not looked for, as the hashes are of other files")
            return
        }
        if let variant = torch.localVersion {
            self.wheels = ("\(wheels)/\(variant)", "\(torch.source): \(torch.text)")
            return
        }
        guard wantsGPU else {
            self.wheels = (
                "\(wheels)/cpu",
                "\(torch.name ?? "torch") without a GPU needs no CUDA, which is most of its size"
            )
            return
        }
        // An unpinned torch is the newest, and the index's own wheels carry its usual CUDA.
        guard torch.name == "torch", let version = torch.exactVersion.flatMap({ MinorVersion($0) }),
            let row = settings.tables.torch.nearest(version), let newest = row.value.last
        else { return }
        self.wheels = (
            "\(wheels)/\(newest)", "the newest CUDA that torch \(version) has wheels for, as \(why)"
        )
        if !row.isExact {
            warnings.append(
                "no CUDA variants are known for torch \(version): those of \(row.version) are taken")
        }
    }

    private mutating func chooseImage(_ requirements: [Requirement], _ tables: Tables, _ why: String) {
        for requirement in requirements {
            guard let name = requirement.name, let rows = tables.cuda[Self.family(name)] else { continue }
            // With this extra, pip brings CUDA.
            if requirement.text.contains("and-cuda") { continue }
            let version = requirement.exactVersion.flatMap { MinorVersion($0) } ?? rows.rows.last?.version
            guard let version, let row = rows.nearest(version) else { continue }
            image = (row.value, "has the CUDA that \(name) \(version) needs, as \(why)")
            if !row.isExact, row.version == rows.rows.last?.version || version < row.version {
                warnings.append(
                    "no CUDA image is known for \(name) \(version): that of \(row.version) is taken; name a base_image if it does not fit"
                )
            }
            return
        }
    }

    private static func family(_ name: String) -> String {
        name == "tensorflow-gpu" || name == "tf-nightly-gpu" ? "tensorflow" : name
    }

    /// Whether a requirement says by itself that there is a GPU.
    private static func isForGPU(_ requirement: Requirement) -> Bool {
        guard let name = requirement.name else { return false }
        if let local = requirement.localVersion, local.wholeMatch(of: /(cu[0-9]+|rocm[0-9.]+)/) != nil {
            return true
        }
        return ["tensorflow-gpu", "onnxruntime-gpu"].contains(name) || name.hasPrefix("cupy-cuda")
            || requirement.text.contains("and-cuda") || requirement.text.contains("[cuda")
    }
}
