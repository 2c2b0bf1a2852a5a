import FastCGI
import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

// A responder sets its process's signal mask and libfcgi's handlers, so each runs in a process of its own.

@Suite("A responder")
struct ResponderTests {
    @Test("gives the request's parameters and body, and sends status, headers and body back")
    func requests() async {
        await #expect(processExitsWith: .success) {
            let long = String(repeating: "v", count: 300)
            let body = [UInt8](repeating: 7, count: 100_000)
            let answers = try serving(bodyLimit: 100_000) { request in
                let names = request.parameters.keys.sorted().joined(separator: ",")
                let headers = [("X-Names", names), ("X-Long", request.parameters["HTTP_LONG"] ?? "none")]
                return GatewayResponse(status: 207, headers: headers, body: .bytes(request.body ?? []))
            } client: { server in
                [
                    try server.ask(["REQUEST_METHOD": "GET", "HTTP_LONG": long, "EMPTY": ""]),
                    try server.ask(["REQUEST_METHOD": "POST"], body: body),
                ]
            }
            #expect(
                answers[0].head == [
                    "Status: 207", "X-Names: EMPTY,FCGI_ROLE,HTTP_LONG,REQUEST_METHOD", "X-Long: \(long)",
                ])
            #expect(answers[0].body.isEmpty)
            #expect(answers[1].head.contains("X-Names: CONTENT_LENGTH,FCGI_ROLE,REQUEST_METHOD"))
            #expect(answers[1].body == body)
            #expect(answers.allSatisfy { $0.isEnded && $0.isClosed })
        }
    }

    @Test("gives no body where it is longer than the limit, and none where its length is no number")
    func bodyLimit() async {
        await #expect(processExitsWith: .success) {
            let answers = try serving(bodyLimit: 1000) { request in
                GatewayResponse(
                    status: 200, headers: [("X-Body", request.body.map { "\($0.count)" } ?? "nil")])
            } client: { server in
                [
                    try server.ask(body: [UInt8](repeating: 7, count: 1000)),
                    try server.ask(body: [UInt8](repeating: 7, count: 1001)),
                    try server.ask(body: [UInt8](repeating: 7, count: 1_000_000)),
                    try server.ask(["CONTENT_LENGTH": "99999999999999999999"]),
                    try server.ask(["CONTENT_LENGTH": "-1"], body: [1]),
                    try server.ask(["CONTENT_LENGTH": ""], body: [1]),
                    // Less than was announced.
                    try server.ask(["CONTENT_LENGTH": "10"], body: [1, 2]),
                ]
            }
            #expect(
                answers.map { $0.head.last }
                    == ["1000", "nil", "nil", "0", "0", "0", "2"].map { "X-Body: \($0)" })
        }
    }

    @Test("sends no header that could end its line")
    func headers() async {
        await #expect(processExitsWith: .success) {
            let answers = try serving { _ in
                GatewayResponse(
                    status: 200, headers: [("X-Name", "a\r\nSet-Cookie: x\r\n\r\n\0<b>\u{7F}\u{E4}")],
                    body: .bytes([1]))
            } client: { server in
                [try server.ask()]
            }
            #expect(answers[0].head == ["Status: 200", "X-Name: aSet-Cookie: x<b>\u{E4}"])
            #expect(answers[0].body == [1])
        }
    }

    @Test("sends large bodies and parts of files whole")
    func bodies() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
            try Files.replace(directory.file("log"), with: bytes)
            let file = try Descriptor.open(directory.file("log"), .read)
            let answers = try serving { request in
                let body: GatewayResponse.Body =
                    switch request.parameters["PART"] {
                    case "whole": .bytes(bytes)
                    case "middle": .file(file, offset: 10, length: 500_000)
                    // More than there is: what is there comes.
                    default: .file(file, offset: 999_990, length: 100)
                    }
                return GatewayResponse(status: 200, body: body)
            } client: { server in
                try ["whole", "middle", "end"].map { try server.ask(["PART": $0]) }
            }
            #expect(answers[0].body == bytes)
            #expect(answers[1].body == Array(bytes[10..<500_010]))
            #expect(answers[2].body == Array(bytes[999_990...]))
        }
    }

    @Test("answers as many requests at a time as it has threads")
    func threads() async {
        await #expect(processExitsWith: .success) {
            let inside = Mutex(0)
            let answers = try serving(threads: 4) { _ in
                inside.withLock { $0 += 1 }
                // Each waits for all the others: one after another they would never meet.
                return GatewayResponse(status: eventually { inside.withLock { $0 } == 4 } ? 200 : 500)
            } client: { server in
                let answers = Mutex<[WebServer.Answer]>([])
                Threads.concurrently(4) { _ in
                    if let answer = try? server.ask() { answers.withLock { $0.append(answer) } }
                }
                return answers.withLock { $0 }
            }
            #expect(answers.map(\.head) == Array(repeating: ["Status: 200"], count: 4))
        }
    }

    @Test("closes a connection that its web server would rather keep, so that no thread waits on it")
    func keptConnections() async {
        await #expect(processExitsWith: .success) {
            let answers = try serving(threads: 1) { _ in
                GatewayResponse(status: 200)
            } client: { server in
                try (0..<3).map { _ in try server.ask(keepConnection: true) }
            }
            #expect(answers.allSatisfy { $0.head == ["Status: 200"] && $0.isEnded && $0.isClosed })
        }
    }

    @Test("goes on when a web server leaves before or amid the answer")
    func leavers() async {
        await #expect(processExitsWith: .success) {
            let answers = try serving(threads: 1) { _ in
                GatewayResponse(status: 200, body: .bytes([UInt8](repeating: 7, count: 5_000_000)))
            } client: { server in
                _ = try server.connect()
                try server.connect().write([1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
                // A whole request whose answer nobody reads, and what is no FastCGI.
                try server.connect().write(
                    [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + [1, 4, 0, 1, 0, 0, 0, 0]
                        + [1, 5, 0, 1, 0, 0, 0, 0])
                try server.connect().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
                return [try server.ask()]
            }
            #expect(answers[0].body.count == 5_000_000)
            #expect(answers[0].isEnded)
        }
    }

    @Test("that is told to stop finishes the requests in hand", arguments: [SIGTERM, SIGINT, SIGUSR1])
    func stop(_ signal: Int32) async {
        await #expect(processExitsWith: .success) { [signal] in
            let entered = Mutex(false)
            let told = Mutex(false)
            let thread = UInt(pthread_self())
            let answers = try serving { _ in
                entered.withLock { $0 = true }
                return GatewayResponse(status: eventually { told.withLock { $0 } } ? 200 : 500)
            } client: { server in
                let answers = Mutex<[WebServer.Answer]>([])
                Threads.concurrently(2) { index in
                    if index == 0 {
                        if let answer = try? server.ask() { answers.withLock { $0.append(answer) } }
                    } else {
                        _ = eventually { entered.withLock { $0 } }
                        pthread_kill(pthread_t(thread), signal)
                        told.withLock { $0 = true }
                    }
                }
                return answers.withLock { $0 }
            }
            #expect(answers.map(\.head) == [["Status: 200"]])
        }
    }
}

/// Runs a responder on this thread and a web server on another; stops it when that has its answers.
func serving(
    threads: Int = 2, bodyLimit: Int = 1000, streams: EventStreams? = nil,
    answer: @escaping @Sendable (GatewayRequest) -> GatewayResponse,
    client: @escaping @Sendable (WebServer) throws -> [WebServer.Answer]
) throws -> [WebServer.Answer] {
    let directory = try TemporaryDirectory()
    let server = WebServer(socketPath: directory.file("responder.sock"))
    let responder = Responder(
        listener: try Socket.listen(at: server.socketPath), threads: threads, bodyLimit: bodyLimit,
        streams: streams, answer: answer)
    let thread = UInt(pthread_self())
    let answers = Answers()
    try Threads.detach {
        answers.result.withLock { $0 = Result { try client(server) } }
        // To the very thread that waits for it: in this process others have it not blocked.
        pthread_kill(pthread_t(thread), SIGTERM)
    }
    try responder.run()
    // A stop that came from elsewhere came before the answers.
    _ = eventually { answers.result.withLock { $0 != nil } }
    return try answers.result.withLock { try $0?.get() ?? [] }
}

private final class Answers: Sendable {
    let result = Mutex<Result<[WebServer.Answer], any Error>?>(nil)
}
