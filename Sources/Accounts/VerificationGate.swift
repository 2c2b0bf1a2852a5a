internal import Core
internal import Posix
internal import Synchronization

/// Lets few passwords be checked at a time, and each only once however many requests bring it at the same moment.
final class VerificationGate: Sendable {
    typealias Answer = Result<VerifiedUser?, Problem>

    /// One check that runs; who brings the same password meanwhile waits for its answer.
    private final class Attempt: Sendable {
        let answer = Mutex<Answer?>(nil)
    }

    private struct State {
        var running: [[UInt8]: Attempt] = [:]
        var waiting = 0
    }

    private enum Turn: Sendable {
        case own
        case others(Answer)
    }

    /// How many different passwords are checked at a time.
    private let places: Int
    /// How many threads may be in here, at work or waiting: a responder needs some for others too.
    private let threads: Int
    /// Seconds.
    private static let patience = 20.0

    private let state = Monitor(State())

    init(places: Int, threads: Int) {
        self.places = places
        self.threads = threads
    }

    /// Runs `verify`, or waits for the answer of another that runs for the same key.
    ///
    /// - Throws: `requestLimitExceeded` where too many wait, or what `verify` throws.
    func pass(
        _ key: [UInt8], _ verify: () throws(Problem) -> VerifiedUser?
    ) throws(Problem) -> VerifiedUser? {
        switch try turn(key) {
        case .others(let answer): return try answer.get()
        case .own: break
        }
        let answer: Answer
        do throws(Problem) {
            answer = .success(try verify())
        } catch {
            answer = .failure(error)
        }
        state.change { state in
            let attempt = state.running.removeValue(forKey: key)
            attempt?.answer.withLock { $0 = answer }
        }
        return try answer.get()
    }

    private func turn(_ key: [UInt8]) throws(Problem) -> Turn {
        var followed: Attempt?
        let isAdmitted = state.change { state in
            guard state.running.count + state.waiting < threads else { return false }
            state.waiting += 1
            return true
        }
        defer { if isAdmitted { state.change { $0.waiting -= 1 } } }
        let turn: Turn? =
            !isAdmitted
            ? nil
            : state.wait(seconds: Self.patience) { state -> Turn? in
                if let followed { return followed.answer.withLock { $0 }.map(Turn.others) }
                if let attempt = state.running[key] {
                    followed = attempt
                    return nil
                }
                guard state.running.count < places else { return nil }
                state.running[key] = Attempt()
                return .own
            }
        guard let turn else {
            var problem = Problem(
                .requestLimitExceeded, "too many passwords are being checked", hint: "try again in a second")
            problem.retryAfter = 1
            throw problem
        }
        return turn
    }
}
