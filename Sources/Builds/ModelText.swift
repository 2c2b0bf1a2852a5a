internal import Artifacts
package import Core
internal import Posix
package import Recipes

/// The small text files of a model directory on which its recipe depends, and the names of all others.
package enum ModelText {
    private static let endings = [".yaml", ".yml", ".txt", ".toml", ".lock", ".in", ".cfg"]
    private static let recipeFiles: Set = [
        "MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml", "uv.lock", "pyproject.toml",
    ]
    /// Bytes of one file, and of all.
    private static let limit = 1 << 20
    private static let totalLimit = 16 << 20
    /// More names than this are no directory of packages.
    private static let nameLimit = 100_000

    /// Reads what a recipe may refer to, down to two directories within the model's own.
    package static func read(_ model: String) throws(Problem) -> ModelFiles {
        do {
            var selection = Selection()
            var others: Set<String> = []
            var files: [String: [UInt8]] = [:]
            var directories = [""]
            while let directory = directories.popLast() {
                for name in try Files.names(in: "\(model)/\(directory)") {
                    let path = directory + name
                    guard others.count < nameLimit, let status = try Files.status("\(model)/\(path)") else {
                        continue
                    }
                    others.insert(path)
                    switch status.kind {
                    case .directory: directories.append(path + "/")
                    case .file where try selection.takes(path, size: status.size):
                        files[path] = try Files.read("\(model)/\(path)", limit: limit)
                    default: break
                    }
                }
            }
            return ModelFiles(files, others: others)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.internalError, "the model's files cannot be read", cause: error)
        }
    }

    /// Reads the same of a model that lies elsewhere, and nothing more of it.
    static func read(_ location: ArtifactLocation, _ fetcher: ModelFetcher) throws(Problem) -> ModelFiles {
        var selection = Selection()
        let outline = try fetcher.outline(location) { path, size throws(Problem) in
            try selection.takes(path, size: size ?? 0)
        }
        return ModelFiles(outline.texts, others: outline.paths)
    }

    /// Which files are read.
    private struct Selection {
        private var total = 0

        /// - Throws: `Problem` for one that a recipe needs and that is far too large for what it should be.
        mutating func takes(_ path: String, size: Int) throws(Problem) -> Bool {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            guard name == "MLmodel" || endings.contains(where: name.hasSuffix),
                path.utf8.count(where: { $0 == UInt8(ascii: "/") }) <= 2
            else { return false }
            if size > limit {
                guard recipeFiles.contains(path) else { return false }
                throw Problem(
                    .invalidParameterValue, "\(path): has more than 1 MiB",
                    hint: "such a file lists a few hundred packages at most; look what it holds")
            }
            // What every recipe begins with is read whatever else there is.
            if recipeFiles.contains(path) { return true }
            guard total + size <= totalLimit else { return false }
            total += size
            return true
        }
    }
}
