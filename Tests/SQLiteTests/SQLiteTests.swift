import Posix
import SQLite
import Synchronization
import TestSupport
import Testing

@Suite("A database")
struct SQLiteTests {
    private struct Undo: Error {}

    @Test(
        "gives back every value that was bound to it",
        arguments: [
            .null, .integer(0), .integer(-1), .integer(.max), .integer(.min), .text(""),
            .text("it's \"x\"; --"),
            .text("\u{E4} \u{1F680} \u{202E}\n"), .text("5"), .text(String(repeating: "x", count: 1_000_000)),
        ] as [Database.Value])
    func values(_ value: Database.Value) throws {
        let database = try Database(":memory:")
        try database.execute("CREATE TABLE t (v)")
        try database.execute("INSERT INTO t VALUES (?)", [value])
        let row = try #require(try database.execute("SELECT v, v IS ? FROM t", [value]).first)
        switch value {
        case .null:
            #expect(row.text(0) == nil)
            #expect(row.integer(0) == nil)
        case .integer(let number):
            #expect(row.integer(0) == number)
            #expect(row.text(0) == nil)
        case .text(let text):
            #expect(row.text(0) == text)
            #expect(row.integer(0) == nil)
        }
        #expect(row.integer(1) == 1)
    }

    @Test("gives rows in order")
    func rows() throws {
        let database = try Database(":memory:")
        try database.execute("CREATE TABLE t (n INTEGER, name TEXT)")
        let insert = "INSERT INTO t VALUES (?, ?)"
        for number in 1...3 { try database.execute(insert, [.integer(number), .text("n\(number)")]) }
        let rows = try database.execute("SELECT name, n FROM t WHERE n > ? ORDER BY n DESC", [.integer(1)])
        #expect(rows.map { $0.text(0) } == ["n3", "n2"])
        try database.execute("UPDATE t SET name = NULL")
        #expect(try database.execute("SELECT n FROM t WHERE name IS NULL").count == 3)
        #expect(try database.execute("SELECT n FROM t WHERE n > 3").isEmpty)
    }

    @Test("undoes a transaction that throws and keeps one that does not")
    func transactions() throws {
        let database = try Database(":memory:")
        try database.execute("CREATE TABLE t (n UNIQUE)")
        let count = try database.immediately {
            try database.execute("INSERT INTO t VALUES (1)")
            return try database.execute("SELECT n FROM t").count
        }
        #expect(count == 1)
        #expect(throws: Undo.self) {
            try database.immediately {
                try database.execute("INSERT INTO t VALUES (2)")
                throw Undo()
            }
        }
        #expect(throws: SQLiteError.self) {
            try database.immediately {
                try database.execute("INSERT INTO t VALUES (3)")
                try database.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(try database.execute("SELECT n FROM t").map { $0.integer(0) } == [1])
        // Neither left a transaction open.
        try database.immediately {}
    }

    @Test("of one connection is seen by another, once it is committed")
    func twoConnections() throws {
        let directory = try TemporaryDirectory()
        let writer = try Database(directory.file("x.db"))
        let reader = try Database(directory.file("x.db"), busySeconds: 0)
        #expect(try reader.execute("PRAGMA journal_mode").first?.text(0) == "wal")
        try writer.execute("CREATE TABLE t (n)")
        try writer.immediately {
            try writer.execute("INSERT INTO t VALUES (1)")
            // Readers go on under a writer; a second writer has to wait.
            #expect(try reader.execute("SELECT count(*) FROM t").first?.integer(0) == 0)
            let error = #expect(throws: SQLiteError.self) { try reader.immediately {} }
            #expect(error?.code == 5)
        }
        #expect(try reader.execute("SELECT count(*) FROM t").first?.integer(0) == 1)
        #expect(try Database(directory.file("x.db")).execute("SELECT n FROM t").first?.integer(0) == 1)
    }

    @Test("counts right under several writers that wait for each other")
    func contention() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("x.db")
        try Database(path).execute("CREATE TABLE t (n)")
        try Database(path).execute("INSERT INTO t VALUES (0)")
        let failures = Mutex<[String]>([])
        Threads.concurrently(4) { _ in
            do {
                let database = try Database(path)
                for _ in 0..<10 {
                    try database.immediately {
                        let number = try database.execute("SELECT n FROM t").first?.integer(0) ?? 0
                        try database.execute("UPDATE t SET n = ?", [.integer(number + 1)])
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 }.isEmpty)
        #expect(try Database(path).execute("SELECT n FROM t").first?.integer(0) == 40)
    }

    @Test("keeps foreign keys")
    func foreignKeys() throws {
        let database = try Database(":memory:")
        try database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        try database.execute("CREATE TABLE b (a REFERENCES a (id))")
        let error = #expect(throws: SQLiteError.self) { try database.execute("INSERT INTO b VALUES (1)") }
        #expect(error.map { $0.code & 0xFF } == 19)
    }

    @Test("tells in an error what is wrong, never a bound value")
    func errors() throws {
        let database = try Database(":memory:")
        try database.execute("CREATE TABLE t (n TEXT UNIQUE NOT NULL CHECK (n <> 'x'))")
        let insert = "INSERT INTO t VALUES (?)"
        try database.execute(insert, [.text("hunter2")])
        let constraint = #expect(throws: SQLiteError.self) {
            try database.execute(insert, [.text("hunter2")])
        }
        #expect(constraint.map { $0.code & 0xFF } == 19)
        #expect(constraint?.description.contains("t.n") == true)
        #expect(constraint?.description.contains("hunter2") == false)
        let many = #expect(throws: SQLiteError.self) {
            try database.execute(insert, [.text("a"), .text("hunter2")])
        }
        #expect(many?.code == 25)
        #expect(many?.description.contains("hunter2") == false)
        let syntax = #expect(throws: SQLiteError.self) { try database.execute("SELEC") }
        #expect(syntax?.description.contains("syntax error") == true)
        // The statement that failed works again, without what was bound before.
        try database.execute(insert, [.text("b")])
        let unbound = #expect(throws: SQLiteError.self) { try database.execute(insert) }
        #expect(unbound?.description.contains("NOT NULL") == true)
        #expect(try database.execute("SELECT n FROM t ORDER BY n").map { $0.text(0) } == ["b", "hunter2"])
    }

    @Test("that is none is refused by its path")
    func notADatabase() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(String(repeating: "no database ", count: 100), to: "x.db")
        #expect(throws: SQLiteError.self) { try Database(file) }
        let error = #expect(throws: SQLiteError.self) { try Database(directory.file("missing/x.db")) }
        #expect(error?.message.hasPrefix(directory.file("missing/x.db")) == true)
    }
}
