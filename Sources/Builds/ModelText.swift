internal import Core
internal import Posix
internal import Recipes

/// The small text files of a model directory on which its recipe depends.
enum ModelText {
    private static let endings = [".yaml", ".yml", ".txt", ".toml", ".lock", ".in", ".cfg"]
    /// Bytes of one file, and of all.
    private static let limit = 1 << 20
    private static let totalLimit = 16 << 20

    /// Reads MLmodel and what a recipe may refer to, at the top and then one directory down.
    static func read(_ model: String) throws(Problem) -> ModelFiles {
        do {
            var files: [String: [UInt8]] = [:]
            var total = 0
            var directories: [String] = []
            try collect(model, "", into: &files, &total, &directories)
            for directory in directories {
                var deeper: [String] = []
                try collect(model, directory, into: &files, &total, &deeper)
            }
            return ModelFiles(files)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.internalError, "the model's files cannot be read", cause: error)
        }
    }

    private static func collect(
        _ root: String, _ prefix: String, into files: inout [String: [UInt8]], _ total: inout Int,
        _ directories: inout [String]
    ) throws {
        for name in try Files.names(in: "\(root)/\(prefix)") {
            let relative = prefix + name
            guard let status = try Files.status("\(root)/\(relative)") else { continue }
            if status.kind == .directory { directories.append(relative + "/") }
            guard status.kind == .file, name == "MLmodel" || endings.contains(where: name.hasSuffix) else {
                continue
            }
            if status.size > limit {
                guard prefix.isEmpty && recipeFiles.contains(name) else { continue }
                throw Problem(
                    .invalidParameterValue, "\(name): has more than 1 MiB",
                    hint: "such a file lists a few hundred packages at most; look what it holds")
            }
            guard total + status.size <= totalLimit else { continue }
            total += status.size
            files[relative] = try Files.read("\(root)/\(relative)", limit: limit)
        }
    }

    private static let recipeFiles: Set = ["MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml"]
}
