internal import Core
internal import FoundationEssentials
internal import Posix

/// One layer of an image that holds something.
package struct ImageLayer: Sendable, Codable, Equatable {
    /// The instruction that made it, shortened.
    package let createdBy: String
    package let sizeBytes: Int

    enum CodingKeys: String, CodingKey {
        case createdBy = "created_by"
        case sizeBytes = "size_bytes"
    }
}

extension Engine {
    /// What an image is made of, the lowest layer first.
    ///
    /// - Returns: nil where the engine does not say.
    package func layers(of id: String, environment: [String: String]) -> [ImageLayer]? {
        guard let engine = runner(environment: environment) else { return nil }
        // podman's templates round sizes, docker's own JSON did not exist before version 23.
        let format =
            engine.kind == .docker
            ? ["--human=false", "--format", "{{.Size}} {{json .CreatedBy}}"] : ["--format", "json"]
        let command = Command(
            engine.path, ["history", "--no-trunc"] + format + [id],
            environment: EngineEnvironment.filtered(environment))
        guard let outcome = try? command.run(seconds: 30), outcome.status.isSuccess else { return nil }
        let layers =
            engine.kind == .docker
            ? outcome.output.split { $0.isNewline }.compactMap(ImageLayer.init)
            : ImageLayer.read(podman: outcome.output)
        return layers.prefix(500).reversed().filter { $0.sizeBytes > 0 }
    }
}

extension ImageLayer {
    fileprivate static func read(podman output: String) -> [ImageLayer] {
        struct Entry: Decodable {
            let size: Int
            let createdBy: String?

            enum CodingKeys: String, CodingKey {
                case size
                case createdBy = "CreatedBy"
            }
        }
        let entries = try? JSONDecoder().decode([Entry].self, from: Data(output.utf8))
        return (entries ?? []).map {
            ImageLayer(createdBy: shortened($0.createdBy ?? ""), sizeBytes: $0.size)
        }
    }

    /// Reads `1234 "RUN …"`.
    init?(_ line: Substring) {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let size = Int(parts[0]),
            let text = try? JSONDecoder().decode(String.self, from: Data(parts[1].utf8))
        else { return nil }
        self.init(createdBy: Self.shortened(text), sizeBytes: size)
    }

    /// Without what engines put around an instruction: the shell, its arguments, mounts and comments.
    static func shortened(_ text: String) -> String {
        var rest = text.replacing(/\s+/, with: " ")[...]
        let noise = /(?:RUN )?(?:\|\d+ .*?(?=\/bin\/sh -c ))?\/bin\/sh -c (?:#\(nop\) ?)?/
        if let match = rest.prefixMatch(of: noise) { rest = rest[match.range.upperBound...] }
        var words = rest.split(separator: " ").filter { word in
            !["--mount=", "SLIPWAY_"].contains(where: word.hasPrefix)
        }
        if words.suffix(2) == ["#", "buildkit"] { words.removeLast(2) }
        return words.joined(separator: " ").printable(limit: 120)
    }
}
