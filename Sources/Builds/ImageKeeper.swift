package import Builders
package import Core
package import Posix

/// Removes images of builds: by a child process, since who answers requests has no business with the engine.
package struct ImageKeeper: Sendable {
    private let command: @Sendable (BuildID) -> Command

    /// Knows the command whose output is an `ImageRemoval` as JSON.
    package init(_ command: @escaping @Sendable (BuildID) -> Command) { self.command = command }

    func remove(_ id: BuildID) throws(Problem) -> ImageRemoval {
        do {
            // Before nginx loses patience.
            let outcome = try command(id).run(seconds: 50)
            if outcome.status.isSuccess {
                return try JSON.decode(ImageRemoval.self, Array(outcome.output.utf8), "the command's answer")
            }
            let failure = try JSON.decode(
                BuildStatus.Failure.self, Array(outcome.output.utf8), "the command's answer")
            throw Problem(
                Problem.Code(rawValue: failure.errorCode) ?? .internalError, failure.message,
                hint: failure.hint)
        } catch let problem as Problem where problem.code != .internalError {
            throw problem
        } catch {
            throw Problem(
                .temporarilyUnavailable, "the image could not be removed; the build stays too",
                hint: "run: slipway doctor; or delete the build without its image", cause: error)
        }
    }
}

extension BuildDirectory {
    /// Removes the image that this build made, asking the engine itself.
    ///
    /// - Parameters:
    ///   - engine: looked for only where there is an image to remove.
    ///   - history: all builds, as others may have made the same image.
    ///   - environment: this process's own.
    /// - Returns: what became of it.
    /// - Throws: `Problem` where it can be found out or done only later.
    package func removeImage(
        by engine: @autoclosure () throws -> Engine, _ history: History, environment: [String: String]
    ) throws -> ImageRemoval {
        guard let status = try status(), let image = status.image else {
            return ImageRemoval(isRemoved: false, message: "the build made no image")
        }
        if let other = try history.other(than: id, made: image.id, as: status.imageName) {
            return ImageRemoval(
                isRemoved: false, message: "the image stays: build \(other) made the very same")
        }
        let order = try order()
        let name = try ImageReference(order.imageName, field: "image_name")
        let tags = try order.options.tags.map { tag in try name.tagged(tag) }
        let pushed = try (status.pushed ?? []).map { text in try ImageReference(text, field: "pushed") }
        return try engine().removeImage(image.id, names: [name] + tags + pushed, environment: environment)
    }
}

extension History {
    /// Another build that is still here and whose image is the very same.
    func other(than id: BuildID, made image: String, as name: String) throws -> BuildID? {
        let ids = try withDatabase { database in
            try database.execute(
                "SELECT id FROM builds WHERE image_name = ? AND id != ? ORDER BY seq DESC",
                [.text(name), .text(id.text)]
            ).compactMap { $0.text(0).flatMap { BuildID($0) } }
        }
        return ids.first { other in (try? directory(other).status())??.image?.id == image }
    }
}
