internal import Core
internal import Crypto
internal import SQLite

/// Makes guessing slow: after some wrong passwords, further ones are not even looked at for a growing while.
///
/// Counted are a user's attempts from one network, a network's for whomever, and a user's from everywhere; a right
/// password takes its attempt back. Only the first two refuse anything, so that nobody locks out who signs in elsewhere,
/// and the second refuses nobody who has signed in from that network before. The third gives fewer free attempts to
/// networks that are new. All responders count in one table.
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
    /// Delays double so often until they are the longest.
    private static let doublings = 10
    /// One attempt is forgotten after so many milliseconds.
    static let forgetting = 900_000
    /// For so many milliseconds an attempt may still be looked at.
    private static let judging = 1500
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

    /// Whether an attempt may be looked at.
    enum Admission {
        /// With whether the next ones have to wait, unless this one succeeds.
        case admitted(nextHasToWait: Bool)
        /// Too many are being looked at at this moment, and one of them may be right: the same question, a little later.
        case pending(Problem)
        case refused(Problem)
    }

    /// Whether anything that is brought may be looked at: else a refusal would tell a right password from a wrong one.
    func check(_ user: UserName, from network: String) throws(Problem) -> Admission {
        let now = Int(clock.now().milliseconds)
        return try database.read { database in try Self.admission(user, network, now, database) }
    }

    /// Counts an attempt before its password is looked at, so that many at once are not more than one after another.
    func begin(_ user: UserName, from network: String) throws(Problem) -> Admission {
        let now = Int(clock.now().milliseconds)
        return try database.write { database in
            let admission = try Self.admission(user, network, now, database)
            guard case .admitted = admission else { return admission }
            try Self.prune(now, database)
            let everywhere = try Self.count(.user, Self.mark(user), free: .max, now, database)
            let isNew = try !Self.isAcquainted(user, network, now, database)
            let free = everywhere.failures > Self.attack && isNew ? Self.freePairUnderAttack : Self.freePair
            let pair = try Self.count(.pair, Self.pair(user, network), free: free, now, database)
            let all = try Self.count(.network, network, free: Self.freeNetwork, now, database)
            return .admitted(nextHasToWait: pair.blockedUntil > now || all.blockedUntil > now)
        }
    }

    /// Takes an attempt back that nobody could judge.
    func withdraw(_ user: UserName, from network: String) throws(Problem) {
        let now = Int(clock.now().milliseconds)
        try database.write { database in
            try Self.takeBack(.pair, Self.pair(user, network), now, database)
            try Self.takeBack(.network, network, now, database)
            try Self.takeBack(.user, Self.mark(user), now, database)
        }
    }

    /// Forgets the user's attempts from here, and remembers that they sign in from here.
    ///
    /// - Returns: whether they have not done so for an hour.
    func succeeded(_ user: UserName, from network: String) throws(Problem) -> Bool {
        let now = Int(clock.now().milliseconds)
        let name = Self.pair(user, network)
        return try database.write { database in
            let before = try Self.read(.acquaintance, name, now, database).lastAt
            try database.execute(
                "DELETE FROM attempts WHERE kind = ? AND name = ?", [.text(Kind.pair.rawValue), .text(name)])
            try Self.takeBack(.network, network, now, database)
            try Self.takeBack(.user, Self.mark(user), now, database)
            let isNews = before < now - 3_600_000
            if isNews { try Self.write(.acquaintance, name, Attempts(lastAt: now), database) }
            return isNews
        }
    }

    private static func refusal(_ wait: Int) -> Problem {
        let seconds = (min(wait, longestDelay) + 999) / 1000
        var problem = Problem(
            .requestLimitExceeded, "there were too many wrong passwords",
            hint: "wait \(seconds) s before the next")
        problem.retryAfter = seconds
        return problem
    }

    /// What is typed as a name may be a password: only a mark of it is kept.
    private static func mark(_ user: UserName) -> String { String(SHA256.hex(user.text.utf8).prefix(32)) }

    private static func pair(_ user: UserName, _ network: String) -> String { "\(mark(user)) \(network)" }

    private static func admission(
        _ user: UserName, _ network: String, _ now: Int, _ database: Database
    ) throws -> Admission {
        let pair = try read(.pair, pair(user, network), now, database)
        let all = try read(.network, network, now, database)
        let isHeldUp = try all.blockedUntil > now && !isAcquainted(user, network, now, database)
        let wait = max(pair.blockedUntil - now, isHeldUp ? all.blockedUntil - now : 0)
        guard wait > 0 else { return .admitted(nextHasToWait: false) }
        // Who begins by many requests at once brings the same right password with each.
        let isRecent = pair.lastAt > now - judging
        return isRecent ? .pending(refusal(wait)) : .refused(refusal(wait))
    }

    private static func isAcquainted(
        _ user: UserName, _ network: String, _ now: Int, _ database: Database
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
            // More would only be remembered for longer.
            attempts.failures = min(attempts.failures, free + doublings)
            attempts.blockedUntil = now + min(longestDelay, firstDelay << (attempts.failures - free))
        }
        try write(kind, name, attempts, database)
        return attempts
    }

    private static func takeBack(_ kind: Kind, _ name: String, _ now: Int, _ database: Database) throws {
        var attempts = try read(kind, name, now, database)
        guard attempts.failures > 0 else { return }
        attempts.failures -= 1
        attempts.blockedUntil = 0
        try write(kind, name, attempts, database)
    }

    /// Attempts fade with time, and what a clock that stepped back left ahead counts for nothing.
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
        guard lastAt <= now + longestDelay else { return Attempts() }
        return Attempts(
            failures: max(0, failures - max(0, now - lastAt) / forgetting), lastAt: lastAt,
            blockedUntil: min(blockedUntil, now + longestDelay))
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
    ///
    /// Looked at now and then only.
    private static func prune(_ now: Int, _ database: Database) throws {
        guard Int.random(in: 0..<100) == 0 else { return }
        try database.execute(
            "DELETE FROM attempts WHERE last_at < ? - CASE kind WHEN 'acquaintance' THEN ? ELSE ? END",
            [.integer(now), .integer(acquaintance), .integer(forgetting * 40)])
        let rows = try database.execute("SELECT COUNT(*) FROM attempts")
        guard let count = rows.first?.integer(0), count > limit else { return }
        try database.execute(
            """
            DELETE FROM attempts WHERE (kind, name) IN
            (SELECT kind, name FROM attempts ORDER BY blocked_until, kind = 'acquaintance', last_at LIMIT ?)
            """, [.integer(limit / 10)])
    }
}
