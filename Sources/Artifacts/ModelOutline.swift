package import Core

/// What a model's directory holds, with the contents of some small files.
package struct ModelOutline: Sendable {
    /// Every file and directory, relative to the model's directory.
    package let paths: Set<String>
    /// Contents by path.
    package let texts: [String: [UInt8]]
}

extension ModelFetcher {
    /// Looks at a model without bringing it here.
    ///
    /// - Parameters:
    ///   - location: the model's own directory.
    ///   - wants: says for a file's path and size, if the store tells one, whether to read it.
    /// - Returns: all names, and the files that were wanted.
    /// - Throws: as `fetch` does, or what `wants` throws.
    package func outline(
        _ location: ArtifactLocation, reading wants: (String, Int?) throws(Problem) -> Bool
    ) throws(Problem) -> ModelOutline {
        let reader = try store(of: location).reader()
        let plan = try FetchPlan(reader, FetchLimits())
        var texts: [String: [UInt8]] = [:]
        for file in plan.files where try wants(file.path, file.size) {
            var bytes: [UInt8] = []
            do {
                _ = try reader.read(file.path) { bytes += $0 }
            } catch let problem as Problem {
                throw problem
            } catch {
                throw Problem(
                    .temporarilyUnavailable, "\(file.path.printable()) could not be read whole",
                    hint: "try again", cause: error)
            }
            texts[file.path] = bytes
        }
        return ModelOutline(paths: Set(plan.files.map(\.path) + plan.directories), texts: texts)
    }
}
