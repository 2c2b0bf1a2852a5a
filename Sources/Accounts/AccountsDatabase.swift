internal import Core
internal import Posix
internal import SQLite
internal import Synchronization

/// The tables of `$STATE/slipway.db` that all responders share: sessions, failed attempts, the audit, counters.
package final class AccountsDatabase: Sendable {
    private let database: Mutex<Database>

    /// Opens the tables, made where missing.
    ///
    /// - Parameter state: the state directory, made where missing.
    /// - Throws: `SystemError` or `SQLiteError` where that is impossible.
    package init(state: String) throws {
        try Files.makeDirectory(state)
        let opened = try Database("\(state)/slipway.db")
        for statement in Self.schema { try opened.execute(statement) }
        database = Mutex(opened)
    }

    /// Runs `body` with the database, which no other thread of this process uses meanwhile.
    @discardableResult
    func with<Result: Sendable>(_ body: (Database) throws -> Result) throws(Problem) -> Result {
        do {
            return try database.withLock { database in try body(database) }
        } catch {
            throw Problem(
                .temporarilyUnavailable, "the database of sessions and attempts cannot be used",
                hint: "look at Slipway's log, and whether the state directory's disk is full", cause: error)
        }
    }

    private static let schema = [
        """
        CREATE TABLE IF NOT EXISTS sessions (
            id TEXT PRIMARY KEY,
            token_mark TEXT NOT NULL UNIQUE,
            user TEXT NOT NULL,
            store TEXT NOT NULL,
            store_mark TEXT NOT NULL,
            store_administrator INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            address TEXT NOT NULL,
            agent TEXT NOT NULL,
            sealed_password TEXT
        )
        """,
        "CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (user, store)",
        """
        CREATE TABLE IF NOT EXISTS attempts (
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            failures INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            blocked_until INTEGER NOT NULL,
            PRIMARY KEY (kind, name)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX IF NOT EXISTS attempts_by_age ON attempts (last_at)",
        """
        CREATE TABLE IF NOT EXISTS audit (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            action TEXT NOT NULL,
            result TEXT NOT NULL,
            user TEXT,
            method TEXT,
            address TEXT,
            target TEXT,
            detail TEXT,
            request_id TEXT
        )
        """,
        // Nothing that was written there is changed or removed by this program, whatever is wrong in it.
        """
        CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
        """,
        """
        CREATE TRIGGER IF NOT EXISTS audit_is_fixed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
        """,
        "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    ]
}
