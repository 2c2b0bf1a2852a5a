package import Core
internal import Posix
internal import SQLite

/// Starts runners for queued builds and notices runners that are gone.
package struct Dispatcher: Sendable {
    /// How long a runner that was started may take until it holds its lease.
    private static let graceMilliseconds = 5000

    private let history: History
    private let launcher: Launcher
    private let maxParallel: Int
    private let clock: Clock
    private let log = Log("dispatch")

    package init(history: History, launcher: Launcher, maxParallel: Int, clock: Clock = .system) {
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
            let running = try follow(database)
            try launch(database, places: maxParallel - running)
        }
    }

    /// As `dispatch`, but starts nothing.
    package func refresh() throws {
        try withUnfinished { database in _ = try follow(database) }
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

    /// - Returns: how many launched builds have not ended.
    private func follow(_ database: Database) throws -> Int {
        var running = 0
        for (id, launchedAt) in try launched(database) {
            let state = try follow(id, launchedAt: launchedAt)
            try database.execute(
                "UPDATE builds SET state = ? WHERE id = ?", [.text(state.rawValue), .text(id.text)])
            if !state.isTerminal { running += 1 }
        }
        return running
    }

    private static let unfinished = "state NOT IN ('succeeded', 'failed', 'cancelled')"

    private func launched(_ database: Database) throws -> [(BuildID, launchedAt: Int)] {
        try database.execute(
            "SELECT id, launched_at FROM builds WHERE \(Self.unfinished) AND launched_at IS NOT NULL"
        ).compactMap { row in
            guard let id = row.text(0).flatMap({ BuildID($0) }), let moment = row.integer(1) else {
                return nil
            }
            return (id, moment)
        }
    }

    private func launch(_ database: Database, places: Int) throws {
        guard places > 0 else { return }
        let next = try database.execute(
            "SELECT id FROM builds WHERE state = 'queued' AND launched_at IS NULL ORDER BY seq LIMIT ?",
            [.integer(places)])
        for id in next.compactMap({ $0.text(0).flatMap { BuildID($0) } }) {
            do {
                try launcher.launch(history.directory(id))
            } catch {
                log.error("a runner cannot be started", ["build": id, "cause": error])
                throw error
            }
            try database.execute(
                "UPDATE builds SET launched_at = ? WHERE id = ?",
                [.integer(Int(clock.now().milliseconds)), .text(id.text)])
        }
    }

    /// The state that a launched build is in, after recording the end of one whose runner is gone.
    private func follow(_ id: BuildID, launchedAt: Int) throws -> BuildState {
        let directory = history.directory(id)
        guard let status = try readable(directory) else { return .failed }
        if status.state.isTerminal { return status.state }
        // An age below zero means that the clock was set back: such a moment says nothing.
        let age = Int(clock.now().milliseconds) - launchedAt
        if (0..<Self.graceMilliseconds).contains(age) { return status.state }
        guard let lease = try directory.takeLease() else { return status.state }
        defer { withExtendedLifetime(lease) {} }
        // The runner may have ended between the first look and the lease.
        guard let last = try readable(directory), !last.state.isTerminal else {
            return try readable(directory)?.state ?? .failed
        }
        try directory.write(last.lost(at: clock.now()))
        try? Files.remove(directory.contextPath)
        log.warning("a runner was lost", ["build": id])
        return .failed
    }

    /// nil where the directory is gone or its status cannot be understood.
    private func readable(_ directory: BuildDirectory) throws -> BuildStatus? {
        guard let bytes = try directory.statusBytes() else { return nil }
        return try? BuildStatus.decode(bytes)
    }
}

/// Starts one build's runner, detached from whoever asks.
package struct Launcher: Sendable {
    private let program: String
    private let arguments: [String]
    private let environment: [String: String]

    /// Knows how to start a runner.
    ///
    /// - Parameters:
    ///   - program: path of the `slipway` executable.
    ///   - arguments: what stands after `build ID`, such as where the settings are.
    ///   - environment: the runner's whole environment.
    package init(program: String, arguments: [String], environment: [String: String]) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
    }

    /// The runner has a session of its own and writes to the build's log; it outlives this process.
    func launch(_ directory: BuildDirectory) throws {
        let log = try Descriptor.open(directory.logPath, .append)
        let child = try ChildProcess.start(
            program, ["build", directory.id.text] + arguments, environment: environment, output: log,
            error: log,
            group: .session)
        // Somebody has to take note of its end, or it stays as a zombie while this process lives.
        try Threads.detach { _ = child.wait() }
    }
}
