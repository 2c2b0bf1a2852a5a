internal import Builders
internal import Core
internal import Crypto
internal import Posix
internal import Recipes
internal import Settings

/// The directory that an engine builds from: `model/` as it was fetched, and `slipway/` beside it.
struct BuildContext {
    let path: String
    let settings: Settings

    var model: String { "\(path)/model" }

    /// Puts everything but the model in place.
    ///
    /// - Parameters:
    ///   - recipe: gets to know what the model's own packages hold.
    ///   - dialect: a plain build has certificates in its context, as it has no secrets.
    /// - Throws: `Problem` or `SystemError`.
    func write(_ recipe: inout Recipe, _ dialect: Dialect) throws {
        try addLocalFiles(&recipe)
        for (name, content) in recipe.contextFiles { try add(name, Array(content.utf8)) }
        if dialect == .plain, let bundle = settings.python.caBundle {
            let certificates = try Files.read(bundle, limit: 16 << 20)
            for step in ["dependencies"] + (recipe.channels.isEmpty ? [] : ["conda"]) {
                try add("\(step)/ca.pem", certificates)
            }
        }
        if !recipe.channels.isEmpty, case .program(let program)? = settings.conda.micromamba {
            try add("micromamba", Files.read(program, limit: 256 << 20), permissions: 0o755)
        }
        // What a layer holds does not depend on when it was made.
        try Files.setTimes(path, seconds: Self.fixedTime)
    }

    /// 1980-01-01, the first that a zip archive can hold.
    private static let fixedTime = 315_532_800

    /// Packages that the model brings are needed before the model itself is copied.
    private func addLocalFiles(_ recipe: inout Recipe) throws {
        guard !recipe.localPaths.isEmpty else { return }
        var files: [(path: String, content: [UInt8])] = []
        for path in recipe.localPaths { try collect(path, into: &files) }
        let digests = files.map { "\($0.path)\u{0}\(SHA256.hex($0.content))\u{0}" }.joined()
        recipe.localFilesKey = String(SHA256.hex(Array(digests.utf8)).prefix(16))
        for file in files { try add("\(recipe.localFilesDirectory)/\(file.path)", file.content) }
    }

    private func collect(_ path: String, into files: inout [(path: String, content: [UInt8])]) throws {
        let status = try Files.status("\(model)/\(path)")
        switch status?.kind {
        case .directory:
            for name in try Files.names(in: "\(model)/\(path)") {
                try collect("\(path)/\(name)", into: &files)
            }
        case .file: files.append((path, try Files.read("\(model)/\(path)", limit: 1 << 30)))
        default: break
        }
    }

    private func add(_ name: String, _ content: [UInt8], permissions: UInt32 = 0o644) throws {
        let file = "\(path)/slipway/\(name)"
        try Files.makeDirectory(Files.parent(of: file), permissions: 0o755)
        let descriptor = try Descriptor.open(file, .create, permissions: permissions)
        // What cannot be read in the image cannot be served.
        descriptor.setPermissions(permissions)
        try descriptor.write(content)
    }
}
