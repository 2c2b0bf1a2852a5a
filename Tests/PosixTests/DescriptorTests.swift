import Glibc
import Posix
import TestSupport
import Testing

@Suite("A descriptor")
struct DescriptorTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("opens files as its mode says")
    func modes() throws {
        let file = directory.file("file")
        #expect(throws: SystemError.self) { try Descriptor.open(file, .read) }
        try Descriptor.open(file, .create).write("one".utf8)
        #expect(throws: SystemError.self) { try Descriptor.open(file, .create) }
        try Descriptor.open(file, .append).write("two".utf8)
        _ = try Descriptor.open(file, .lockFile)
        #expect(try directory.read("file") == "onetwo")
        try Descriptor.open(file, .write).write("3".utf8)
        #expect(try directory.read("file") == "3")
        #expect(try Descriptor.open(file, .read).regularFileSize() == 1)
        #expect(try Descriptor.openNull().regularFileSize() == nil)
    }

    @Test("reads from an offset up to a limit or the end")
    func readAt() throws {
        let text = String(repeating: "0123456789", count: 20_000)
        let file = try Descriptor.open(try directory.write(text, to: "file"), .read)
        #expect(try file.read(at: 5, limit: 10) == Array("5678901234".utf8))
        #expect(try file.read(at: 0, limit: .max) == Array(text.utf8))
        #expect(try file.read(at: text.utf8.count - 1, limit: 10) == Array("9".utf8))
        #expect(try file.read(at: text.utf8.count + 1, limit: 10).isEmpty)
    }

    @Test("opens what lies beneath a directory")
    func beneath() throws {
        let root = try Descriptor.openDirectory(directory.path)
        try root.makeDirectory(beneath: "a")
        try root.makeDirectory(beneath: "a")
        try root.open(beneath: "a/file", .create, permissions: 0o644).write("text".utf8)
        #expect(try root.open(beneath: "a/file", .read).read(at: 0, limit: 10) == Array("text".utf8))
        #expect(try root.open(beneath: "a/../a/file", .read).regularFileSize() == 4)
        let missing = #expect(throws: SystemError.self) { try root.open(beneath: "a/none", .read) }
        #expect(missing?.isNotFound == true)
    }

    @Test(
        "opens nothing beneath a directory by a link or out of it",
        arguments: [
            "link", "folder/file", "folder/new", "a/up/file", "../outside/file", "a/../../outside/file",
            "/etc/passwd",
            "dangling", "/proc/self/root",
        ], [Descriptor.Mode.read, .write, .create, .append, .lockFile])
    func escape(_ path: String, _ mode: Descriptor.Mode) throws {
        try Files.makeDirectory(directory.file("outside"))
        try directory.write("secret", to: "outside/file")
        try Files.makeDirectory(directory.file("root/a"))
        symlink("../outside/file", directory.file("root/link"))
        symlink(directory.file("outside"), directory.file("root/folder"))
        symlink("..", directory.file("root/a/up"))
        symlink("../outside/new", directory.file("root/dangling"))
        let root = try Descriptor.openDirectory(directory.file("root"))
        let error = #expect(throws: SystemError.self) { try root.open(beneath: path, mode) }
        // An exclusive creation finds the link itself in its way.
        #expect(error?.isSymbolicLinkOrEscape == true || error?.errno == EEXIST)
        #expect(try Files.names(in: directory.file("outside")) == ["file"])
        #expect(try directory.read("outside/file") == "secret")
    }

    @Test("locks a file against other descriptors until it is closed")
    func lock() throws {
        let file = directory.file("lease")
        var first: Descriptor? = try Descriptor.open(file, .lockFile)
        let second = try Descriptor.open(file, .lockFile)
        #expect(try first?.lock() == true)
        #expect(try first?.lock() == true)
        #expect(try !second.lock())
        first = nil
        #expect(try second.lock())
    }

    @Test("shares a lock with no other process, and a process's end frees it")
    func lockAcrossProcesses() throws {
        let flock = try #require(Executable.find("flock", searchPath: nil))
        let sleep = try #require(Executable.find("sleep", searchPath: nil))
        let file = directory.file("lease")
        let holder = try ChildProcess.start(flock, ["--no-fork", file, sleep, "1000"], environment: [:])
        // Until the other process has begun, the lock is free: a try gives it back at once.
        #expect(try eventually { try !Descriptor.open(file, .lockFile).lock() })
        let lease = try Descriptor.open(file, .lockFile)
        #expect(try !lease.lock())
        holder.signal(SIGKILL)
        _ = holder.wait()
        #expect(try lease.lock())
        let other = try Command(flock, ["--nonblock", file, "true"], environment: [:]).run(seconds: 20)
        #expect(other.status == .exited(1))
    }

    @Test("of a failed call says which, on what and why, in one line")
    func error() {
        let error = #expect(throws: SystemError.self) { try Descriptor.open("/missing/file", .read) }
        #expect(error?.description == "open /missing/file: No such file or directory")
    }
}
