import Glibc
import Posix
import TestSupport
import Testing

@Suite("A UNIX connection")
struct ConnectionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var path: String { directory.file("socket") }

    private func connected() throws -> (client: Connection, server: Connection) {
        let listener = try Socket.listen(at: path)
        let client = try Socket.connect(to: path, until: .now + .seconds(5))
        return (client, try #require(try Connection.accept(from: listener)))
    }

    @Test("is not taken from whoever listens, nor made in place of a file")
    func taken() throws {
        let listener = try Socket.listen(at: path)
        let inUse = #expect(throws: SystemError.self) { try Socket.listen(at: path) }
        #expect(inUse?.errno == EADDRINUSE)
        let file = try directory.write("", to: "file")
        #expect(throws: SystemError.self) { try Socket.listen(at: file) }
        withExtendedLifetime(listener) {}
    }

    @Test("belongs to the group that was named", .enabled(if: geteuid() == 0, "only root gives files away"))
    func group() throws {
        let listener = try Socket.listen(at: path, group: 65534)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_gid == 65534)
        #expect(status.st_uid == geteuid())
        withExtendedLifetime(listener) {}
    }

    @Test("tells who connected")
    func peer() throws {
        let (client, server) = try connected()
        let peer = try server.peer()
        #expect(peer.process == getpid())
        #expect(peer.user == geteuid())
        #expect(peer.group == getegid())
        withExtendedLifetime(client) {}
    }

    @Test("gives nobody where nobody waits")
    func nobody() throws {
        let listener = try Socket.listen(at: path)
        try listener.stopBlocking()
        #expect(try Connection.accept(from: listener) == nil)
    }

    @Test("carries bytes until the other end closes")
    func bytes() throws {
        var (client, server): (Connection?, Connection) = try connected()
        let sent = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try client?.send(sent.span, until: .now + .seconds(5))
        client = nil
        var received = [UInt8](repeating: 0, count: 200_000)
        var room = received.mutableSpan
        #expect(try server.receive(into: &room, until: .now + .seconds(5)) == sent.count)
        #expect(Array(received.prefix(sent.count)) == sent)
        #expect(throws: SystemError.self) { try server.send(sent.span, until: .now + .seconds(5)) }
    }

    @Test("waits for no byte and no room longer than it may")
    func deadlines() throws {
        let (client, server) = try connected()
        func code(_ body: () throws -> Void) -> Int32? {
            do {
                try body()
                return nil
            } catch {
                return (error as? SystemError)?.errno
            }
        }
        let duration = ContinuousClock().measure {
            var one: [UInt8] = [0]
            var room = one.mutableSpan
            let received = code { _ = try server.receive(into: &room, until: .now + .milliseconds(100)) }
            #expect(received == ETIMEDOUT)
            let much = [UInt8](repeating: 0, count: 4 << 20)
            #expect(code { try client.send(much.span, until: .now + .milliseconds(100)) } == ETIMEDOUT)
        }
        #expect(duration >= .milliseconds(200) && duration < .seconds(5))
    }
}

@Suite("Users and groups")
struct SystemGroupsTests {
    @Test("are found by name")
    func names() {
        #expect(SystemUsers.id(of: "root") == 0)
        #expect(SystemGroups.id(of: "root") == 0)
        #expect(SystemGroups.names(of: "root").contains("root"))
        #expect(SystemGroups.names(of: "daemon").contains("daemon"))
    }

    @Test(
        "that do not exist are none",
        arguments: ["", "no-such-user", "a:b", "root\0x", "\n", "r\u{F6}\u{F6}t"])
    func unknown(_ name: String) {
        #expect(SystemUsers.id(of: name) == nil)
        #expect(SystemGroups.id(of: name) == nil)
        #expect(SystemGroups.names(of: name) == [])
    }
}
