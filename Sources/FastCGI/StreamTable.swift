internal import Core
internal import Posix

/// The watchers and feeds of the one thread that serves them.
struct StreamTable: ~Copyable {
    /// News of one feed are gathered for so long, so that a busy one costs each watcher ten sends a second at most.
    ///
    /// Many watchers are more work for the web server than for this thread, and others wait for it too.
    private var pace: Duration { .milliseconds(100) + .microseconds(25) * watchers.count }
    /// Where no file system tells of news, feeds look by themselves.
    private static let lookEvery = Duration.seconds(1)
    private static let heartbeatAfter = Duration.seconds(15)
    private static let dropAfter = Duration.seconds(30)
    /// Then who it is has to be shown again: a browser connects by itself and goes on.
    private static let endAfter = Duration.seconds(900)

    private final class Watcher {
        let connection: Descriptor
        let requestID: UInt16
        let heartbeat: [UInt8]
        let topic: Topic
        let since: ContinuousClock.Instant
        var position: EventPosition
        /// Records of which a part was sent; shared with others who got the same.
        var pending: [UInt8] = []
        var sent = 0
        var isLast = false
        /// Whether the poller tells when there is room.
        var awaitsRoom = false
        var lastSend: ContinuousClock.Instant

        init(_ arrival: EventStreams.Arrival, _ topic: Topic, _ now: ContinuousClock.Instant) {
            connection = arrival.connection
            requestID = arrival.requestID
            heartbeat = arrival.subscription.heartbeat
            position = arrival.subscription.position
            self.topic = topic
            since = now
            lastSend = now
        }

        var isBlocked: Bool { sent < pending.count }
    }

    private final class Topic {
        let key: String
        let feed: any EventFeed
        var watchers: [Int32: Watcher] = [:]
        /// Pieces that were made since the last look, framed for the request id that web servers use.
        var pieces: [EventPosition: (piece: EventPiece, records: [UInt8])] = [:]
        var lookedAt: ContinuousClock.Instant
        var hasNews = true

        init(_ key: String, _ feed: any EventFeed, _ now: ContinuousClock.Instant) {
            self.key = key
            self.feed = feed
            lookedAt = now - StreamTable.lookEvery
        }
    }

    private enum Fate { case goesOn, isBlocked, isOver }

    private let poller: Poller
    private let stop: Occasion
    private let news: Occasion
    /// nil where the system has no watch left: then looking once a second has to do.
    private let directories: DirectoryWatch?
    private var watchers: [Int32: Watcher] = [:]
    private var topics: [String: Topic] = [:]
    private var topicOfDirectory: [String: [Topic]] = [:]
    /// Those for whom there may be more at once: new ones, and ones far behind.
    private var hungry: [Int32: Watcher] = [:]
    private var sweptAt = ContinuousClock.now
    private var gone = 0

    init(stop: Occasion, news: Occasion) throws(SystemError) {
        let poller = try Poller()
        let directories = try? DirectoryWatch()
        for descriptor in [stop.descriptor, news.descriptor, directories?.descriptor] {
            if let descriptor { try poller.watch(descriptor) }
        }
        self.poller = poller
        self.directories = directories
        self.stop = stop
        self.news = news
    }

    /// Waits for something to do, and takes note of it.
    ///
    /// - Returns: whether it is time to stop.
    mutating func wait() throws(SystemError) -> Bool {
        for ready in try poller.waitForMany(milliseconds: patience()) {
            switch ready.number {
            case stop.descriptor.number: return true
            case news.descriptor.number:
                news.reset()
                for topic in topics.values where topic.feed.directory == nil { topic.hasNews = true }
            case directories?.descriptor.number:
                for path in directories?.changed() ?? [] {
                    for topic in topicOfDirectory[path] ?? [] { topic.hasNews = true }
                }
            default:
                guard let watcher = watchers[ready.number] else { continue }
                if ready.isHungUp || (ready.isReadable && !watcher.connection.discardInput()) {
                    remove(watcher)
                } else if ready.isWritable {
                    hungry[ready.number] = watcher
                }
            }
        }
        return false
    }

    /// Milliseconds until the next thing is due.
    private func patience() -> Int32 {
        if !hungry.isEmpty { return 0 }
        guard !watchers.isEmpty else { return -1 }
        let now = ContinuousClock.now
        var next = sweptAt + .seconds(1)
        for topic in topics.values {
            next = min(next, topic.lookedAt + (topic.hasNews ? pace : Self.lookEvery))
        }
        let (seconds, attoseconds) = (next - now).components
        return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }

    mutating func add(_ arrival: EventStreams.Arrival) {
        let now = ContinuousClock.now
        let key = arrival.subscription.key
        let topic: Topic
        if let known = topics[key] {
            topic = known
        } else {
            topic = Topic(key, arrival.subscription.makeFeed(), now)
            topics[key] = topic
            if let directory = topic.feed.directory {
                if topicOfDirectory[directory] == nil { try? directories?.add(directory) }
                topicOfDirectory[directory, default: []].append(topic)
            }
        }
        let watcher = Watcher(arrival, topic, now)
        let number = watcher.connection.number
        do {
            try poller.follow(watcher.connection)
        } catch {
            gone += 1
            forget(topicIfIdle: topic)
            return
        }
        watchers[number] = watcher
        topic.watchers[number] = watcher
        watcher.pending = Record.output(
            arrival.head + arrival.subscription.greeting, requestID: watcher.requestID)
        hungry[number] = watcher
    }

