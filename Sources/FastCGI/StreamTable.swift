internal import Compression
internal import Core
internal import Posix

/// The watchers and feeds of the one thread that serves them.
struct StreamTable: ~Copyable {
    /// News of one feed are gathered for so long, so that a busy one costs each watcher ten sends a second at most.
    private var pace: Duration { .milliseconds(100) + .microseconds(5) * watchers.count }
    /// After so many sends the web server is given a moment, which has more work with them than this thread: else others'
    /// requests would stand behind thousands of events there.
    private static let sendsInOneGo = 100
    private static let moment = Duration.milliseconds(1)
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
        /// nil where the stream is not compressed.
        var sums: GzipSums?
        /// Records of which a part was sent; shared with others who got the same.
        var pending: [UInt8] = []
        var sent = 0
        var isLast = false
        /// Whether the poller tells when there is room.
        var awaitsRoom = false
        var lastSend: ContinuousClock.Instant
        var isHungry = false

        init(_ arrival: EventStreams.Arrival, _ topic: Topic, _ now: ContinuousClock.Instant) {
            connection = arrival.connection
            requestID = arrival.requestID
            heartbeat = arrival.subscription.heartbeat
            position = arrival.subscription.position
            sums = arrival.subscription.isCompressed ? GzipSums() : nil
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
        /// What was made since the last look; no more than a few positions are told apart.
        var portions: [Place: Portion] = [:]
        var lookedAt: ContinuousClock.Instant
        /// When the last look because of news was, or one that found something to tell.
        var pacedFrom: ContinuousClock.Instant
        var hasNews = true

        init(_ key: String, _ feed: any EventFeed, _ now: ContinuousClock.Instant) {
            self.key = key
            self.feed = feed
            lookedAt = now - StreamTable.lookEvery
            pacedFrom = lookedAt
        }
    }

    /// Watchers at the same place are sent the same.
    private struct Place: Hashable {
        let position: EventPosition
        let isCompressed: Bool
    }

    private struct Portion {
        let piece: EventPiece
        /// The piece, where it is sent compressed.
        let block: GzipBlock?
        /// Framed for the request id that web servers use.
        let records: [UInt8]

        init(_ piece: EventPiece, _ block: GzipBlock?) {
            self.piece = piece
            self.block = block
            records = Record.output(block?.bytes ?? piece.bytes, requestID: 1)
        }

        func records(for watcher: Watcher) -> [UInt8] {
            watcher.requestID == 1
                ? records : Record.output(block?.bytes ?? piece.bytes, requestID: watcher.requestID)
        }
    }

    private enum Fate { case goesOn, isBlocked, isOver }

    private let poller: Poller
    private let stop: Occasion
    private let occasion: Occasion
    /// nil where the system has no watch left: then looking once a second has to do.
    private let directories: DirectoryWatch?
    private let blocks: GzipBlockMaker
    private var watchers: [Int32: Watcher] = [:]
    private var topics: [String: Topic] = [:]
    private var topicOfDirectory: [String: [Topic]] = [:]
    /// Those for whom there may be more at once, in turn: new ones, and ones far behind.
    private var hungry: [Watcher] = []
    private var sends = 0
    private var sweptAt = ContinuousClock.now
    private var gone = 0

    init(stop: Occasion, occasion: Occasion) throws {
        let blocks = try GzipBlockMaker()
        let poller = try Poller()
        let directories = try? DirectoryWatch()
        for descriptor in [stop.descriptor, occasion.descriptor, directories?.descriptor] {
            if let descriptor { try poller.watch(descriptor) }
        }
        self.blocks = blocks
        self.poller = poller
        self.directories = directories
        self.stop = stop
        self.occasion = occasion
    }

    /// Waits for something to do, and takes note of it.
    ///
    /// - Returns: whether it is time to stop.
    mutating func wait() throws(SystemError) -> Bool {
        for ready in try poller.waitForMany(milliseconds: patience()) {
            switch ready.number {
            case stop.descriptor.number: return true
            case occasion.descriptor.number: occasion.reset()
            case directories?.descriptor.number:
                for path in directories?.changed() ?? [] {
                    for topic in topicOfDirectory[path] ?? [] { topic.hasNews = true }
                }
            default:
                guard let watcher = watchers[ready.number] else { continue }
                if ready.isHungUp || (ready.isReadable && !watcher.connection.discardInput()) {
                    remove(watcher)
                } else if ready.isWritable {
                    feed(watcher)
                }
            }
        }
        return false
    }

    /// Takes note of news of the feeds without a directory.
    func noteNews() {
        for topic in topics.values where topic.feed.directory == nil { topic.hasNews = true }
    }

