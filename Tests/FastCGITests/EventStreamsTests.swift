import Compression
import Core
import FastCGI
import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

/// How often feeds looked for news.
private let looks = Atomic(0)

/// Counts up to a number, one piece a step; from then on it has nothing more, or ends.
private final class Counting: EventFeed {
    let last: Int
    let ends: Bool
    let size: Int

    init(last: Int, ends: Bool, size: Int = 1) {
        self.last = last
        self.ends = ends
        self.size = size
    }

    var directory: String? { nil }
    func refresh() { looks.add(1, ordering: .relaxed) }

    func next(after position: EventPosition) -> EventPiece? {
        guard position.offset < last else { return nil }
        let next = position.offset + 1
        let bytes = [UInt8](repeating: UInt8(next & 0x7F), count: size)
        return EventPiece(
            bytes, position: .init(offset: next), hasMore: next < last, isLast: ends && next == last)
    }
}

private func events(last: Int, ends: Bool, size: Int = 1, from start: Int = 0, isCompressed: Bool = false)
    -> GatewayResponse
{
    GatewayResponse(
        status: 200, headers: [("X-Kind", "events")],
        body: .events(
            EventSubscription(
                key: "\(last) \(size)", position: .init(offset: start), greeting: [1], heartbeat: [2],
                isCompressed: isCompressed
            ) {
                Counting(last: last, ends: ends, size: size)
            }))
}

private func decompressed(_ stream: [UInt8]) throws -> [UInt8] {
    var rest = stream
    var content: [UInt8] = []
    try Gzip.decompress(
        from: {
            defer { rest = [] }
            return rest
        }, into: { content += $0 })
    return content
}

// A responder sets its process's signal mask and libfcgi's handlers, so each runs in a process of its own.

@Suite("Event streams")
struct EventStreamsTests {
    @Test("send every watcher all from its position on, and end with the feed")
    func all() async {
        await #expect(processExitsWith: .success) {
            let streams = try EventStreams(limit: 100)
            let answers = try serving(streams: streams) { request in
                events(last: 50, ends: true, from: Int(request.parameters["FROM"] ?? "0") ?? 0)
            } client: { server in
                try (0..<40).map { try server.ask(["FROM": "\($0)"]) }
            }
            for (start, answer) in answers.enumerated() {
                #expect(answer.head == ["Status: 200", "X-Kind: events"])
                #expect(answer.body == [1] + (start + 1...50).map { UInt8($0) })
                #expect(answer.isEnded)
                #expect(answer.isClosed)
            }
            #expect(streams.count == 0)
        }
    }

    @Test("are whole gzip streams for those who ask for them, beside others, also where the responder stops")
    func compressed() async {
        await #expect(processExitsWith: .success) {
            for ends in [true, false] {
                let streams = try EventStreams(limit: 100)
                let open = Mutex<[(start: Int, answer: WebServer.Answer)]>([])
                _ = try serving(streams: streams) { request in
                    let start = Int(request.parameters["FROM"] ?? "0") ?? 0
                    return events(last: 50, ends: ends, from: start, isCompressed: start % 2 == 0)
                } client: { server in
                    for start in 0..<40 {
                        try Threads.detach {
                            guard let answer = try? server.ask(["FROM": "\(start)"]) else { return }
                            open.withLock { $0.append((start, answer)) }
                        }
                    }
                    #expect(eventually { ends ? open.withLock { $0.count } == 40 : streams.count == 40 })
                    // So that all have been told all.
                    if !ends { Threads.sleep(.milliseconds(500)) }
                    return []
                }
                #expect(eventually { open.withLock { $0.count } == 40 })
                for (start, answer) in open.withLock({ $0 }) {
                    let body = try start % 2 == 0 ? decompressed(answer.body) : answer.body
                    #expect(body == [1] + (start + 1...50).map { UInt8($0) })
                    #expect(answer.isEnded)
                }
            }
        }
    }

    @Test("send pieces longer than one record, to readers that stop in between")
    func long() async {
        await #expect(processExitsWith: .success) {
            let streams = try EventStreams(limit: 100)
            let answers = try serving(streams: streams) { request in
                events(last: 40, ends: true, size: 100_000, isCompressed: request.parameters["GZIP"] != nil)
            } client: { server in
                [try server.ask(), try server.ask(["GZIP": "1"])]
            }
            #expect(answers[0].body.count == 1 + 40 * 100_000)
            let content = try decompressed(answers[1].body)
            #expect(content == answers[0].body)
            #expect(answers.allSatisfy { $0.isEnded })
        }
    }

    @Test(
        "hold no thread, end properly when the responder is told to stop, and have no room beyond the limit")
    func stop() async {
        await #expect(processExitsWith: .success) {
            let streams = try EventStreams(limit: 20)
            let open = Mutex<[WebServer.Answer]>([])
            let answers = try serving(threads: 1, streams: streams) { request in
                request.parameters["PLAIN"] == nil
                    ? events(last: 1, ends: false)
                    : GatewayResponse(status: 200, headers: [("X-Streams", "\(streams.count)")])
            } client: { server in
                for _ in 0..<20 {
                    try Threads.detach {
                        if let answer = try? server.ask() { open.withLock { $0.append(answer) } }
                    }
                }
                #expect(eventually { streams.count == 20 })
                // The one thread is free all the same; a stream too many is closed.
                return [try server.ask(["PLAIN": "1"]), try server.ask()]
            }
            #expect(answers[0].head == ["Status: 200", "X-Streams: 20"])
            #expect(answers[1].body.isEmpty)
            #expect(eventually { open.withLock { $0.count } == 20 })
            #expect(open.withLock { $0.allSatisfy { $0.isEnded && $0.isClosed && $0.body == [1, 1] } })
            #expect(streams.count == 0)
        }
    }

    @Test("look for news ten times a second at most, whatever wakes them, and arrivals are none")
    func looksAreFew() async {
        await #expect(processExitsWith: .success) {
            let streams = try EventStreams(limit: 100)
            _ = try serving(streams: streams) { _ in
                events(last: 1, ends: false)
            } client: { server in
                let connection = try server.begin()
                #expect(eventually { streams.count == 1 })
                Threads.sleep(.milliseconds(300))
                for (isNews, mostInOneSecond) in [(true, 10), (false, 1)] {
                    let before = looks.load(ordering: .relaxed)
                    let begin = ContinuousClock.now
                    for _ in 0..<100 {
                        if isNews { streams.wake() } else { _ = try server.begin() }
                        Threads.sleep(.milliseconds(10))
                    }
                    let count = looks.load(ordering: .relaxed) - before
                    #expect(
                        Double(count) <= 2 + (ContinuousClock.now - begin) / .seconds(1)
                            * Double(mostInOneSecond))
                    // So that the last news are no longer waited with.
                    Threads.sleep(.milliseconds(200))
                }
                withExtendedLifetime(connection) {}
                return []
            }
        }
    }

    @Test("notice at once that a watcher has gone")
    func gone() async {
        await #expect(processExitsWith: .success) {
            let streams = try EventStreams(limit: 20)
            _ = try serving(streams: streams) { _ in
                events(last: 1, ends: false)
            } client: { server in
                for _ in 0..<50 {
                    do {
                        let connection = try server.begin()
                        #expect(eventually { streams.count == 1 })
                        withExtendedLifetime(connection) {}
                    }
                    #expect(eventually { streams.count == 0 })
                }
                return []
            }
        }
    }
}
