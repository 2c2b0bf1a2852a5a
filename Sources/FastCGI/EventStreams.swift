internal import Core
package import Posix
internal import Synchronization

/// Feeds all event streams of a process from one thread, so that a watcher costs a connection and no thread.
///
/// A responder's thread hands over the accepted connection; from then on its FastCGI records are written here, and no
/// watcher is waited for: one that reads slowly gets what it missed when it has room, and one that reads nothing for half
/// a minute is dropped.
package final class EventStreams: Sendable {
    /// A connection that a responder's thread has handed over.
    struct Arrival: Sendable {
        let connection: Descriptor
        let requestID: UInt16
        let head: [UInt8]
        let subscription: EventSubscription
    }

    /// How many watchers are served at most.
    package let limit: Int
    private let arrivals = Mutex<[Arrival]>([])
    private let watchers = Atomic(0)
    /// Whether nobody serves any more.
    private let isOver = Atomic(false)
    /// Whether feeds without a directory have news.
    private let hasNews = Atomic(false)
    /// Of an arrival, or of such news.
    private let occasion: Occasion

    /// Serves up to `limit` watchers, each of which holds an open file.
    package init(limit: Int) throws(SystemError) {
        self.limit = limit
        occasion = try Occasion()
    }

    /// How many are served now.
    package var count: Int { watchers.load(ordering: .relaxed) }

    package var hasRoom: Bool { count < limit && !isOver.load(ordering: .acquiring) }

    /// Tells that feeds without a directory have news; from any thread.
    package func wake() {
        hasNews.store(true, ordering: .releasing)
        occasion.happen()
    }

    /// Takes over a connection; it is closed at once where there is no room.
    func take(_ arrival: Arrival) {
        let isTaken = arrivals.withLock { list in
            guard hasRoom else { return false }
            list.append(arrival)
            return true
        }
        guard isTaken else { return }
        watchers.add(1, ordering: .relaxed)
        occasion.happen()
    }

    /// Serves until `stop` happens, then ends all streams: their watchers connect again, to whoever comes after.
    ///
    /// - Throws: what keeps any from being served; then there is room for none.
    func run(until stop: Occasion) throws {
        defer {
            // Under the lock, so that nobody is left who came a moment before.
            arrivals.withLock { list in
                isOver.store(true, ordering: .releasing)
                list = []
            }
            watchers.store(0, ordering: .relaxed)
        }
        var table = try StreamTable(stop: stop, occasion: occasion)
        while true {
            let isStopping = try table.wait()
            if hasNews.exchange(false, ordering: .acquiring) { table.noteNews() }
            for arrival in arrivals.withLock({ list in
                defer { list = [] }
                return list
            }) { table.add(arrival) }
            table.serve()
            if isStopping {
                // Who has just come got its answer's head above: a browser gives up where it gets none.
                table.endAll()
                return
            }
            let gone = table.takeGone()
            if gone > 0 { watchers.subtract(gone, ordering: .relaxed) }
        }
    }
}
