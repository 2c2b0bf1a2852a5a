internal import Builders
internal import Core
internal import Posix
internal import Synchronization

/// The runner's hand on status.json and on the log.
final class BuildRecord: Sendable {
    private let directory: BuildDirectory
    private let clock: Clock
    private let status: Mutex<BuildStatus>
    private let lastProgress = Mutex(ContinuousClock.now)
    private let write: @Sendable (BuildStatus) throws -> Void
    private let giveUp: @Sendable (Problem) -> Void

    /// Begins with the status as it stands in the file.
    ///
    /// - Parameters:
    ///   - directory: the build's.
    ///   - status: what its file holds.
    ///   - clock: the time of changes.
    ///   - write: replaces the file; nil for what does so.
    ///   - giveUp: gets the reason where the build cannot be recorded any more.
    init(
        _ directory: BuildDirectory, _ status: BuildStatus, _ clock: Clock,
        write: (@Sendable (BuildStatus) throws -> Void)? = nil,
        giveUp: @escaping @Sendable (Problem) -> Void
    ) {
        self.directory = directory
        self.clock = clock
        self.status = Mutex(status)
        self.write = write ?? { status in try directory.write(status) }
        self.giveUp = giveUp
    }

    var current: BuildStatus { status.withLock { $0 } }
    var state: BuildState { current.state }

    /// Changes the status and replaces the file; whoever reads it sees all of the change or nothing.
    func update(_ change: (inout BuildStatus, Timestamp) throws -> Void) throws {
        try status.withLock { status in
            let now = clock.now()
            var changed = status
            changed.updatedAt = now
            try change(&changed, now)
            // Whoever took this runner for lost, from where it could not be seen, has told the end.
            guard (try? directory.status())?.state.isTerminal != true else {
                let problem = Problem(.runnerLost, "the build was given up while its runner was at work")
                giveUp(problem)
                throw problem
            }
            do {
                try write(changed)
            } catch let error as SystemError where error.isLoss {
                // Most who write here could do without; a disk that loses what it took is no place to go on.
                let problem = Problem(
                    .internalError, "the state directory's disk did not keep the build's status: \(error)",
                    hint: "look at the disk and the system's log before building again", cause: error)
                giveUp(problem)
                throw problem
            }
            status = changed
        }
    }

    /// Notes how far the step in hand is, twice a second at most; that it cannot be written fails nothing.
    func progress(done: Int, total: Int?) {
        updateStep(isLast: false) { $0.progress = .init(done: done, total: total) }
    }

    /// Shows that the runner lives, whatever it waits for, until the build has ended or is left.
    func beat(every interval: Duration = .seconds(10)) throws(SystemError) {
        try Threads.detach { [weak self] in
            repeat { Threads.sleep(interval) } while self?.beatOnce() == true
        }
    }

    private struct Ended: Error {}

    /// - Returns: false where nothing is left to be shown.
    private func beatOnce() -> Bool {
        do {
            try update { status, _ in
                if status.state.isTerminal || status.runner == nil { throw Ended() }
            }
        } catch is Ended {
            return false
        } catch {
            // A later beat may get through.
        }
        return true
    }

    /// Notes what the engine does; the last word is always written.
    func engineSteps(_ steps: [EngineStep]) {
        updateStep(isLast: steps.allSatisfy { $0.seconds != nil }) { $0.engineSteps = steps }
    }

    private func updateStep(isLast: Bool, _ change: (inout BuildStatus.Step) -> Void) {
        let due = lastProgress.withLock { last in
            guard isLast || ContinuousClock.now - last > .milliseconds(500) else { return false }
            last = .now
            return true
        }
        guard due else { return }
        try? update { status, _ in
            guard let step = status.steps.indices.last else { return }
            change(&status.steps[step])
        }
    }

    /// What went wrong without ending the build, for the log and, until the build has ended, for its status.
    func warn(_ text: String) {
        note("warning: \(text)")
        if !state.isTerminal { try? update { status, _ in status.warnings.append(text) } }
    }

    /// A line of Slipway's own in the build's log.
    func note(_ text: String) {
        guard let log = try? Descriptor.open(directory.logPath, .append) else { return }
        try? log.write("[slipway \(clock.now())] \(text.printable(limit: 2000))\n".utf8)
    }
}
