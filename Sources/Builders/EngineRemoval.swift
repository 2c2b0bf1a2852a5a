package import Core
internal import FoundationEssentials
internal import Posix

/// What became of an image that was to go.
package struct ImageRemoval: Sendable, Codable, Equatable {
    package let isRemoved: Bool
    /// The same for a person.
    package let message: String

    package init(isRemoved: Bool, message: String) {
        self.isRemoved = isRemoved
        self.message = message
    }

    enum CodingKeys: String, CodingKey {
        case message
        case isRemoved = "removed"
    }
}

extension Engine {
    /// Removes an image by the names that it was given, where they still mean it.
    ///
    /// A name that means another image by now stays, and so does an image that has further names.
    ///
    /// - Parameters:
    ///   - id: the image's, as the build that made it recorded it.
    ///   - names: those that the build gave it.
    ///   - environment: this process's own.
    /// - Returns: what became of it.
    /// - Throws: `invalidState` where a container uses it, `temporarilyUnavailable` where the engine does not answer.
    package func removeImage(_ id: String, names: [ImageReference], environment: [String: String])
        throws(Problem) -> ImageRemoval
    {
        let remover = ImageRemover(
            engine: runner(environment: environment) ?? self,
            environment: EngineEnvironment.filtered(environment))
        return try remover.remove(id, names)
    }
}

/// An engine as far as it removes images.
private struct ImageRemover {
    let engine: Engine
    let environment: [String: String]

    func remove(_ id: String, _ names: [ImageReference]) throws(Problem) -> ImageRemoval {
        guard let tags = try tags(of: id) else {
            return ImageRemoval(
                isRemoved: false, message: "\(engine.kind.rawValue) has no such image any more")
        }
        var own: [String] = []
        for name in names.map(asListed) where tags.contains(name) && !own.contains(name) { own.append(name) }
        try checkUnused(id)
        if tags.count > own.count {
            for name in own { try run(["rmi", name]) }
            return ImageRemoval(
                isRemoved: false,
                message: "the image stays, as it has \(tags.count - own.count) other names by now")
        }
        // The last name goes by the image's id: that can hit no other image, whatever happens meanwhile.
        for name in own.dropFirst() { try run(["rmi", name]) }
        // Where its last name took it along, there is none any more.
        _ = try ask(["rmi", plain(id)])
        return ImageRemoval(
            isRemoved: true,
            message: own.isEmpty
                ? "the image was removed; its name belongs to another one by now, which stays"
                : "the image was removed: \(own.joined(separator: ", "))")
    }

    /// A name as the engine lists it: whole, so that asking for it finds no other that only ends alike.
    private func asListed(_ name: ImageReference) -> String {
        let text = name.tag == nil && name.digest == nil ? "\(name):latest" : name.description
        guard engine.kind == .docker else { return name.registry == nil ? "localhost/\(text)" : text }
        // Docker leaves out what it adds by itself.
        for prefix in ["docker.io/library/", "docker.io/", "index.docker.io/"] where text.hasPrefix(prefix) {
            return String(text.dropFirst(prefix.count))
        }
        return text
    }

    /// The names that the image has; nil where there is no such image.
    private func tags(of id: String) throws(Problem) -> [String]? {
        if engine.kind == .buildah {
            struct Listed: Decodable {
                let id: String
                let names: [String]?
            }
            let answer = try run(["images", "--json", "--no-trunc"])
            let all = (try? JSONDecoder().decode([Listed].self, from: Data(answer.utf8))) ?? []
            return all.first { plain($0.id) == plain(id) }.map { $0.names ?? [] }
        }
        guard let answer = try ask(["image", "inspect", "--format", "{{json .RepoTags}}", plain(id)]) else {
            return nil
        }
        return (try? JSONDecoder().decode([String]?.self, from: Data(answer.utf8))) ?? nil ?? []
    }

    private func checkUnused(_ id: String) throws(Problem) {
        guard engine.kind != .buildah else { return }
        let containers = try run(["ps", "--all", "--quiet", "--filter", "ancestor=\(plain(id))"])
            .split { $0.isNewline }
        guard containers.isEmpty else {
            throw Problem(
                .invalidState, "containers use the image: \(containers.joined(separator: ", "))",
                hint: "remove them first, or delete the build without its image")
        }
    }

    /// An id as all engines take it.
    private func plain(_ id: String) -> String {
        let text = id.filter { !$0.isWhitespace }
        return text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    }

    /// - Returns: nil where the engine knows no such image.
    private func ask(_ arguments: [String]) throws(Problem) -> String? {
        let outcome = try outcome(arguments)
        if outcome.status.isSuccess { return outcome.output }
        let words = outcome.errors.lowercased()
        let signs = ["no such image", "no such object", "not known"]
        guard signs.contains(where: words.contains) else { throw failure(outcome) }
        return nil
    }

    @discardableResult
    private func run(_ arguments: [String]) throws(Problem) -> String {
        let outcome = try outcome(arguments)
        guard outcome.status.isSuccess else { throw failure(outcome) }
        return outcome.output
    }

    private func outcome(_ arguments: [String]) throws(Problem) -> Command.Outcome {
        do throws(SystemError) {
            return try Command(engine.path, arguments, environment: environment).run(seconds: 40)
        } catch {
            throw Problem(
                .temporarilyUnavailable, "\(engine.path) cannot be run", hint: "run: slipway doctor",
                cause: error)
        }
    }

    private func failure(_ outcome: Command.Outcome) -> Problem {
        let said = outcome.errors.split { $0.isNewline }.last.map(String.init) ?? "it does not answer"
        return Problem(
            .temporarilyUnavailable,
            "\(engine.kind.rawValue) did not remove the image: \(said.printable(limit: 300))",
            hint: "run: slipway doctor; or delete the build without its image")
    }
}
