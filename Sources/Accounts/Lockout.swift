internal import Core
internal import SQLite

/// Makes guessing slow: after some wrong passwords, further ones are not even looked at for a growing while.
///
/// Counted are a user's failures from one network, a network's failures for whomever, and a user's from everywhere.
/// Only the first two refuse anything, so that nobody locks another out: a user who signs in elsewhere, or who has
/// signed in from that network before, is let through to the check. The third gives fewer free attempts to networks
/// that are new. All responders count in one table.
struct Lockout: Sendable {
    /// Free attempts of a user from one network, before delays begin.
    static let freePair = 5
    /// The same for a user who is being guessed at from everywhere.
    static let freePairUnderAttack = 2
    static let attack = 50
    /// Free attempts of one network for all users.
    static let freeNetwork = 20
    /// Milliseconds.
    static let (firstDelay, longestDelay) = (1000, 900_000)
    /// Failures are forgotten after so many milliseconds without another.
    static let memory = 3_600_000
    /// How long a network stays one that the user has signed in from.
    static let acquaintance = 90 * 86_400_000
    /// Rows; beyond it the oldest go.
    static let limit = 50_000

    private let database: AccountsDatabase
    private let clock: Clock

    init(_ database: AccountsDatabase, clock: Clock) {
        self.database = database
        self.clock = clock
    }

    private enum Kind: String { case pair, network, user, acquaintance }

    private struct Attempts {
        var failures = 0
        var lastAt = 0
        var blockedUntil = 0
    }

    /// Lets an attempt through to the check of its password, or says how long to wait.
    ///
    /// - Throws: `requestLimitExceeded`, saying for how long, unless the password may be looked at now.
    func check(_ user: String, from network: String) throws(Problem) {
        let now = Int(clock.now().milliseconds)
        let wait = try database.with { database in
            let pair = try Self.read(.pair, Self.pair(user, network), now, database)
            if pair.blockedUntil > now { return pair.blockedUntil - now }
            let all = try Self.read(.network, network, now, database)
            guard all.blockedUntil > now, try !Self.isAcquainted(user, network, now, database) else {
                return 0
            }
            return all.blockedUntil - now
        }
        guard wait > 0 else { return }
        let seconds = (min(wait, Self.longestDelay) + 999) / 1000
        var problem = Problem(
            .requestLimitExceeded, "there were too many wrong passwords",
            hint: "wait \(seconds) s before the next")
        problem.retryAfter = seconds
        throw problem
    }

    /// Counts a wrong password, of a user who exists or not.
    ///
    /// - Returns: whether further attempts are refused from now on.
    func failed(_ user: String, from network: String) throws(Problem) -> Bool {
        let now = Int(clock.now().milliseconds)
        return try database.with { database in
            try database.immediately {
                try Self.prune(now, database)
                let everywhere = try Self.count(.user, user, free: .max, now, database)
                let isNew = try !Self.isAcquainted(user, network, now, database)
                let free =
                    everywhere.failures > Self.attack && isNew ? Self.freePairUnderAttack : Self.freePair
                let pair = try Self.count(.pair, Self.pair(user, network), free: free, now, database)
                let all = try Self.count(.network, network, free: Self.freeNetwork, now, database)
                return pair.blockedUntil > now || all.blockedUntil > now
            }
        }
    }

    /// Forgets the user's failures from here, and remembers that they sign in from here.
    func succeeded(_ user: String, from network: String) throws(Problem) {
        let now = Int(clock.now().milliseconds)
        let name = Self.pair(user, network)
        try database.with { database in
            try database.immediately {
                try database.execute(
                    "DELETE FROM attempts WHERE kind = ? AND name = ?",
                    [.text(Kind.pair.rawValue), .text(name)])
                try Self.write(.acquaintance, name, Attempts(lastAt: now), database)
            }
        }
    }

    private static func pair(_ user: String, _ network: String) -> String { "\(user)\n\(network)" }

    private static func isAcquainted(
        _ user: String, _ network: String, _ now: Int, _ database: Database
    ) throws -> Bool {
        let known = try read(.acquaintance, pair(user, network), now, database)
        return known.lastAt > now - acquaintance
    }

    private static func count(
        _ kind: Kind, _ name: String, free: Int, _ now: Int, _ database: Database
    ) throws -> Attempts {
        var attempts = try read(kind, name, now, database)
        attempts.failures += 1
        attempts.lastAt = now
        if attempts.failures >= free {
            let doublings = min(attempts.failures - free, 20)
            attempts.blockedUntil = now + min(longestDelay, firstDelay << doublings)
        }
        try write(kind, name, attempts, database)
        return attempts
    }

    /// What is older than `memory` counts for nothing, and neither does what a clock that stepped back left ahead.
    private static func read(_ kind: Kind, _ name: String, _ now: Int, _ database: Database) throws
        -> Attempts
    {
        let rows = try database.execute(
            "SELECT failures, last_at, blocked_until FROM attempts WHERE kind = ? AND name = ?",
            [.text(kind.rawValue), .text(name)])
        guard let row = rows.first, let failures = row.integer(0), let lastAt = row.integer(1),
            let blockedUntil = row.integer(2)
        else { return Attempts() }
        if kind == .acquaintance { return Attempts(lastAt: lastAt) }
        guard lastAt > now - memory, lastAt <= now + longestDelay else { return Attempts() }
        return Attempts(
            failures: failures, lastAt: lastAt, blockedUntil: min(blockedUntil, now + longestDelay))
    }

    private static func write(_ kind: Kind, _ name: String, _ attempts: Attempts, _ database: Database) throws
    {
        try database.execute(
            "INSERT OR REPLACE INTO attempts (kind, name, failures, last_at, blocked_until) VALUES (?, ?, ?, ?, ?)",
            [
                .text(kind.rawValue), .text(name), .integer(attempts.failures), .integer(attempts.lastAt),
                .integer(attempts.blockedUntil),
            ])
    }

    /// Names are the attacker's to choose: there must be no more of them than fit.
    private static func prune(_ now: Int, _ database: Database) throws {
        try database.execute(
            "DELETE FROM attempts WHERE last_at < ? AND kind <> 'acquaintance'", [.integer(now - memory)])
        let rows = try database.execute("SELECT COUNT(*) FROM attempts")
        guard let count = rows.first?.integer(0), count > limit else { return }
        try database.execute(
            """
            DELETE FROM attempts WHERE (kind, name) IN
            (SELECT kind, name FROM attempts ORDER BY kind = 'acquaintance', last_at LIMIT ?)
            """, [.integer(limit / 10)])
    }
}
