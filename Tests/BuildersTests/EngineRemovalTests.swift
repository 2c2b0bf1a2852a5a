import Core
import Posix
import TestSupport
import Testing

@testable import Builders

@Suite("An image's removal") struct EngineRemovalTests {
    private let engines: Engines

    init() throws { engines = try Engines() }

    /// Removes the image `abc` from an engine that has `images`, each a name and an id.
    ///
    /// - Returns: what became of it, and the engine's `rmi` commands.
    private func remove(
        _ images: [String], of kind: Engine.Kind = .docker, names: [String] = ["a:1", "a:b"],
        users: String = "", arms: String = ""
    ) throws -> (ImageRemoval, [String]) {
        let here = engines.directory.path
        try engines.directory.write(images.map { "\($0)\n" }.joined(), to: "images")
        let path = try engines.add(
            kind.rawValue,
            """
            \(arms)
            "image inspect --format {{json .RepoTags}} abc")
                grep -q ' abc$' \(here)/images || { echo 'Error: No such image: abc' >&2; exit 1; }
                printf '[%s]\\n' "$(sed -n 's/^\\([^ ][^ ]*\\) abc$/"\\1"/p' \(here)/images | paste -sd,)";;
            "ps --all --quiet --filter ancestor=abc") echo '\(users)';;
            "rmi abc")
                echo "$*" >>\(here)/done
                grep -q ' abc$' \(here)/images || { echo 'Error: abc: image not known' >&2; exit 1; }
                sed -i '/ abc$/d' \(here)/images;;
            rmi*) echo "$*" >>\(here)/done; sed -i "\\|^$2 |d" \(here)/images;;
            """)
        let removal = try Engine(kind: kind, path: path, version: "1", mounts: true).removeImage(
            "sha256:abc", names: names.map { try ImageReference($0, field: "") },
            environment: ["PATH": "/usr/bin:/bin"])
        let commands = (try? engines.directory.read("done")) ?? ""
        return (removal, commands.split(separator: "\n").map(String.init))
    }

    @Test func `takes its names and last its id`() throws {
        let (removal, commands) = try remove(["a:1 abc", "a:b abc"])
        #expect(removal == ImageRemoval(isRemoved: true, message: "the image was removed: a:1, a:b"))
        #expect(commands == ["rmi a:b", "rmi abc"])
    }

    @Test func `leaves a name that another image has by now`() throws {
        let (removal, commands) = try remove(["a:1 def", " abc"])
        #expect(removal.isRemoved && removal.message.hasSuffix("another one by now, which stays"))
        #expect(commands == ["rmi abc"])
    }

    @Test func `leaves an image that others have named`() throws {
        let (removal, commands) = try remove(["a:1 abc", "mine:1 abc"])
        #expect(!removal.isRemoved && removal.message.hasPrefix("the image stays, as it has 1 other names"))
        #expect(commands == ["rmi a:1"])
    }

    @Test(arguments: [
        (Engine.Kind.docker, ["a", "a:latest"], "a:latest"), (.docker, ["a:latest", "a", "a"], "a:latest"),
        (.docker, ["a", "docker.io/library/a:latest"], "a:latest"),
        (.docker, ["docker.io/b/a:1", "b/a:1"], "b/a:1"), (.docker, ["reg.test/a"], "reg.test/a:latest"),
        (.podman, ["a", "localhost/a:latest"], "localhost/a:latest"),
        (.podman, ["docker.io/b/a"], "docker.io/b/a:latest"),
    ])
    func `takes the spellings of a name for one`(_ kind: Engine.Kind, _ names: [String], _ listed: String)
        throws
    {
        let (alone, all) = try remove(["\(listed) abc"], of: kind, names: names)
        #expect(alone.isRemoved && all == ["rmi abc"])
        try Files.remove(engines.directory.file("done"))
        let (shared, own) = try remove(["\(listed) abc", "mine:1 abc"], of: kind, names: names)
        #expect(!shared.isRemoved && own == ["rmi \(listed)"])
    }

    @Test func `leaves a name that only ends alike`() throws {
        let (removal, commands) = try remove(["reg.test/my/a:1 abc"], of: .podman, names: ["a:1"])
        #expect(!removal.isRemoved && commands.isEmpty)
    }

    @Test func `is no failure where the engine was faster`() throws {
        let tags = "\"image inspect --format {{json .RepoTags}} abc\") echo '[]';;"
        #expect(try remove([], arms: tags).0.isRemoved)
    }

    @Test func `of one that is gone is none`() throws {
        let (removal, commands) = try remove([])
        #expect(!removal.isRemoved && removal.message == "docker has no such image any more")
        #expect(commands.isEmpty)
    }

    @Test func `waits for containers to be removed, and for an engine that answers`() throws {
        let inUse = #expect(throws: Problem.self) { try remove(["a:1 abc"], users: "0123") }
        #expect(inUse?.code == .invalidState && inUse?.message == "containers use the image: 0123")
        let silent = #expect(throws: Problem.self) {
            try remove([], arms: "image*) echo 'Cannot connect to the Docker daemon' >&2; exit 1;;")
        }
        #expect(silent?.code == .temporarilyUnavailable && silent?.hint?.contains("doctor") == true)
        #expect(try Files.status(engines.directory.file("done")) == nil)
    }
}
