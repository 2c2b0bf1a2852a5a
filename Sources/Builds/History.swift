package import Core
internal import Posix
internal import SQLite
internal import Synchronization

/// The index of all builds in `slipway.db`; each build's status.json is the truth that it follows.
package final class History: Sendable {
    private let database: Mutex<Database>
    package let state: String

    /// Opens the index.
    ///
    /// - Parameters:
    ///   - state: the state directory; it and the database are made where missing.
    ///   - database: where the database lies; nil for the state directory.
    /// - Throws: `SystemError` or `SQLiteError` where that is impossible.
    package init(state: String, database: String? = nil) throws {
        self.state = state
        try Files.makeDirectory("\(state)/builds")
        if let database { try Files.makeDirectory(database) }
        let opened = try Database("\(database ?? state)/slipway.db")
        try opened.execute(
            """
            CREATE TABLE IF NOT EXISTS builds (
                seq INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                state TEXT NOT NULL,
                model_name TEXT NOT NULL,
                model_version TEXT NOT NULL,
                image_name TEXT NOT NULL,
                created_by TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                launched_at INTEGER
            )
            """)
        try Self.addColumns(opened)
        try opened.execute("CREATE INDEX IF NOT EXISTS builds_by_state ON builds (state, seq)")
        try opened.execute("CREATE INDEX IF NOT EXISTS builds_by_model ON builds (model_name, seq)")
        try Self.recordChanges(opened)
        try opened.execute(
            "CREATE INDEX IF NOT EXISTS builds_by_log ON builds (log_compressed, seq) WHERE log_compressed = 0"
        )
        try opened.execute(
            "CREATE INDEX IF NOT EXISTS builds_by_base_image ON builds (base_image, seq) WHERE state = 'succeeded'"
        )
        self.database = Mutex(opened)
    }

    /// Numbers each build's latest change of state, so that who watches all builds can go on from a number.
    private static func recordChanges(_ database: Database) throws {
        try database.execute(
            """
            CREATE TABLE IF NOT EXISTS changes (
                serial INTEGER PRIMARY KEY AUTOINCREMENT,
                build_id TEXT NOT NULL UNIQUE
            )
            """)
        let triggers = [
            ("entered", "AFTER INSERT ON builds", "new"),
            ("moved", "AFTER UPDATE OF state ON builds WHEN old.state IS NOT new.state", "new"),
            ("removed", "AFTER DELETE ON builds", "old"),
        ]
        for (name, moment, row) in triggers {
            // Not INSERT OR REPLACE: within a trigger the outer statement's way with conflicts holds.
            try database.execute(
                """
                CREATE TRIGGER IF NOT EXISTS build_\(name) \(moment) BEGIN
                    DELETE FROM changes WHERE build_id = \(row).id;
                    INSERT INTO changes (build_id) VALUES (\(row).id);
                END
                """)
        }
    }

    /// What came after the first version of the table.
    private static func addColumns(_ database: Database) throws {
        let columns = [
            "priority": "INTEGER NOT NULL DEFAULT 0", "batch_id": "TEXT", "order_mark": "TEXT",
            "log_compressed": "INTEGER NOT NULL DEFAULT 0", "duration_ms": "INTEGER", "base_image": "TEXT",
        ]
        let known = try database.execute("SELECT name FROM pragma_table_info('builds')").compactMap {
            $0.text(0)
        }
        for (name, type) in columns where !known.contains(name) {
            do {
                try database.execute("ALTER TABLE builds ADD COLUMN \(name) \(type)")
            } catch {
                // Another process may have been faster.
                guard error.message.contains("duplicate column") else { throw error }
            }
        }
    }

    package func directory(_ id: BuildID) -> BuildDirectory { BuildDirectory(state: state, id: id) }

    /// Runs `body` with the database, which no other thread of this process uses meanwhile.
    @discardableResult
    func withDatabase<Result: Sendable>(_ body: (Database) throws -> Result) throws -> Result {
        try database.withLock { database in try body(database) }
    }

    /// Enters an accepted build.
    ///
    /// - Parameters:
    ///   - id: the build's.
    ///   - order: what it was accepted for.
    ///   - isForced: whether it is entered although the same is being built.
    ///   - maxQueued: how many may wait, this one included.
    /// - Returns: the unfinished build of the same order that stands in its place; nil where this one was entered.
    /// - Throws: `requestLimitExceeded` where too many wait.
    package func add(
        _ id: BuildID, _ order: BuildOrder, isForced: Bool = true, maxQueued: Int = .max
    ) throws -> BuildID? {
        let mark = try order.mark
        return try withDatabase { database in
            try database.immediately {
                if !isForced {
                    let same = try database.execute(
                        "SELECT id FROM builds WHERE order_mark = ? AND state NOT IN (\(Self.ended)) LIMIT 1",
                        [.text(mark)])
                    if let id = same.first?.text(0).flatMap({ BuildID($0) }) { return id }
                }
                let queued = try database.execute(
                    "SELECT COUNT(*) FROM builds WHERE state = 'queued' AND launched_at IS NULL")
                if let count = queued.first?.integer(0), count >= maxQueued {
                    var problem = Problem(
                        .requestLimitExceeded, "\(count) builds wait already, and no more may",
                        hint: "try again later, or raise builds.max_queued")
                    problem.retryAfter = 60
                    throw problem
                }
                try Self.insert(id, order, .queued, launchedAt: .null, database)
                return nil
            }
        }
    }

    /// Builds that were launched and have not ended, oldest first.
    func launched() throws -> [BuildID] {
        try withDatabase { database in
            try database.execute(
                "SELECT id FROM builds WHERE launched_at IS NOT NULL AND state NOT IN (\(Self.ended)) ORDER BY seq"
            )
        }.compactMap { $0.text(0).flatMap { BuildID($0) } }
    }

    /// States that nothing follows, as SQL.
    static let ended = "'succeeded', 'failed', 'cancelled'"

    /// Ended builds that are older than a moment, or have `count` newer ones after them.
    func old(before moment: Timestamp?, keeping count: Int?) throws -> [BuildID] {
        try withDatabase { database in
            var ids: [String] = []
            if let moment {
                ids += try database.execute(
                    "SELECT id FROM builds WHERE state IN (\(Self.ended)) AND created_at < ? ORDER BY seq",
                    [.integer(Int(moment.milliseconds))]
                ).compactMap { $0.text(0) }
            }
            if let count {
                ids += try database.execute(
                    "SELECT id FROM builds WHERE state IN (\(Self.ended)) ORDER BY seq DESC LIMIT -1 OFFSET ?",
                    [.integer(count)]
                ).compactMap { $0.text(0) }.reversed()
            }
            var seen: Set<String> = []
            return ids.filter { seen.insert($0).inserted }.compactMap { BuildID($0) }
        }
    }

    /// Forgets a build that has ended, with all its files.
    ///
    /// - Returns: false where it has not ended.
    package func remove(_ id: BuildID) throws -> Bool {
        let path = directory(id).path
        // Another name first: what is half removed must not be taken for a build again.
        let rest = "\(state)/builds/.\(id).removed"
        let isEnded = try withDatabase { database in
            try database.immediately {
                let rows = try database.execute(
                    "SELECT 1 FROM builds WHERE id = ? AND state IN (\(Self.ended))", [.text(id.text)])
                guard !rows.isEmpty else { return false }
                do throws(SystemError) {
                    try Files.move(path, to: rest)
                } catch {
                    // Somebody has removed the files by hand: the row alone is left to go.
                    guard error.isNotFound else { throw error }
                }
                try database.execute("DELETE FROM builds WHERE id = ?", [.text(id.text)])
                return true
            }
        }
        if isEnded { try Files.remove(rest) }
        return isEnded
    }

    /// Enters builds whose directory is there but whose row is not: a crash lay between the two, or the index is new.
    package func adoptStrays() throws {
        let known = try withDatabase { database in
            Set(try database.execute("SELECT id FROM builds").compactMap { $0.text(0) })
        }
        let strays = try Files.names(in: "\(state)/builds").filter { !known.contains($0) }
            .compactMap { BuildID($0).map(directory) }
            .compactMap { directory in (try? directory.order()).map { (directory, $0) } }
            .sorted { $0.1.createdAt < $1.1.createdAt }
        for (directory, order) in strays {
            let state = (try? directory.status())?.state ?? .failed
            let launchedAt: Database.Value =
                state == .queued ? .null : .integer(Int(order.createdAt.milliseconds))
            try withDatabase { database in
                try Self.insert(directory.id, order, state, launchedAt: launchedAt, database)
            }
        }
    }

    private static func insert(
        _ id: BuildID, _ order: BuildOrder, _ state: BuildState, launchedAt: Database.Value,
        _ database: Database
    ) throws {
        try database.execute(
            """
            INSERT OR IGNORE INTO builds
            (id, state, model_name, model_version, image_name, created_by, created_at, launched_at, priority, batch_id,
            order_mark) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id.text), .text(state.rawValue), .text(order.modelName),
                .text(String(order.modelVersion)),
                .text(order.imageName), .text(order.createdBy), .integer(Int(order.createdAt.milliseconds)),
                launchedAt, .integer(order.batchID == nil ? 0 : 1), order.batchID.map { .text($0) } ?? .null,
                .text(try order.mark),
            ])
    }

    /// The builds whose state changed after a change, oldest change first.
    ///
    /// - Parameters:
    ///   - serial: that change's number; nil for the latest of all changes alone.
    ///   - limit: how many at most.
    /// - Returns: them with their numbers.
    /// - Throws: `SQLiteError`.
    func changes(after serial: Int?, limit: Int) throws -> [HistoryWatch.Change] {
        try withDatabase { database in
            let rows =
                if let serial {
                    try database.execute(
                        "SELECT serial, build_id FROM changes WHERE serial > ? ORDER BY serial LIMIT ?",
                        [.integer(serial), .integer(limit)])
                } else {
                    try database.execute(
                        "SELECT serial, build_id FROM changes ORDER BY serial DESC LIMIT 1")
                }
            return rows.compactMap { row in
                guard let serial = row.integer(0), let id = row.text(1).flatMap({ BuildID($0) }) else {
                    return nil
                }
                return HistoryWatch.Change(serial: serial, id: id)
            }
        }
    }

    /// How many builds wait, and how many were started and have not ended.
    package func counts() throws -> (waiting: Int, working: Int) {
        try withDatabase { database in
            let rows = try database.execute(
                """
                SELECT COUNT(*), COUNT(launched_at) FROM builds WHERE state NOT IN (\(Self.ended))
                """)
            guard let all = rows.first?.integer(0), let working = rows.first?.integer(1) else {
                return (0, 0)
            }
            return (all - working, working)
        }
    }

    /// The builds that wait, the next one first.
    func queue() throws -> [BuildID] {
        try withDatabase { database in
            try database.execute(
                "SELECT id FROM builds WHERE launched_at IS NULL AND state = 'queued' ORDER BY priority, seq"
            ).compactMap { $0.text(0).flatMap { BuildID($0) } }
        }
    }

    /// How many builds stand before this one and with it in the queue; nil where it is not queued.
    package func queuePosition(of id: BuildID) throws -> Int? {
        try withDatabase { database in
            let rows = try database.execute(
                """
                SELECT COUNT(*) FROM builds WHERE launched_at IS NULL AND state = 'queued'
                AND (priority, seq) <= (SELECT priority, seq FROM builds
                WHERE id = ? AND launched_at IS NULL AND state = 'queued')
                """, [.text(id.text)])
            let count = rows.first?.integer(0) ?? 0
            return count > 0 ? count : nil
        }
    }
}
