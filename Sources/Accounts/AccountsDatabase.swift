internal import Core
internal import Posix
internal import SQLite
internal import Synchronization

/// The tables of `slipway.db` that all responders share: sessions, failed attempts, the audit, counters.
package final class AccountsDatabase: Sendable {
    private let writer: Mutex<Database>
    /// Reading waits for nobody's writing.
    private let reader: Mutex<Database>

    /// Opens the tables, made where missing.
    ///
    /// - Parameter state: the database's directory, made where missing.
    /// - Throws: `SystemError` or `SQLiteError` where that is impossible.
    package init(state: String) throws {
        try Files.makeDirectory(state)
        // A sign-in that waits holds a thread: better to say soon that something is wrong.
        let writer = try Database("\(state)/slipway.db", busySeconds: 2)
        for statement in Self.schema { try writer.execute(statement) }
        self.writer = Mutex(writer)
        reader = Mutex(try Database("\(state)/slipway.db", busySeconds: 2))
    }

    /// Reads, and waits for no other process.
    func read<Result: Sendable>(_ body: (Database) throws -> Result) throws(Problem) -> Result {
        do {
            return try reader.withLock { database in try body(database) }
        } catch {
            throw Self.unusable(error)
        }
    }

    /// Runs `body` in one transaction that holds the write lock from its start.
    @discardableResult
    func write<Result: Sendable>(_ body: (Database) throws -> Result) throws(Problem) -> Result {
        do {
            return try writer.withLock { database in
                try database.begin()
                do {
                    let result = try body(database)
                    try database.commit()
                    return result
                } catch {
                    database.rollBack()
                    throw error
                }
            }
        } catch {
            throw Self.unusable(error)
        }
    }

    private static func unusable(_ cause: any Error) -> Problem {
        (cause as? Problem)
            ?? Problem(
                .temporarilyUnavailable, "the database of sessions and attempts cannot be used",
                hint: "try again; an administrator finds the reason in Slipway's log", cause: cause)
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
