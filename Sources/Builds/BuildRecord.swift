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
    private let lastBeat = Mutex(ContinuousClock.now)

    init(_ directory: BuildDirectory, _ status: BuildStatus, _ clock: Clock) {
        self.directory = directory
        self.clock = clock
        self.status = Mutex(status)
    }

    var state: BuildState { status.withLock { $0.state } }

    /// Changes the status and replaces the file; whoever reads it sees all of the change or nothing.
    func update(_ change: (inout BuildStatus, Timestamp) throws -> Void) throws {
        try status.withLock { status in
            let now = clock.now()
            var changed = status
            changed.updatedAt = now
            try change(&changed, now)
            // Whoever took this runner for lost, from where it could not be seen, has told the end.
            guard (try? directory.status())?.state.isTerminal != true else {
                throw Problem(.runnerLost, "the build was given up while its runner was at work")
            }
            try directory.write(changed)
            status = changed
        }
    }

    /// Notes how far the step in hand is, twice a second at most; that it cannot be written fails nothing.
    func progress(done: Int, total: Int?) {
        updateStep(isLast: false) { $0.progress = .init(done: done, total: total) }
    }

    /// Shows that the runner lives while there is nothing to tell, four times a minute.
    func beat() {
        let due = lastBeat.withLock { last in
            guard ContinuousClock.now - last > .seconds(15) else { return false }
            last = .now
            return true
        }
        if due { try? update { _, _ in } }
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

    /// A line of Slipway's own in the build's log.
    func note(_ text: String) {
        guard let log = try? Descriptor.open(directory.logPath, .append) else { return }
        try? log.write("[slipway \(clock.now())] \(text.printable(limit: 2000))\n".utf8)
    }
}
