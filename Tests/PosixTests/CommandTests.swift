import Glibc
import Posix
import TestSupport
import Testing

@Suite("A command")
struct CommandTests {
    let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = try #require(Executable.find("sh", searchPath: nil))
    }

    private func shell(_ script: String) -> Command {
        Command(path, ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test("gives its output, its errors and its exit status")
    func outcome() throws {
        let outcome = try shell("echo out; echo err >&2; exit 3").run(seconds: 60)
        #expect(outcome.status == .exited(3))
        #expect(outcome.output == "out\n")
        #expect(outcome.errors == "err\n")
        #expect(!outcome.timedOut)
    }

    @Test("may write its errors to a file")
    func errorsToFile() throws {
        let file = try Descriptor.open(directory.file("errors"), .write)
        let outcome = try shell("echo out; echo err >&2").run(seconds: 60, errors: file)
        #expect(outcome.output == "out\n")
        #expect(outcome.errors.isEmpty)
        #expect(try directory.read("errors") == "err\n")
    }

    @Test("that writes more than the limit on both streams still ends, and the beginning is kept")
    func limit() throws {
        let outcome = try shell("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero | tr '\\0' x")
            .run(seconds: 60, limit: 100)
        #expect(outcome.status == .exited(0))
        #expect(outcome.output == String(repeating: "x", count: 100))
        #expect(outcome.errors.utf8.count == 100)
    }

    @Test("that takes too long is ended with its children, which hold its output open")
    func timeout() throws {
        var grandchild: Int32?
        // On a busy machine the shell may come to nothing in so short a time: then it gets more.
        for seconds in [0.2, 2, 20] where grandchild == nil {
            let outcome = try shell("sleep 1000 & echo $!; sleep 1000").run(seconds: seconds)
            #expect(outcome.timedOut)
            #expect(outcome.status == .signalled(SIGTERM))
            grandchild = Int32(outcome.output.dropLast())
        }
        let pid = try #require(grandchild)
        #expect(eventually { isGone(pid) })
    }

    @Test("hands on what it writes and is stopped with its children when asked to")
    func stop() throws {
        var bytes: [UInt8] = []
        var lines: [Substring] { String(decoding: bytes, as: UTF8.self).split(separator: "\n") }
        var count = 0
        let outcome = try shell("echo out; echo err >&2; sleep 1000 & echo $!; wait").run(
            seconds: 60, endingWith: SIGTERM, shouldStop: { count == 3 },
            sink: { more in
                bytes += more
                count = lines.count
            })
        #expect(outcome.timedOut)
        #expect(outcome.status == .signalled(SIGTERM))
        #expect(lines.prefix(2) == ["out", "err"])
        let grandchild = try #require(Int32(lines[2]))
        #expect(eventually { isGone(grandchild) })
    }

    @Test("that hands on what it writes and ends by itself is not stopped, and nothing is lost")
    func handingOn() throws {
        var count = 0
        let outcome = try shell("head -c 3000000 /dev/zero; exit 4").run(seconds: 60, endingWith: SIGTERM) {
            count += $0.count
        }
        #expect(outcome.status == .exited(4))
        #expect(!outcome.timedOut)
        #expect(count == 3_000_000)
    }

    @Test("whose output nobody can take is ended, and the reason comes out")
    func brokenSink() throws {
        struct Full: Error {}
        #expect(throws: Full.self) {
            try shell("echo out; exec sleep 1000").run(seconds: 60, endingWith: SIGTERM) { _ in throw Full() }
        }
    }

    @Test("whose grandchild keeps the output open does not hold its caller up")
    func grandchildKeepsPipe() throws {
        var text: [UInt8] = []
        let outcome = try shell("sleep 1000 & echo $!").run(seconds: 60, endingWith: SIGTERM) { text += $0 }
        #expect(outcome.status == .exited(0))
        let grandchild = try #require(Int32(String(decoding: text, as: UTF8.self).dropLast()))
        kill(grandchild, SIGKILL)
    }

    @Test("that takes too long is ended by the signal asked for", arguments: [SIGTERM, SIGINT])
    func endingSignal(_ signal: Int32) throws {
        let outcome = try shell("exec sleep 1000").run(seconds: 0.1, endingWith: signal) { _ in }
        #expect(outcome.timedOut)
        #expect(outcome.status == .signalled(signal))
    }

    @Test("that does not exist is an error")
    func missing() throws {
        let command = Command(directory.file("missing"), [], environment: [:])
        #expect(throws: SystemError.self) { try command.run(seconds: 60) }
        #expect(throws: SystemError.self) { try command.run(seconds: 60, endingWith: SIGTERM) { _ in } }
    }

    @Test("leaves no descriptor open")
    func descriptors() throws {
        // Other tests open files meanwhile; a leak of two or more a run would be far above them.
        let before = try Files.names(in: "/proc/self/fd").count
        for _ in 0..<100 { _ = try Command(path, ["-c", ":"], environment: [:]).run(seconds: 60) }
        #expect(try Files.names(in: "/proc/self/fd").count < before + 100)
    }

    /// Whether no such process runs; one that nobody has waited for yet has ended.
    private func isGone(_ pid: Int32) -> Bool {
        guard let bytes = try? Files.read("/proc/\(pid)/stat", limit: 4096) else { return true }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
        return fields?.first == "Z"
    }
}

@Suite("Programs")
struct ExecutableTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for folder in ["first", "second", "third"] { try Files.makeDirectory(directory.file(folder)) }
        try directory.write("", to: "first/tool", permissions: 0o600)
        try directory.write("", to: "second/tool", permissions: 0o700)
        symlink("../second/tool", directory.file("third/tool"))
        try Files.makeDirectory(directory.file("first/folder"))
    }

    private var searchPath: String {
        ["third", "missing", "first", "second"].map(directory.file).joined(separator: ":")
    }

    @Test("are found in the order of the search path, executable files only")
    func order() {
        let found = Executable.all("tool", searchPath: searchPath)
        #expect(found == [directory.file("third/tool"), directory.file("second/tool")])
        #expect(Executable.find("tool", searchPath: searchPath) == directory.file("third/tool"))
    }

    @Test("that are no executable file are not found", arguments: ["folder", "missing", "", "."])
    func notFound(_ name: String) {
        #expect(Executable.find(name, searchPath: searchPath) == nil)
    }

    @Test("with a slash in their name are not searched for")
    func byPath() {
        #expect(
            Executable.all(directory.file("second/tool"), searchPath: nil) == [directory.file("second/tool")])
        #expect(Executable.all(directory.file("first/tool"), searchPath: searchPath).isEmpty)
        #expect(Executable.all("second/tool", searchPath: directory.path).isEmpty)
    }
}
