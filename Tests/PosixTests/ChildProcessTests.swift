import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

@Suite("A child process")
struct ChildProcessTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
        group: ChildProcess.Group = .inherited
    ) throws -> (pid: Int32, output: String) {
        let program = try #require(Executable.find(name, searchPath: nil))
        let output = try Descriptor.open(self.directory.file("output"), .write)
        let child = try ChildProcess.start(
            program, arguments, environment: environment, directory: directory, output: output, group: group)
        #expect(child.wait() == .exited(0))
        return (child.pid, try self.directory.read("output"))
    }

    @Test("has three descriptors and no other")
    func descriptors() throws {
        // The fourth is the directory that ls reads.
        let inherited = open("/dev/null", O_RDONLY)
        defer { close(inherited) }
        let names = try run("ls", ["/proc/self/fd"]).output.split(separator: "\n")
        #expect(inherited > 2)
        #expect(names == ["0", "1", "2", "3"])
    }

    @Test("has the environment, the arguments and the directory that it was given, and nothing more")
    func surroundings() throws {
        #expect(try run("env", [], environment: ["A": "1=2", "B": ""]).output == "A=1=2\nB=\n")
        let arguments = ["a b", "", "$HOME", "'\"\n", "\u{E4}"]
        #expect(try run("printf", ["[%s]"] + arguments).output == arguments.map { "[\($0)]" }.joined())
        #expect(try run("pwd", ["-P"], directory: directory.path).output == "\(directory.path)\n")
    }

    @Test("belongs to the caller's group, to its own, or to a session of its own")
    func groups() throws {
        func belonging(_ group: ChildProcess.Group) throws -> (pid: Int32, group: Int32?, session: Int32?) {
            let (pid, text) = try run("cat", ["/proc/self/stat"], group: group)
            let fields = text.split(separator: " ")
            return (pid, Int32(fields[4]), Int32(fields[5]))
        }
        let inherited = try belonging(.inherited)
        #expect(inherited.group == getpgrp())
        #expect(inherited.session == getsid(0))
        let own = try belonging(.own)
        #expect(own.group == own.pid)
        #expect(own.session == getsid(0))
        let session = try belonging(.session)
        #expect(session.group == session.pid)
        #expect(session.session == session.pid)
    }

    @Test("blocks and ignores no signal, whatever its parent does")
    func signals() throws {
        // Without effect on this process: the default of SIGURG is to be ignored.
        Signals.ignore(SIGURG)
        let text = Mutex("")
        // The mask is a thread's own: this one ends with the test.
        Threads.concurrently(2) { index in
            guard index == 1 else { return }
            Signals([SIGUSR1, SIGTERM]).block()
            let output = (try? run("grep", ["-E", "Sig(Blk|Ign)", "/proc/self/status"]).output) ?? ""
            text.withLock { $0 = output }
        }
        let sets = text.withLock { $0 }.split(separator: "\n").map { UInt64($0.dropFirst(8), radix: 16) }
        // glibc keeps signals 32 and 33 to itself.
        #expect(sets.map { $0.map { $0 & ~(3 << 31) } } == [0, 0])
    }

    @Test(
        "that cannot be executed is the caller's error", arguments: ["/missing/program", "/", "/etc/passwd"])
    func missing(_ path: String) {
        let error = #expect(throws: SystemError.self) { try ChildProcess.start(path, [], environment: [:]) }
        #expect(error?.call == "posix_spawn")
        #expect(error?.subject == path)
    }

    @Test("ends with a status or by a signal, and can be asked for it without waiting")
    func end() throws {
        let shell = try #require(Executable.find("sh", searchPath: nil))
        #expect(try ChildProcess.start(shell, ["-c", "exit 7"], environment: [:]).wait() == .exited(7))
        let child = try ChildProcess.start(
            shell, ["-c", "while :; do sleep 1000; done"], environment: [:], group: .own)
        var status = child.poll()
        #expect(status == nil)
        child.signalGroup(SIGKILL)
        #expect(
            eventually {
                status = child.poll()
                return status != nil
            })
        #expect(status == .signalled(SIGKILL))
        #expect(status?.isSuccess == false)
        #expect(status?.description == "signal 9 (Killed)")
    }
}
