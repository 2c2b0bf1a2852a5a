package import Core
internal import Posix
internal import Synchronization

/// Looks for changes of all builds now and then, on a thread of its own, for any number of watchers who must not wait.
package final class HistoryWatch: Sendable {
    /// A build whose state changed, was entered or was removed.
    package struct Change: Sendable {
        /// Grows with every change of any build, and stays over restarts.
        package let serial: Int
        package let id: BuildID
    }

    private struct Seen {
        /// The latest, oldest first.
        var changes: [Change] = []
        /// All later changes are in `changes`; nil before the first look.
        var since: Int?
        var positions: [BuildID: Int] = [:]
        var lookedAt: ContinuousClock.Instant?
        var isFollowed = false
    }

    private static let kept = 1000
    private static let lookEvery = Duration.milliseconds(500)

    private let history: History
    private let dispatcher: Dispatcher
    private let seen = Mutex(Seen())
    private let log = Log("watch")

    init(history: History, dispatcher: Dispatcher) {
        self.history = history
        self.dispatcher = dispatcher
    }

    /// The serial of the latest change that was seen.
    package var latest: Int { seen.withLock { $0.changes.last?.serial ?? $0.since ?? 0 } }

    /// The changes after one; nil where that is too long ago to tell, or never was.
    package func changes(after serial: Int) -> [Change]? {
        seen.withLock { seen in
            guard let since = seen.since, serial >= since,
                serial <= seen.changes.last?.serial ?? since
            else { return nil }
            return seen.changes.filter { $0.serial > serial }
        }
    }

    /// 1 is next; nil where the build does not wait.
    func position(of id: BuildID) -> Int? { seen.withLock { $0.positions[id] } }

    /// Looks unless somebody just did; it may have to wait for the index.
    package func look() throws {
        let isFresh = seen.withLock { seen in
            seen.lookedAt.map { ContinuousClock.now - $0 < Self.lookEvery } ?? false
        }
        if !isFresh { try lookNow() }
    }

    private func lookNow() throws {
        // Where no supervisor ticks, watchers are who notices that a runner is gone.
        try dispatcher.refresh()
        let since = seen.withLock { $0.changes.last?.serial ?? $0.since }
        let new = try history.changes(after: since, limit: Self.kept)
        let queue = try history.queue()
        seen.withLock { seen in
            seen.lookedAt = .now
            seen.positions = Dictionary(
                zip(queue, 1...), uniquingKeysWith: { first, _ in first })
            if seen.since == nil {
                seen.since = new.last?.serial ?? 0
                return
            }
            // Another thread may have looked at the same time.
            let last = seen.changes.last?.serial ?? seen.since ?? 0
            seen.changes += new.filter { $0.serial > last }
            let surplus = seen.changes.count - Self.kept
            if surplus > 0 {
                seen.since = seen.changes[surplus - 1].serial
                seen.changes.removeFirst(surplus)
            }
        }
    }

    /// Looks twice a second from now on, while anybody watches; only the first call begins it.
    ///
    /// - Parameters:
    ///   - isWatched: whether anybody does.
    ///   - onNews: called after each look.
    /// - Throws: `SystemError` where the system gives no thread.
    package func follow(
        isWatched: @escaping @Sendable () -> Bool, onNews: @escaping @Sendable () -> Void
    ) throws {
        let begins = seen.withLock { seen in
            defer { seen.isFollowed = true }
            return !seen.isFollowed
        }
        guard begins else { return }
        do throws(SystemError) {
            try detach(isWatched, onNews)
        } catch {
            seen.withLock { $0.isFollowed = false }
            throw error
        }
    }

    private func detach(
        _ isWatched: @escaping @Sendable () -> Bool, _ onNews: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        try Threads.detach {
            while true {
                Threads.sleep(Self.lookEvery)
                guard isWatched() else { continue }
                do {
                    try self.lookNow()
                    onNews()
                } catch {
                    self.log.warning("the index cannot be read now", ["cause": error])
                    Threads.sleep(.seconds(5))
                }
            }
        }
    }
}