    /// Milliseconds until the next thing is due.
    private func patience() -> Int32 {
        if !hungry.isEmpty { return 0 }
        guard !watchers.isEmpty else { return -1 }
        let now = ContinuousClock.now
        var next = sweptAt + .seconds(1)
        for topic in topics.values {
            next = min(next, dueAt(topic))
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
            arrival.head + (watcher.sums == nil ? [] : GzipSums.head)
                + encode(arrival.subscription.greeting, for: watcher), requestID: watcher.requestID)
        feed(watcher)
    }

    /// Has it served in its turn, whether there is news or not.
    private mutating func feed(_ watcher: Watcher) {
        guard !watcher.isHungry else { return }
        watcher.isHungry = true
        hungry.append(watcher)
    }

    /// Sends everybody what is due.
    mutating func serve() {
        let now = ContinuousClock.now
        for topic in Array(topics.values) where dueAt(topic) <= now {
            let hadNews = topic.hasNews
            topic.hasNews = false
            topic.lookedAt = now
            topic.portions = [:]
            topic.feed.refresh()
            for watcher in Array(topic.watchers.values) where !watcher.isBlocked && !watcher.isHungry {
                advance(watcher, now)
            }
            if hadNews || !topic.portions.isEmpty { topic.pacedFrom = now }
        }
        // A few at a time: those who are up to date do not wait for those who have much to catch up with.
        let turn = Array(hungry.prefix(Self.sendsInOneGo))
        hungry.removeFirst(turn.count)
        for watcher in turn {
            watcher.isHungry = false
            if watchers[watcher.connection.number] === watcher { advance(watcher, now) }
        }
        if now - sweptAt >= .seconds(1) {
            sweptAt = now
            sweep(now)
        }
    }

    private func dueAt(_ topic: Topic) -> ContinuousClock.Instant {
        topic.hasNews ? topic.pacedFrom + pace : topic.lookedAt + Self.lookEvery
    }

    /// Sends what is left over, then the next piece.
    private mutating func advance(_ watcher: Watcher, _ now: ContinuousClock.Instant) {
        switch push(watcher, now) {
        case .isOver: return remove(watcher)
        case .isBlocked: return awaitRoom(watcher, true)
        case .goesOn: break
        }
        guard let portion = next(for: watcher) else { return awaitRoom(watcher, false) }
        watcher.pending = portion.records(for: watcher)
        watcher.sent = 0
        watcher.position = portion.piece.position
        if let block = portion.block { watcher.sums?.add(block) }
        if portion.piece.isLast {
            watcher.pending += endOfStream(watcher)
            watcher.isLast = true
        }
        switch push(watcher, now) {
        case .isOver: remove(watcher)
        case .isBlocked: awaitRoom(watcher, true)
        case .goesOn:
            awaitRoom(watcher, false)
            if portion.piece.hasMore { feed(watcher) }
        }
    }

    private func next(for watcher: Watcher) -> Portion? {
        let topic = watcher.topic
        let place = Place(position: watcher.position, isCompressed: watcher.sums != nil)
        if let known = topic.portions[place] { return known }
        guard let piece = topic.feed.next(after: place.position) else { return nil }
        let portion = Portion(piece, place.isCompressed ? blocks.block(piece.bytes) : nil)
        // Those who are far behind stand everywhere: what they are sent is kept for nobody.
        if topic.portions.count < 64 { topic.portions[place] = portion }
        return portion
    }

    /// What no feed tells, as part of the watcher's stream.
    private func encode(_ bytes: [UInt8], for watcher: Watcher) -> [UInt8] {
        guard watcher.sums != nil else { return bytes }
        let block = blocks.block(bytes)
        watcher.sums?.add(block)
        return block.bytes
    }

    private func endOfStream(_ watcher: Watcher) -> [UInt8] {
        Record.output(watcher.sums?.end ?? [], requestID: watcher.requestID)
            + Record.end(requestID: watcher.requestID)
    }

    private mutating func push(_ watcher: Watcher, _ now: ContinuousClock.Instant) -> Fate {
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
            sends += 1
            if sends.isMultiple(of: Self.sendsInOneGo) { Threads.sleep(Self.moment) }
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
                watcher.pending = Record.output(
                    encode(watcher.heartbeat, for: watcher), requestID: watcher.requestID)
                advance(watcher, now)
            }
        }
    }

    mutating func endAll() {
        for watcher in Array(watchers.values) { end(watcher) }
    }

    /// Ends a stream properly where nothing of a record is left to send.
    private mutating func end(_ watcher: Watcher) {
        if !watcher.isBlocked { _ = try? watcher.connection.send(endOfStream(watcher)) }
        remove(watcher)
    }

    private mutating func remove(_ watcher: Watcher) {
        let number = watcher.connection.number
        guard watchers[number] === watcher else { return }
        watchers[number] = nil
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
