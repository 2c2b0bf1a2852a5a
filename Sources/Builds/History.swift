package import Core
internal import Posix
internal import SQLite
internal import Synchronization

/// The index of all builds in `$STATE/slipway.db`; each build's status.json is the truth that it follows.
package final class History: Sendable {
    private let database: Mutex<Database>
    package let state: String

    /// Opens the index.
    ///
    /// - Parameter state: the state directory; it and the database are made where missing.
    /// - Throws: `SystemError` or `SQLiteError` where that is impossible.
    package init(state: String) throws {
        self.state = state
        try Files.makeDirectory("\(state)/builds")
        let opened = try Database("\(state)/slipway.db")
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
        try opened.execute("CREATE INDEX IF NOT EXISTS builds_by_state ON builds (state, seq)")
        try opened.execute("CREATE INDEX IF NOT EXISTS builds_by_model ON builds (model_name, seq)")
        database = Mutex(opened)
    }

    package func directory(_ id: BuildID) -> BuildDirectory { BuildDirectory(state: state, id: id) }

    /// Runs `body` with the database, which no other thread of this process uses meanwhile.
    @discardableResult
    func withDatabase<Result: Sendable>(_ body: (Database) throws -> Result) throws -> Result {
        try database.withLock { database in try body(database) }
    }

    /// Enters an accepted build.
    package func add(_ id: BuildID, _ order: BuildOrder) throws {
        try withDatabase { database in try Self.insert(id, order, .queued, launchedAt: .null, database) }
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
            (id, state, model_name, model_version, image_name, created_by, created_at, launched_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id.text), .text(state.rawValue), .text(order.modelName),
                .text(String(order.modelVersion)),
                .text(order.imageName), .text(order.createdBy), .integer(Int(order.createdAt.milliseconds)),
                launchedAt,
            ])
    }

    /// How many builds stand before this one and with it in the queue; nil where it is not queued.
    package func queuePosition(of id: BuildID) throws -> Int? {
        try withDatabase { database in
            let rows = try database.execute(
                """
                SELECT COUNT(*) FROM builds WHERE launched_at IS NULL AND state = 'queued'
                AND seq <= (SELECT seq FROM builds WHERE id = ? AND launched_at IS NULL AND state = 'queued')
                """, [.text(id.text)])
            let count = rows.first?.integer(0) ?? 0
            return count > 0 ? count : nil
        }
    }
}
