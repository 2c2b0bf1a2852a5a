internal import AuthdFrames
internal import Posix

/// An attempt that has not been waited for.
final class RunningAttempt {
    let process: ChildProcess
    let startedAt = ContinuousClock.now
    private(set) var killAt: ContinuousClock.Instant
    /// Closed here as soon as the caller knows: who waits for an answer then sees the end.
    private var connection: Connection?

    init(_ process: ChildProcess, _ connection: Connection, killAt: ContinuousClock.Instant) {
        self.process = process
        self.connection = connection
        self.killAt = killAt
    }

    /// Looks after it: kills it where its time is up, and tells the caller where it cannot do so itself any more.
    ///
    /// - Returns: whether it is over.
    func hasEnded() -> Bool {
        if let status = process.poll() {
            if !status.isSuccess, connection != nil {
                Log.write(.error, "an attempt ended early", ["pid": process.pid, "status": status])
                connection?.answer(.unavailable)
            }
            return true
        }
        guard ContinuousClock.now >= killAt else { return false }
        if connection != nil {
            Log.write(
                .error, "an attempt took too long: a PAM module hangs",
                ["pid": process.pid, "seconds": (ContinuousClock.now - startedAt).components.seconds])
        }
        kill()
        return false
    }

    /// Ends it with all of its process group.
    func kill() {
        process.signalGroup(Signals.kill)
        connection?.answer(.unavailable)
        connection = nil
        // Who waits for a disk or a network file system may not die at once.
        killAt = .now + .seconds(1)
    }
}

/// Processes that modules started and that outlived their attempt, in groups of their own (pam_exec).
///
/// As orphans they are this process's children. Nothing that an attempt began may go on after it.
struct Strays {
    private var seen: [Int32: ContinuousClock.Instant] = [:]

    var isEmpty: Bool { seen.isEmpty }

    /// Kills those that can only be of attempts that are over, and waits for those that have ended.
    mutating func collect(beside attempts: [RunningAttempt]) {
        let known = Set(attempts.map(\.process.pid))
        let oldest = attempts.map(\.startedAt).min()
        var found: [Int32: ContinuousClock.Instant] = [:]
        for process in ThisProcess.children where !known.contains(process.pid) {
            let since = seen[process.pid] ?? .now
            // An attempt of that time may still need it.
            if oldest.map({ $0 > since }) ?? true {
                process.signal(Signals.kill)
            }
            if process.poll() == nil { found[process.pid] = since }
        }
        seen = found
    }
}
