internal import Core
internal import Posix

/// The directories of this machine that models may be read from.
struct AllowedRoots {
    let paths: [String]

    /// The directory at `path`, symbolic links resolved, if it lies beneath one of the roots.
    ///
    /// What lies outside is refused alike whether it exists or not.
    func location(of path: String) throws(Problem) -> ArtifactLocation {
        let roots = paths.compactMap { try? Files.canonical($0) }
        let resolved = try? Files.canonical(path)
        let parts = (resolved ?? path).pathComponents
        guard let root = roots.first(where: { parts.starts(with: $0.pathComponents) }) else {
            throw .source(
                "is a directory of the registry's machine that Slipway may not read from",
                hint: "name the directory above it in registry.allowed_roots, if models there may be read")
        }
        guard let resolved, (try? Files.status(resolved))??.kind == .directory else {
            throw .source(
                "is a directory that does not exist on this machine",
                hint: "check that the model was not deleted, and that its file system is mounted here")
        }
        return .directory(path: resolved, root: root)
    }
}
