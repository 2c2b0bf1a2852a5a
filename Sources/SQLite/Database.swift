internal import CSQLite
internal import Core

/// A call of SQLite that failed.
package struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// SQLite's extended result code (https://www.sqlite.org/rescode.html).
    package let code: Int32
    /// SQLite's words; bound values never show.
    package let message: String

    package var description: String { "SQLite error \(code): \(message)" }
}

/// One connection to one database file, for one thread at a time.
package final class Database {
    private let handle: OpaquePointer
    private let path: String
    private var statements: [String: OpaquePointer] = [:]

    /// Opens a database, made if missing, in WAL mode.
    ///
    /// A crash of the program loses nothing; a power failure may lose the last transactions, never half of one
    /// (https://www.sqlite.org/pragma.html#pragma_synchronous, NORMAL).
    ///
    /// - Parameters:
    ///   - path: a file, or `:memory:`.
    ///   - busySeconds: how long a call waits for other connections' locks.
    /// - Throws: `SQLiteError` where the file is none or cannot be opened.
    package init(_ path: String, busySeconds: Int = 30) throws(SQLiteError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw SQLiteError(code: code, message: "\(path): \(message)")
        }
        handle = opened
        self.path = path
        sqlite3_busy_timeout(handle, Int32(busySeconds * 1000))
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = NORMAL")
        try execute("PRAGMA foreign_keys = ON")
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// A value to bind or that was read.
    package enum Value: Sendable, Equatable {
        case null
        case integer(Int)
        case text(String)
    }

    /// One row of a result.
    package struct Row: Sendable {
        fileprivate let values: [Value]

        package func text(_ column: Int) -> String? {
            guard case .text(let text) = values[column] else { return nil }
            return text
        }

        package func integer(_ column: Int) -> Int? {
            guard case .integer(let number) = values[column] else { return nil }
            return number
        }
    }

    /// Runs one statement and returns its rows.
    ///
    /// Values are bound, never written into `sql`.
    @discardableResult
    package func execute(_ sql: String, _ values: [Value] = []) throws(SQLiteError) -> [Row] {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(statement, position)
                case .integer(let number): sqlite3_bind_int64(statement, position, sqlite3_int64(number))
                case .text(let text):
                    slipway_bind_text(statement, position, text, Int32(text.utf8.count))
                }
            guard code == SQLITE_OK else { throw failure(code) }
        }
        var rows: [Row] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else { throw failure(code) }
            rows.append(Row(values: (0..<sqlite3_column_count(statement)).map { Self.read(statement, $0) }))
        }
    }

    /// Runs `body` in one transaction that holds the write lock from its start; an error undoes all of it.
    package func immediately<Result>(_ body: () throws -> Result) throws -> Result {
        try begin()
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Begins a transaction that holds the write lock from its start; `immediately` also ends it.
    package func begin() throws(SQLiteError) { try execute("BEGIN IMMEDIATE") }

    package func commit() throws(SQLiteError) { try execute("COMMIT") }

    package func rollBack() { _ = try? execute("ROLLBACK") }

    private func prepare(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        if let known = statements[sql] { return known }
        // Statements with built conditions are many; those that count are few and soon back.
        if statements.count >= 64 {
            for statement in statements.values { sqlite3_finalize(statement) }
            statements = [:]
        }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw failure(code) }
        statements[sql] = prepared
        return prepared
    }

    private static func read(_ statement: OpaquePointer, _ column: Int32) -> Value {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(Int(sqlite3_column_int64(statement, column)))
        case SQLITE_NULL: return .null
        default:
            guard let text = sqlite3_column_text(statement, column) else { return .null }
            return .text(String(cString: text))
        }
    }

    private func failure(_ code: Int32) -> SQLiteError {
        var message = String(cString: sqlite3_errmsg(handle))
        // SQLite's own words for a full, broken or read-only disk do not say where that is.
        if [SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_FULL, SQLITE_READONLY].contains(code & 0xFF) {
            message = "\(path): \(message)"
        }
        return SQLiteError(code: code, message: message)
    }
}
