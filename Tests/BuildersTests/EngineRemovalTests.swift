import Core
import Posix
import TestSupport
import Testing

@testable import Builders

@Suite("An image's removal") struct EngineRemovalTests {
    private let engines: Engines

    init() throws { engines = try Engines() }

    /// - Returns: what became of the image `abc`, and the engine's `rmi` commands.
    private func remove(_ arms: String, names: [String] = ["a:1", "a:b"]) throws -> (ImageRemoval, [String]) {
        let done = engines.directory.file("done")
        let path = try engines.add("docker", "rmi*) echo \"$*\" >>\(done);;\n\(arms)")
        let removal = try Engine(kind: .docker, path: path, version: "1", mounts: true).removeImage(
            "sha256:abc", names: names.map { try ImageReference($0, field: "") },
            environment: ["PATH": "/usr/bin:/bin"])
        let commands = (try? engines.directory.read("done")) ?? ""
        return (removal, commands.split(separator: "\n").map(String.init))
    }

    private static func image(_ tags: String, _ ids: [String: String]) -> String {
        let names = ids.map { name, id in
            "\"image inspect --format {{.Id}} \(name)\") echo \(id);;"
        }
        return """
            "image inspect --format {{json .RepoTags}} abc") echo '\(tags)';;
            \(names.joined(separator: "\n"))
            "ps --all --quiet --filter ancestor=abc") ;;
            """
    }

    private static let missing = "\nimage*) echo 'Error: No such image: x' >&2; exit 1;;"

    @Test func `takes its names and last its id`() throws {
        let (removal, commands) = try remove(
            Self.image(#"["a:1","a:b"]"#, ["a:1": "sha256:abc", "a:b": "sha256:abc"]))
        #expect(removal == ImageRemoval(isRemoved: true, message: "the image was removed: a:1, a:b"))
        #expect(commands == ["rmi a:b", "rmi abc"])
    }

    @Test func `leaves a name that another image has by now`() throws {
        let (removal, commands) = try remove(Self.image("[]", ["a:1": "sha256:def"]) + Self.missing)
        #expect(removal.isRemoved && removal.message.hasSuffix("another one by now, which stays"))
        #expect(commands == ["rmi abc"])
    }

    @Test func `leaves an image that others have named`() throws {
        let (removal, commands) = try remove(
            Self.image(#"["a:1","mine:1"]"#, ["a:1": "sha256:abc"]) + Self.missing)
        #expect(!removal.isRemoved && removal.message.hasPrefix("the image stays, as it has 1 other names"))
        #expect(commands == ["rmi a:1"])
    }

    @Test func `of one that is gone is none`() throws {
        let (removal, commands) = try remove(Self.missing)
        #expect(!removal.isRemoved && removal.message == "docker has no such image any more")
        #expect(commands.isEmpty)
    }

    @Test func `waits for containers to be removed, and for an engine that answers`() throws {
        let used = Self.image(#"["a:1"]"#, ["a:1": "sha256:abc"]).replacing(
            "ancestor=abc\") ;;", with: "ancestor=abc\") echo 0123;;")
        let inUse = #expect(throws: Problem.self) { try remove(used + Self.missing) }
        #expect(inUse?.code == .invalidState && inUse?.message == "containers use the image: 0123")
        let silent = #expect(throws: Problem.self) {
            try remove("image*) echo 'Cannot connect to the Docker daemon' >&2; exit 1;;")
        }
        #expect(silent?.code == .temporarilyUnavailable && silent?.hint?.contains("doctor") == true)
        #expect(try Files.status(engines.directory.file("done")) == nil)
    }
}
