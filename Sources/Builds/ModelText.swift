internal import Core
internal import Posix
internal import Recipes

/// The small text files of a model directory on which its recipe depends.
enum ModelText {
    private static let endings = [".yaml", ".yml", ".txt", ".toml", ".lock", ".in", ".cfg"]
    /// Bytes of one file.
    private static let limit = 1 << 20

    /// Reads MLmodel and what a recipe may refer to, at the top and one directory down.
    static func read(_ model: String) throws(Problem) -> ModelFiles {
        do {
            var files: [String: [UInt8]] = [:]
            try collect(model, "", into: &files, depth: 0)
            return ModelFiles(files)
        } catch {
            throw Problem(.internalError, "the downloaded model cannot be read", cause: error)
        }
    }

    private static func collect(
        _ root: String, _ prefix: String, into files: inout [String: [UInt8]], depth: Int
    ) throws {
        for name in try Files.names(in: "\(root)/\(prefix)") {
            let relative = prefix + name
            guard let status = try Files.status("\(root)/\(relative)") else { continue }
            switch status.kind {
            case .directory where depth == 0:
                try collect(root, relative + "/", into: &files, depth: depth + 1)
            case .file
            where status.size <= limit && (name == "MLmodel" || endings.contains(where: name.hasSuffix)):
                files[relative] = try Files.read("\(root)/\(relative)", limit: limit)
            default: continue
            }
        }
    }
}
