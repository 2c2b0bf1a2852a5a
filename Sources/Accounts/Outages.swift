internal import Core
internal import Synchronization

/// Stores that could not be asked a moment ago: nobody has to wait to learn the same.
final class Outages: Sendable {
    private struct Outage {
        let problem: Problem
        let until: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(3)
    private let current = Mutex<[StoreKind: Outage]>([:])

    /// - Throws: what the store failed with, if that was just now.
    func check(_ store: StoreKind) throws(Problem) {
        let outage = current.withLock { $0[store] }
        if let outage, outage.until > .now { throw outage.problem }
    }

    func began(_ store: StoreKind, _ problem: Problem) {
        current.withLock { $0[store] = Outage(problem: problem, until: .now + Self.lifetime) }
    }
}
