package import Core
package import Posix
internal import SQLite

/// What a request brings to show who sends it.
package struct Evidence: Sendable {
    package let authorization: String?
    /// The session cookie's value.
    package let token: String?
    package let address: NetworkAddress?
    /// The request's, for the audit.
    package let requestID: String?

    package init(
        authorization: String?, token: String?, address: NetworkAddress?, requestID: String? = nil
    ) {
        self.authorization = authorization
        self.token = token
        self.address = address
        self.requestID = requestID
    }

    package var addressText: String { address?.description ?? "unknown" }
    var network: String { address?.network.description ?? "unknown" }
}

/// Tells who calls, and keeps guessing slow.
package final class Accounts: Sendable {
    private let stores: [any UserStore]
    private let roles: Roles
    private let database: AccountsDatabase
    private let lockout: Lockout
    private let sessions: Sessions
    package let audit: Audit
    /// How long a session may last at most.
    package let sessionHours: Int
    private let cache = VerifiedCache()
    /// What only computes, and what asks others and may hang: that must not take every thread of a responder.
    private let gates = (
        local: VerificationGate(places: 4, threads: .max), remote: VerificationGate(places: 4, threads: 6)
    )
    private let outages = Outages()
    private let log = Log("accounts")

    /// Refusals come at the next multiple of this: what they cost is not to be read from them.
    private let refusalGrid: Duration

    /// - Parameters:
    ///   - stores: asked in this order; the first that accepts a password says who calls.
    ///   - roles: what callers may do.
    ///   - database: what all responders share.
    ///   - limits: of sessions.
    ///   - clock: the time of day.
    ///   - refusalGrid: refusals come at the next multiple of this.
    package init(
        stores: [any UserStore], roles: Roles, database: AccountsDatabase, limits: Sessions.Limits,
        clock: Clock = .system, refusalGrid: Duration = .milliseconds(250)
    ) {
        self.refusalGrid = refusalGrid
        self.stores = stores
        self.roles = roles
        self.database = database
        lockout = Lockout(database, clock: clock)
        sessions = Sessions(database, limits, clock: clock)
        audit = Audit(database, clock: clock)
        sessionHours = limits.absolute
    }

    // MARK: Requests

    /// Who sends a request; `Authorization` counts before a session.
    ///
    /// - Returns: nil where nobody claims to be anybody, or claims it by a session that has ended.
    /// - Throws: `unauthenticated`, in the same words for an unknown user and for a wrong password; others where
    ///   nothing can be said.
    package func caller(_ evidence: Evidence) throws(Problem) -> Caller? {
        if let header = evidence.authorization, !header.isEmpty {
            let credentials = try Credentials(authorization: header)
            let verified = try verify(credentials, evidence)
            let caller = caller(credentials, verified, .basic)
            if verified.isNews {
                audit.record(
                    Audit.Entry(
                        .signIn, .succeeded, user: caller.user, method: "basic \(caller.store.rawValue)",
                        address: evidence.addressText, requestID: evidence.requestID))
            }
            return caller
        }
        guard let token = evidence.token else { return nil }
        return try caller(token: token, evidence)
    }

    private func caller(_ credentials: Credentials, _ verified: Verified, _ method: Caller.Method) -> Caller {
        let role = roles.role(
            of: credentials.user, verified.store, storeSaysAdministrator: verified.user.isStoreAdministrator)
        return Caller(
            user: credentials.user.text, store: verified.store, method: method, role: role,
            mlflowAuthorization: verified.store == .mlflow ? credentials.authorization : nil)
    }

    // MARK: Sessions

    /// Begins a session.
    ///
    /// - Parameters:
    ///   - credentials: what was typed.
    ///   - evidence: of the request; a session that it brings ends, so that nobody's token outlives a sign-in.
    ///   - agent: the browser as it calls itself.
    /// - Returns: who signed in, and the token of the session.
    /// - Throws: as `caller`.
    package func signIn(
        _ credentials: Credentials, _ evidence: Evidence, agent: String
    ) throws(Problem) -> (caller: Caller, token: Secret) {
        let verified = try verify(credentials, evidence)
        if let token = evidence.token { try sessions.end(token: token) }
        let token = try sessions.begin(
            credentials, verified.store, verified.user, storeMark: verified.storeMark,
            keepsPassword: verified.store == .mlflow, address: evidence.addressText, agent: agent)
        return (caller(credentials, verified, .session), token)
    }

    /// Ends the session of a token, if it is one.
    ///
    /// - Returns: whether it was.
    package func signOut(token: String) throws(Problem) -> Bool { try sessions.end(token: token) }

    /// Ends one session of a user, or all; from then on their tokens open nothing.
    ///
    /// - Returns: how many ended.
    package func endSessions(of user: UserName, _ store: StoreKind, id: String? = nil) throws(Problem) -> Int
    {
        try sessions.end(user: user, store: store, id: id)
    }

    package func sessions(of caller: Caller) throws(Problem) -> [Session] {
        guard let user = UserName(caller.user) else { return [] }
        return try sessions.list(user: user, store: caller.store)
    }

    private func caller(token: String, _ evidence: Evidence) throws(Problem) -> Caller? {
        guard let session = try sessions.find(token),
            let store = stores.first(where: { $0.kind == session.store })
        else { return nil }
        guard try store.mark(of: session.user) == session.storeMark else {
            // The password has changed, or the user is gone.
            try sessions.end(token: token)
            return nil
        }
        var isAdministrator = session.storeSaysAdministrator
        var authorization: Secret?
        if let password = sessions.password(of: session, token: token) {
            let credentials = try Credentials(user: session.user.text, password: password)
            authorization = credentials.authorization
            do throws(Problem) {
                guard let verified = try ask(store, credentials, evidence) else {
                    try sessions.end(token: token)
                    return nil
                }
                isAdministrator = verified.isStoreAdministrator
            } catch {
                guard error.code == .temporarilyUnavailable else { throw error }
                // Who it is still holds; what the store allows them does not, as it may be another by now.
                isAdministrator = false
            }
        }
        let role = roles.role(of: session.user, session.store, storeSaysAdministrator: isAdministrator)
        return Caller(
            user: session.user.text, store: session.store, method: .session, role: role,
            mlflowAuthorization: authorization)
    }

    // MARK: Passwords

    private struct Verified {
        let store: StoreKind
        let user: VerifiedUser
        let storeMark: String
        /// Whether the user has not signed in from this network for an hour: programs do so with every request.
        var isNews = false
    }

    private func verify(_ credentials: Credentials, _ evidence: Evidence) throws(Problem) -> Verified {
        let began = ContinuousClock.now
        while true {
            // Before anything that is remembered: who has to wait must not learn which password is right.
            var admission = try lockout.check(credentials.user, from: evidence.network)
            if case .admitted = admission {
                if let verified = remembered(credentials, evidence) { return verified }
                admission = try lockout.begin(credentials.user, from: evidence.network)
            }
            switch admission {
            case .admitted(let nextHasToWait):
                return try judge(credentials, evidence, nextHasToWait, since: began)
            case .refused(let problem): throw problem
            case .pending(let problem):
                guard began.duration(to: .now) < .seconds(2) else { throw problem }
                Threads.sleep(.milliseconds(100))
            }
        }
    }

    private func remembered(_ credentials: Credentials, _ evidence: Evidence) -> Verified? {
        for store in stores {
            let key = cache.key(store.kind, credentials, from: evidence.addressText)
            guard let mark = try? store.mark(of: credentials.user),
                let user = cache.find(key, storeMark: mark)
            else { continue }
            return Verified(store: store.kind, user: user, storeMark: mark)
        }
        return nil
    }

    /// What the stores say; a refusal comes on the grid of time.
    private func judge(
        _ credentials: Credentials, _ evidence: Evidence, _ nextHasToWait: Bool,
        since began: ContinuousClock.Instant
    ) throws(Problem) -> Verified {
        do throws(Problem) {
            return try verifyAnew(credentials, evidence, nextHasToWait)
        } catch {
            let taken = began.duration(to: .now)
            let steps = Int((taken / refusalGrid).rounded(.up))
            Threads.sleep(refusalGrid * steps - taken)
            throw error
        }
    }

    /// Asks every store in turn, whatever the others said: where a name is known is not to be told from the time.
    private func verifyAnew(
        _ credentials: Credentials, _ evidence: Evidence, _ nextHasToWait: Bool
    ) throws(Problem) -> Verified {
        var failure: Problem?
        var refusals = 0
        for store in stores {
            do throws(Problem) {
                let mark = try store.mark(of: credentials.user)
                guard let user = try ask(store, credentials, evidence) else {
                    refusals += 1
                    continue
                }
                var isNews = false
                do throws(Problem) {
                    isNews = try lockout.succeeded(credentials.user, from: evidence.network)
                } catch {
                    log.warning("a right password is counted as an attempt", ["cause": error])
                }
                return Verified(store: store.kind, user: user, storeMark: mark ?? "", isNews: isNews)
            } catch {
                // That the password is right, but the user may not come in, is the best answer there is.
                if failure == nil || error.code == .permissionDenied { failure = error }
            }
        }
        let problem = refusal(failure)
        if refusals == 0, problem.code != .permissionDenied {
            try lockout.withdraw(credentials.user, from: evidence.network)
        }
        audit.record(
            Audit.Entry(
                .signIn, problem.code == .temporarilyUnavailable ? .failed : .refused,
                // What nobody knows may be anything, a password typed into the wrong field too.
                user: stores.contains { $0.knows(credentials.user) } ? credentials.user.text : nil,
                address: evidence.addressText,
                detail: problem.message + (nextHasToWait ? "; the next attempts have to wait" : ""),
                requestID: evidence.requestID))
        throw problem
    }

    /// What a caller is told; where a store lies and how it is reached is for the log.
    private func refusal(_ failure: Problem?) -> Problem {
        guard let failure else {
            return Problem(
                .unauthenticated, "the user name or the password is wrong",
                hint: "check both; an administrator sets them by: slipway user add NAME")
        }
        guard failure.code == .temporarilyUnavailable else { return failure }
        log.error("a store of users cannot be asked", ["cause": failure])
        return Problem(
            .temporarilyUnavailable, "passwords cannot all be checked at the moment",
            hint: "try again in a while; an administrator finds the reason in Slipway's log")
    }

    /// One store's answer, remembered for a while where it is yes, or where the store is out of order.
    private func ask(
        _ store: any UserStore, _ credentials: Credentials, _ evidence: Evidence
    ) throws(Problem) -> VerifiedUser? {
        let key = cache.key(store.kind, credentials, from: evidence.addressText)
        let mark = try store.mark(of: credentials.user)
        if let mark, let user = cache.find(key, storeMark: mark) { return user }
        try outages.check(store.kind)
        let gate = store.kind == .htpasswd ? gates.local : gates.remote
        var isVerified = false
        let user = try gate.pass(key) { () throws(Problem) -> VerifiedUser? in
            // Another request may have brought the same just now.
            if let mark, let user = cache.find(key, storeMark: mark) { return user }
            isVerified = true
            do throws(Problem) {
                let user = try store.verify(credentials, from: evidence.addressText)
                if let user, let mark { cache.add(key, user, storeMark: mark) }
                return user
            } catch {
                if error.code == .temporarilyUnavailable { outages.began(store.kind, error) }
                throw error
            }
        }
        if isVerified { count(store.kind) }
        return user
    }

    // MARK: Counters

    /// How many passwords were verified, by store; of all responders since the state directory was made.
    package func verifications() throws(Problem) -> [(store: StoreKind, count: Int)] {
        let rows = try database.read { database in
            try database.execute("SELECT name, value FROM counters WHERE name LIKE 'verifications %'")
        }
        return StoreKind.allCases.map { kind in
            (kind, rows.first { $0.text(0) == "verifications \(kind.rawValue)" }?.integer(1) ?? 0)
        }
    }

    private func count(_ kind: StoreKind) {
        do throws(Problem) {
            try database.write { database in
                try database.execute(
                    """
                    INSERT INTO counters (name, value) VALUES (?, 1)
                    ON CONFLICT (name) DO UPDATE SET value = value + 1
                    """, [.text("verifications \(kind.rawValue)")])
            }
        } catch {
            log.warning("a verification was not counted", ["cause": error])
        }
    }
}