    /// Sends everybody what is due.
    mutating func serve() {
        let now = ContinuousClock.now
        for topic in Array(topics.values) where isDue(topic, now) {
            topic.hasNews = false
            topic.lookedAt = now
            topic.pieces = [:]
            topic.feed.refresh()
            for watcher in Array(topic.watchers.values) where !watcher.isBlocked { advance(watcher, now) }
        }
        let waiting = hungry
        hungry = [:]
        for watcher in waiting.values where watchers[watcher.connection.number] === watcher {
            advance(watcher, now)
        }
        if now - sweptAt >= .seconds(1) {
            sweptAt = now
            sweep(now)
        }
    }

    private func isDue(_ topic: Topic, _ now: ContinuousClock.Instant) -> Bool {
        now - topic.lookedAt >= (topic.hasNews ? pace : Self.lookEvery)
    }

    /// Sends what is left over, then the next piece.
    private mutating func advance(_ watcher: Watcher, _ now: ContinuousClock.Instant) {
        switch push(watcher, now) {
        case .isOver: return remove(watcher)
        case .isBlocked: return awaitRoom(watcher, true)
        case .goesOn: break
        }
        guard let (piece, records) = next(for: watcher) else { return awaitRoom(watcher, false) }
        watcher.pending = records
        watcher.sent = 0
        watcher.position = piece.position
        if piece.isLast {
            watcher.pending += Record.end(requestID: watcher.requestID)
            watcher.isLast = true
        }
        switch push(watcher, now) {
        case .isOver: remove(watcher)
        case .isBlocked: awaitRoom(watcher, true)
        case .goesOn:
            awaitRoom(watcher, false)
            hungry[watcher.connection.number] = watcher
        }
    }

    private func next(for watcher: Watcher) -> (EventPiece, [UInt8])? {
        let topic = watcher.topic
        if let (piece, records) = topic.pieces[watcher.position] {
            return (
                piece,
                watcher.requestID == 1 ? records : Record.output(piece.bytes, requestID: watcher.requestID)
            )
        }
        guard let piece = topic.feed.next(after: watcher.position) else { return nil }
        let records = Record.output(piece.bytes, requestID: watcher.requestID)
        // Those who are far behind stand everywhere: what they are sent is kept for nobody.
        if watcher.requestID == 1, topic.pieces.count < 64 {
            topic.pieces[watcher.position] = (piece, records)
        }
        return (piece, records)
    }

    private func push(_ watcher: Watcher, _ now: ContinuousClock.Instant) -> Fate {
        while watcher.isBlocked {
            let count: Int
            do {
                count = try watcher.connection.send(watcher.pending, from: watcher.sent)
            } catch {
                return .isOver
            }
            guard count > 0 else { return .isBlocked }
            watcher.sent += count
            watcher.lastSend = now
        }
        watcher.pending = []
        watcher.sent = 0
        return watcher.isLast ? .isOver : .goesOn
    }

    private mutating func awaitRoom(_ watcher: Watcher, _ awaits: Bool) {
        guard watcher.awaitsRoom != awaits else { return }
        watcher.awaitsRoom = awaits
        if (try? poller.follow(watcher.connection, forOutput: awaits)) == nil { remove(watcher) }
    }

    /// Heartbeats, and the end of those who take nothing or have been here long.
    private mutating func sweep(_ now: ContinuousClock.Instant) {
        for watcher in Array(watchers.values) {
            if now - watcher.since > Self.endAfter + Self.dropAfter {
                // Who reads a little now and then cannot be ended properly.
                remove(watcher)
            } else if watcher.isBlocked {
                if now - watcher.lastSend > Self.dropAfter { remove(watcher) }
            } else if now - watcher.since > Self.endAfter {
                end(watcher)
            } else if now - watcher.lastSend > Self.heartbeatAfter {
                watcher.pending = Record.output(watcher.heartbeat, requestID: watcher.requestID)
                advance(watcher, now)
            }
        }
    }

    mutating func endAll() {
        for watcher in Array(watchers.values) { end(watcher) }
    }

    /// Ends a stream properly where nothing of a record is left to send.
    private mutating func end(_ watcher: Watcher) {
        if !watcher.isBlocked { _ = try? watcher.connection.send(Record.end(requestID: watcher.requestID)) }
        remove(watcher)
    }

    private mutating func remove(_ watcher: Watcher) {
        let number = watcher.connection.number
        guard watchers[number] === watcher else { return }
        watchers[number] = nil
        hungry[number] = nil
        watcher.topic.watchers[number] = nil
        gone += 1
        // A socket that is closed with unread input takes back what it has sent.
        _ = watcher.connection.discardInput()
        forget(topicIfIdle: watcher.topic)
    }

    private mutating func forget(topicIfIdle topic: Topic) {
        guard topic.watchers.isEmpty else { return }
        topics[topic.key] = nil
        guard let directory = topic.feed.directory else { return }
        topicOfDirectory[directory]?.removeAll { $0 === topic }
        if topicOfDirectory[directory]?.isEmpty == true {
            topicOfDirectory[directory] = nil
            directories?.remove(directory)
        }
    }

    /// How many watchers went since the last call.
    mutating func takeGone() -> Int {
        defer { gone = 0 }
        return gone
    }
}
