package import Core
internal import Crypto
internal import FoundationEssentials
internal import SQLite

/// One browser that somebody has signed in with.
package struct Session: Sendable {
    /// Names the session to people; it opens nothing.
    package let id: String
    package let user: UserName
    package let store: StoreKind
    package let createdAt: Timestamp
    package let seenAt: Timestamp
    package let address: String
    /// The browser as it calls itself.
    package let agent: String

    let storeMark: String
    let storeSaysAdministrator: Bool
    /// The user's password, for stores that have to be asked again; only the token opens it.
    let sealedPassword: [UInt8]?
}

/// The sessions of all responders.
package struct Sessions: Sendable {
    /// A session ends when it was not used for so long, and when it is so old.
    package struct Limits: Sendable {
        /// Minutes.
        package let idle: Int
        /// Hours.
        package let absolute: Int

        package init(idle: Int, absolute: Int) {
            self.idle = idle
            self.absolute = absolute
        }
    }

    /// Of one user; the oldest ends for a further one.
    static let mostOfUser = 20
    private static let purpose = "the password of a session's user"

    private let database: AccountsDatabase
    private let limits: Limits
    private let clock: Clock

    init(_ database: AccountsDatabase, _ limits: Limits, clock: Clock) {
        self.database = database
        self.limits = limits
        self.clock = clock
    }

    /// 256 random bits, in base64 that needs no escape in a cookie.
    private static func newToken() -> String {
        encode((0..<32).map { _ in UInt8.random(in: .min ... .max) })
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    /// What of a token is kept: whoever reads the database cannot use it.
    private static func mark(_ token: String) -> String { SHA256.hex("slipway session \(token)".utf8) }

    /// Whether a text could be a token at all.
    private static func isToken(_ text: String) -> Bool {
        text.utf8.count == 43 && text.wholeMatch(of: /[A-Za-z0-9_-]{43}/) != nil
    }

    /// Begins a session under a new token, which is returned and kept nowhere.
    ///
    /// With `keepsPassword` the password is kept, sealed by the token, for a store that has to be asked again.
    func begin(
        _ credentials: Credentials, _ store: StoreKind, _ user: VerifiedUser, storeMark: String,
        keepsPassword: Bool, address: String, agent: String
    ) throws(Problem) -> Secret {
        let token = Self.newToken()
        var sealed: String?
        if keepsPassword {
            guard
                let bytes = Sealed.seal(
                    credentials.password, key: Array(token.utf8), purpose: Self.purpose)
            else { throw Problem(.internalError, "a password could not be sealed") }
            sealed = Data(bytes).base64EncodedString()
        }
        let now = Int(clock.now().milliseconds)
        try database.write { database in
            try Self.deleteEnded(now, limits, database)
            try database.execute(
                """
                DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user = ? AND store = ?
                ORDER BY seen_at DESC LIMIT -1 OFFSET ?)
                """, [.text(credentials.user.text), .text(store.rawValue), .integer(Self.mostOfUser - 1)])
            try database.execute(
                """
                INSERT INTO sessions (id, token_mark, user, store, store_mark, store_administrator,
                created_at, seen_at, address, agent, sealed_password) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(String(SHA256.hex("slipway session id \(token)".utf8).prefix(16))),
                    .text(Self.mark(token)), .text(credentials.user.text), .text(store.rawValue),
                    .text(storeMark), .integer(user.isStoreAdministrator ? 1 : 0), .integer(now),
                    .integer(now), .text(address), .text(agent.printable(limit: 200)),
                    sealed.map { .text($0) } ?? .null,
                ])
        }
        return Secret(token)
    }

    /// The session that a token opens; nil where it has ended or never was.
    func find(_ token: String) throws(Problem) -> Session? {
        guard Self.isToken(token) else { return nil }
        let now = Int(clock.now().milliseconds)
        let found = try database.read { database in
            try database.execute(
                "SELECT \(Self.columns) FROM sessions WHERE token_mark = ?", [.text(Self.mark(token))])
        }
        guard let session = found.first.flatMap(Self.session), isAlive(session, now) else { return nil }
        // One write a minute is enough to know when it was last used.
        if Int(session.seenAt.milliseconds) < now - 60_000 {
            // That it cannot be written now is no reason to refuse a good session.
            _ = try? database.write { database in
                try database.execute(
                    "UPDATE sessions SET seen_at = ? WHERE token_mark = ?",
                    [.integer(now), .text(Self.mark(token))])
            }
        }
        return session
    }

    /// The password that `begin` kept.
    func password(of session: Session, token: String) -> Secret? {
        session.sealedPassword.flatMap { Sealed.open($0, key: Array(token.utf8), purpose: Self.purpose) }
    }

    /// - Returns: whether there was a session of this token.
    @discardableResult
    func end(token: String) throws(Problem) -> Bool {
        guard Self.isToken(token) else { return false }
        return try database.write { database in
            try !database.execute(
                "DELETE FROM sessions WHERE token_mark = ? RETURNING id", [.text(Self.mark(token))]
            ).isEmpty
        }
    }

    /// Ends one of a user's sessions, or all of them.
    ///
    /// - Returns: how many ended.
    func end(user: UserName, store: StoreKind, id: String?) throws(Problem) -> Int {
        try database.write { database in
            let rows = try database.execute(
                "DELETE FROM sessions WHERE user = ? AND store = ? AND (? IS NULL OR id = ?) RETURNING id",
                [.text(user.text), .text(store.rawValue)]
                    + Array(repeating: id.map { .text($0) } ?? .null, count: 2))
            return rows.count
        }
    }

    /// A user's sessions, the last used first.
    func list(user: UserName, store: StoreKind) throws(Problem) -> [Session] {
        let now = Int(clock.now().milliseconds)
        let rows = try database.read { database in
            try database.execute(
                "SELECT \(Self.columns) FROM sessions WHERE user = ? AND store = ? ORDER BY seen_at DESC",
                [.text(user.text), .text(store.rawValue)])
        }
        return rows.compactMap(Self.session).filter { isAlive($0, now) }
    }

    private func isAlive(_ session: Session, _ now: Int) -> Bool {
        let (seen, created) = (Int(session.seenAt.milliseconds), Int(session.createdAt.milliseconds))
        // A clock that stepped back by much must not make a session last for ever.
        guard seen <= now + 3_600_000, created <= now + 3_600_000 else { return false }
        return seen > now - limits.idle * 60_000 && created > now - limits.absolute * 3_600_000
    }

    private static func deleteEnded(_ now: Int, _ limits: Limits, _ database: Database) throws {
        try database.execute(
            "DELETE FROM sessions WHERE seen_at <= ? OR created_at <= ?",
            [.integer(now - limits.idle * 60_000), .integer(now - limits.absolute * 3_600_000)])
    }

    private static let columns =
        "id, user, store, store_mark, store_administrator, created_at, seen_at, address, agent, sealed_password"

    private static func session(_ row: Database.Row) -> Session? {
        guard let id = row.text(0), let user = row.text(1).flatMap({ UserName($0) }),
            let store = row.text(2).flatMap(StoreKind.init),
            let mark = row.text(3), let created = row.integer(5), let seen = row.integer(6)
        else { return nil }
        return Session(
            id: id, user: user, store: store, createdAt: Timestamp(milliseconds: Int64(created)),
            seenAt: Timestamp(milliseconds: Int64(seen)), address: row.text(7) ?? "",
            agent: row.text(8) ?? "",
            storeMark: mark, storeSaysAdministrator: row.integer(4) == 1,
            sealedPassword: row.text(9).flatMap { Data(base64Encoded: $0) }.map(Array.init))
    }
}
