package import Core
internal import Posix
internal import SQLite

/// Has runners started for queued builds and notices runners that are gone.
package struct Dispatcher: Sendable {
    private let history: History
    private let launcher: any Launcher
    private let maxParallel: Int
    private let clock: Clock
    private let log = Log("dispatch")

    package init(history: History, launcher: any Launcher, maxParallel: Int, clock: Clock = .system) {
        self.history = history
        self.launcher = launcher
        self.maxParallel = maxParallel
        self.clock = clock
    }

    /// Brings the index up to the status files, records lost runners as failed, and fills free places, oldest first.
    ///
    /// Anyone may call it at any time, any number of processes at once: all happens in one immediate transaction, and
    /// a runner that is started twice finds its lease taken.
    package func dispatch() throws {
        try withUnfinished { database in
            let outcome = try follow(database)
            try launch(database, places: maxParallel - outcome.running)
        }
    }

    /// Brings the index up to the status files, as a reader needs it.
    ///
    /// It starts nothing, unless it is the one who finds a runner gone: then the place is filled as at any runner's end.
    package func refresh() throws {
        try withUnfinished { database in
            let outcome = try follow(database)
            if outcome.lost > 0 { try launch(database, places: maxParallel - outcome.running) }
        }
    }

    /// Ends a build: at once where no runner has it, else by asking its runner, who looks a few times a second.
    ///
    /// - Returns: false where it has ended already.
    package func cancel(_ id: BuildID, by user: String) throws -> Bool {
        let directory = history.directory(id)
        let isCancelled: Bool? = try history.withDatabase { database in
            try database.immediately {
                guard let status = readable(directory), !status.state.isTerminal else { return false }
                try directory.requestCancel(by: user)
                let waiting = try database.execute(
                    "SELECT 1 FROM builds WHERE id = ? AND state = 'queued' AND launched_at IS NULL",
                    [.text(id.text)])
                guard !waiting.isEmpty, let lease = try directory.takeLease() else { return nil }
                defer { withExtendedLifetime(lease) {} }
                try directory.write(status.cancelled(at: clock.now()))
                try database.execute("UPDATE builds SET state = 'cancelled' WHERE id = ?", [.text(id.text)])
                return true
            }
        }
        if isCancelled == nil { log.info("a runner is asked to end", ["build": id, "user": user]) }
        return isCancelled != false
    }

    /// Runs `body` in an immediate transaction, unless all builds have ended.
    private func withUnfinished(_ body: (Database) throws -> Void) throws {
        try history.withDatabase { database in
            if try database.execute("SELECT 1 FROM builds WHERE \(Self.unfinished) LIMIT 1").isEmpty {
                return
            }
            try database.immediately { try body(database) }
        }
    }

    private static let unfinished = "state NOT IN ('succeeded', 'failed', 'cancelled')"

    /// - Returns: how many launched builds have not ended, and how many runners were found gone.
    private func follow(_ database: Database) throws -> (running: Int, lost: Int) {
        let rows = try database.execute(
            "SELECT id, launched_at FROM builds WHERE \(Self.unfinished) AND launched_at IS NOT NULL")
        var running = 0
        var lost = 0
        for row in rows {
            guard let id = row.text(0).flatMap({ BuildID($0) }), var launchedAt = row.integer(1) else {
                continue
            }
            let now = Int(clock.now().milliseconds)
            // The clock was set back: the grace period begins again.
            if launchedAt > now { launchedAt = now }
            let (state, isLost) = try look(
                at: history.directory(id), launchedFor: .milliseconds(now - launchedAt))
            try database.execute(
                "UPDATE builds SET state = ?, launched_at = ? WHERE id = ?",
                [.text(state.rawValue), .integer(launchedAt), .text(id.text)])
            if !state.isTerminal { running += 1 }
            if state.isTerminal, let end = readable(history.directory(id)) {
                try history.noteEnd(of: end, database)
            }
            if isLost { lost += 1 }
        }
        return (running, lost)
    }

    private func launch(_ database: Database, places: Int) throws {
        guard places > 0 else { return }
        let next = try database.execute(
            "SELECT id FROM builds WHERE state = 'queued' AND launched_at IS NULL ORDER BY priority, seq LIMIT ?",
            [.integer(places)])
        for id in next.compactMap({ $0.text(0).flatMap { BuildID($0) } }) {
            let directory = history.directory(id)
            // Who accepted it may have ended before this.
            try directory.establish()
            try directory.mendWaiting()
            guard readable(directory) != nil else {
                log.error("a queued build's files are gone", ["build": id])
                try database.execute("UPDATE builds SET state = 'failed' WHERE id = ?", [.text(id.text)])
                continue
            }
            do {
                try launcher.launch(directory)
            } catch {
                // It stays queued, as do those behind it; what is wrong with this one is wrong with them.
                log.error("a runner cannot be started", ["build": id, "cause": error])
                return
            }
            try database.execute(
                "UPDATE builds SET launched_at = ? WHERE id = ?",
                [.integer(Int(clock.now().milliseconds)), .text(id.text)])
        }
    }

    /// The state that a launched build is in, after recording the end of one whose runner is gone.
    ///
    /// - Parameters:
    ///   - directory: the build's.
    ///   - age: how long ago it was launched.
    /// - Returns: the state, and whether its runner was found gone just now.
    /// - Throws: what keeps the loss from being recorded.
    private func look(at directory: BuildDirectory, launchedFor age: Duration) throws -> (
        BuildState, isLost: Bool
    ) {
        guard let status = readable(directory) else { return (.failed, false) }
        if status.state.isTerminal { return (status.state, false) }
        guard launcher.hasGivenUp(directory, launchedFor: age) else { return (status.state, false) }
        guard let lease = try directory.takeLease() else { return (status.state, false) }
        defer { withExtendedLifetime(lease) {} }
        // The runner may have ended between the first look and the lease.
        guard let last = readable(directory) else { return (.failed, false) }
        if last.state.isTerminal { return (last.state, false) }
        let end =
            directory.isCancelRequested
            ? last.cancelled(at: clock.now())
            : last.lost(at: clock.now(), logEnd: directory.lastLogLine, job: directory.job)
        // Before the end is told: who learns of it may look whether all is gone.
        try? Files.remove(directory.contextPath)
        try directory.write(end)
        log.warning("a runner was lost", ["build": directory.id, "state": end.state.rawValue])
        return (end.state, true)
    }

    /// nil where the directory is gone, or neither its status nor its order can be understood.
    private func readable(_ directory: BuildDirectory) -> BuildStatus? { directory.knownStatus }
}
