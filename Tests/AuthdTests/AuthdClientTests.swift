import Authd
import AuthdFrames
import Core
import Glibc
import Posix
import TestSupport
import Testing

@Suite("The client of slipway-authd")
struct AuthdClientTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var socket: String { directory.file("socket") }

    /// Asks a server that does `serve` with the one connection it gets.
    private func ask(
        seconds: Double = 10, password: String = "secret",
        _ serve: @escaping @Sendable (Connection) throws -> Void
    ) throws -> Result<AuthdClient.Verdict, Problem> {
        // The one before may still have its own.
        let socket = directory.file("socket-\(UInt32.random(in: 0 ... .max))")
        let listener = try Socket.listen(at: socket)
        try Threads.detach {
            var connection: Connection?
            _ = try? eventually {
                connection = try Connection.accept(from: listener)
                return connection != nil
            }
            if let connection { try? serve(connection) }
        }
        return check(AuthdClient(socketPath: socket, seconds: seconds), password: password)
    }

    private func check(
        _ client: AuthdClient, user: String = "ann", password: String = "secret", address: String = "10.0.0.1"
    ) -> Result<AuthdClient.Verdict, Problem> {
        do throws(Problem) {
            return .success(try client.check(user: user, password: Secret(password), address: address))
        } catch {
            return .failure(error)
        }
    }

    private func problem(
        _ result: Result<AuthdClient.Verdict, Problem>, _ code: Problem.Code = .temporarilyUnavailable
    ) throws -> Problem {
        guard case .failure(let problem) = result else {
            throw Problem(.internalError, "there is a verdict: \(result)")
        }
        #expect(problem.code == code)
        #expect(problem.hint != nil)
        #expect(!"\(problem)".contains("secret"))
        return problem
    }

    private static func readRequest(_ connection: Connection) throws -> AttemptRequest? {
        let frame = WipedBytes(count: AttemptRequest.frameLength)
        let count = try frame.fill { try connection.receive(into: &$0, until: .now + .seconds(5)) }
        return count == frame.count ? AttemptRequest(frame: frame) : nil
    }

    private static func send(_ bytes: [UInt8], _ connection: Connection) throws {
        try connection.send(bytes.span, until: .now + .seconds(5))
    }

    @Test(
        "hands on the verdict",
        arguments: [
            (.accepted, .accepted), (.refused, .refused), (.expired, .expired), (.denied, .denied),
        ] as [(AttemptAnswer, AuthdClient.Verdict)])
    func verdicts(_ answer: AttemptAnswer, _ verdict: AuthdClient.Verdict) throws {
        let result = try ask { connection in
            let request = try Self.readRequest(connection)
            let isRight = request?.user == "ann" && request?.address == "10.0.0.1"
            try Self.send(isRight ? answer.frame : [], connection)
        }
        #expect(try result.get() == verdict)
    }

    @Test(
        "says what to do where there is no verdict",
        arguments: [(.unavailable, "at the moment"), (.malformed, "does not answer")]
            as [(AttemptAnswer, String)])
    func noVerdict(_ answer: AttemptAnswer, _ part: String) throws {
        let result = try ask { connection in
            _ = try Self.readRequest(connection)
            try Self.send(answer.frame, connection)
        }
        #expect(try problem(result).message.contains(part))
    }

    @Test("reads the answer of a server that closes without reading the request")
    func unread() throws {
        let result = try ask { try Self.send(AttemptAnswer.busy.frame, $0) }
        #expect(try problem(result, .requestLimitExceeded).message.contains("as many"))
    }

    @Test(
        "takes garbage for no answer",
        arguments: [
            Array(repeating: 0, count: 16), Array("HTTP/1.1 400 Bad".utf8),
            Array(repeating: 0xFF, count: 4096),
            [0x53, 0x4C, 0x50, 0x41, 2, 1] + Array(repeating: 0, count: 10),
            [0x53, 0x4C, 0x50, 0x41, 1, 0] + Array(repeating: 0, count: 10),
            [0x53, 0x4C, 0x50, 0x41, 1, 1] + Array(repeating: 0, count: 9) + [1],
            // Too short, by one byte and by most.
            Array(AttemptAnswer.accepted.frame.dropLast()), [0x53],
        ] as [[UInt8]])
    func garbage(_ bytes: [UInt8]) throws {
        let result = try ask { connection in
            _ = try Self.readRequest(connection)
            try Self.send(bytes, connection)
        }
        #expect(try problem(result).message.contains("does not answer"))
    }

    @Test("notices a server that ends without an answer, before or after the request")
    func end() throws {
        #expect(try problem(ask { _ in }).message.contains("ended the conversation"))
        #expect(try problem(ask { _ = try Self.readRequest($0) }).message.contains("ended the conversation"))
    }

    @Test("waits no longer than it may for a silent server, nor for one that sends a byte now and then")
    func slow() throws {
        let clock = ContinuousClock()
        for hasWord in [false, true] {
            var message = ""
            let duration = try clock.measure {
                message = try problem(
                    ask(seconds: 0.5) { connection in
                        _ = try Self.readRequest(connection)
                        for byte in AttemptAnswer.accepted.frame {
                            usleep(200_000)
                            if hasWord { try Self.send([byte], connection) }
                        }
                    }
                ).message
            }
            #expect(message.contains("no answer within"))
            #expect(duration >= .milliseconds(490) && duration < .seconds(3))
        }
    }

    @Test("waits no longer than it may for a place in the queue of a server that accepts nobody")
    func queue() throws {
        let listener = try Socket.listen(at: socket, backlog: 0)
        let first = try Socket.connect(to: socket, until: .now + .seconds(5))
        var message = ""
        let duration = try ContinuousClock().measure {
            message = try problem(check(AuthdClient(socketPath: socket, seconds: 0.5))).message
        }
        #expect(message.contains("no answer within"))
        #expect(duration >= .milliseconds(490) && duration < .seconds(3))
        withExtendedLifetime((listener, first)) {}
    }

    @Test("says what is wrong with the socket")
    func sockets() throws {
        #expect(try problem(check(AuthdClient(socketPath: socket))).message.contains("there is no"))
        let beneathFile = try directory.write("", to: "file") + "/socket"
        #expect(try problem(check(AuthdClient(socketPath: beneathFile))).message.contains("there is no"))
        for path in [directory.file("file"), directory.path] {
            #expect(try problem(check(AuthdClient(socketPath: path))).message.contains("nobody listens"))
        }
        // A socket whose server was killed.
        do { _ = try Socket.listen(at: socket) }
        #expect(try problem(check(AuthdClient(socketPath: socket))).message.contains("nobody listens"))
        let long = directory.file(String(repeating: "x", count: 200))
        #expect(try problem(check(AuthdClient(socketPath: long))).message.contains("cannot be asked"))
    }

    @Test(
        "says that it may not use the socket", .enabled(if: geteuid() == 0, "root tries it as another user"))
    func permission() throws {
        _ = chmod(directory.path, 0o755)
        let listener = try Socket.listen(at: socket)
        // The thread's own file-system identity, which Swift's Glibc does not name: nothing else here changes.
        typealias SetIdentity = @convention(c) (id_t) -> Int32
        let calls = try ["setfsgid", "setfsuid"].map { (name: String) in
            unsafeBitCast(try #require(dlsym(nil, name)), to: SetIdentity.self)
        }
        for call in calls { _ = call(65534) }
        let result = check(AuthdClient(socketPath: socket))
        for call in calls.reversed() { _ = call(0) }
        #expect(try problem(result).message.contains("may not be used"))
        withExtendedLifetime(listener) {}
    }

    @Test(
        "refuses without asking what no user is called and no password is",
        arguments: [
            ("", "p"), ("-x", "p"), ("a:b", "p"), ("a/b", "p"), ("a\n", "p"), ("ann", ""), ("ann", "a\0b"),
        ])
    func hopeless(_ user: String, _ password: String) throws {
        // There is no server: asking would throw.
        #expect(try check(AuthdClient(socketPath: socket), user: user, password: password).get() == .refused)
        let long = String(repeating: "x", count: 513)
        #expect(try check(AuthdClient(socketPath: socket), user: "ann", password: long).get() == .refused)
        #expect(try check(AuthdClient(socketPath: socket), user: long, password: "p").get() == .refused)
    }

    @Test("takes an address that is none for its caller's mistake")
    func address() throws {
        let problem = #expect(throws: Problem.self) {
            try check(AuthdClient(socketPath: socket), address: "a b").get()
        }
        #expect(problem?.code == .invalidParameterValue)
    }
}
