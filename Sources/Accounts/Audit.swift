package import Core
internal import SQLite

/// Who did what, from where, with what result; written to and read, never changed.
package struct Audit: Sendable {
    /// What can be done here.
    package enum Action: String, Sendable, CaseIterable {
        case signIn = "sign-in"
        case signOut = "sign-out"
        case revokeSession = "revoke-session"
        case submit, cancel, retry, delete
        /// A request that was refused for who sent it or from where.
        case request
        case reload
    }

    package enum Result: String, Sendable, CaseIterable { case succeeded, refused, failed }

    /// One line of the audit.
    package struct Entry: Sendable {
        /// Grows with time.
        package var number = 0
        package var at: Timestamp?
        package var action: Action
        package var result: Result
        package var user: String?
        /// How the user was known: `basic` or `session`, and the store: `basic htpasswd`.
        package var method: String?
        package var address: String?
        /// What was acted on, such as a build's id or `METHOD path`.
        package var target: String?
        /// Why, in words.
        package var detail: String?
        package var requestID: String?

        package init(
            _ action: Action, _ result: Result, user: String? = nil, method: String? = nil,
            address: String? = nil, target: String? = nil, detail: String? = nil, requestID: String? = nil
        ) {
            self.action = action
            self.result = result
            self.user = user
            self.method = method
            self.address = address
            self.target = target
            self.detail = detail
            self.requestID = requestID
        }
    }

    /// Which lines are asked for; all conditions hold at once.
    package struct Filter: Sendable {
        package var user: String?
        package var action: Action?
        package var result: Result?
        package var address: String?
        package var after: Timestamp?
        package var before: Timestamp?
        /// Only lines with smaller numbers: the page before.
        package var below: Int?
        /// 1 to 1000.
        package var limit = 100

        package init() {}
    }

    private let database: AccountsDatabase
    private let clock: Clock
    private let log = Log("audit")

    package init(_ database: AccountsDatabase, clock: Clock = .system) {
        self.database = database
        self.clock = clock
    }

    /// Writes a line; where that is impossible, the log has it.
    package func record(_ entry: Entry) {
        func text(_ value: String?) -> Database.Value {
            value.map { .text($0.printable(limit: 300)) } ?? .null
        }
        let now = clock.now()
        do throws(Problem) {
            try database.write { database in
                try database.execute(
                    """
                    INSERT INTO audit (at, action, result, user, method, address, target, detail, request_id)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        .integer(Int(now.milliseconds)), .text(entry.action.rawValue),
                        .text(entry.result.rawValue),
                        text(entry.user), text(entry.method), text(entry.address), text(entry.target),
                        text(entry.detail), text(entry.requestID),
                    ])
            }
        } catch {
            log.error(
                "a line could not be written",
                [
                    "action": entry.action.rawValue, "result": entry.result.rawValue,
                    "user": entry.user ?? "",
                    "target": entry.target ?? "", "cause": error,
                ])
        }
    }

    /// The lines that a filter lets through, newest first.
    package func list(_ filter: Filter) throws(Problem) -> [Entry] {
        var conditions: [String] = []
        var values: [Database.Value] = []
        func add(_ condition: String, _ value: Database.Value?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        add("user = ?", filter.user.map { .text($0) })
        add("action = ?", filter.action.map { .text($0.rawValue) })
        add("result = ?", filter.result.map { .text($0.rawValue) })
        add("address = ?", filter.address.map { .text($0) })
        add("at > ?", filter.after.map { .integer(Int($0.milliseconds)) })
        add("at < ?", filter.before.map { .integer(Int($0.milliseconds)) })
        add("seq < ?", filter.below.map { .integer($0) })
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let rows = try database.read { database in
            try database.execute(
                """
                SELECT seq, at, action, result, user, method, address, target, detail, request_id
                FROM audit \(condition) ORDER BY seq DESC LIMIT ?
                """, values + [.integer(filter.limit)])
        }
        return rows.compactMap { row in
            guard let number = row.integer(0), let at = row.integer(1),
                let action = row.text(2).flatMap(Action.init), let result = row.text(3).flatMap(Result.init)
            else { return nil }
            var entry = Entry(
                action, result, user: row.text(4), method: row.text(5), address: row.text(6),
                target: row.text(7),
                detail: row.text(8), requestID: row.text(9))
            entry.number = number
            entry.at = Timestamp(milliseconds: Int64(at))
            return entry
        }
    }
}
