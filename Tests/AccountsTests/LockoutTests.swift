import Core
import FoundationEssentials
import Posix
import TestSupport
import Testing

@testable import Accounts

@Suite("A lockout")
struct LockoutTests {
    private let directory: TemporaryDirectory
    private let time = TestClock()
    private let lockout: Lockout

    init() throws {
        directory = try TemporaryDirectory()
        lockout = Lockout(try AccountsDatabase(state: directory.file("state")), clock: time.clock)
    }

    private func name(_ text: String) throws -> UserName { try #require(UserName(text)) }

    /// Some while after the last attempt, when none is looked at any more.
    private func isRefused(_ user: String, _ network: String) throws -> Bool {
        switch try lockout.check(name(user), from: network) {
        case .admitted: return false
        case .pending(let problem), .refused(let problem):
            #expect(problem.code == .requestLimitExceeded)
            #expect(problem.hint?.contains("wait") == true)
            #expect((problem.retryAfter ?? 0) > 0)
            return true
        }
    }

    private func begin(_ user: String, _ network: String) throws -> Bool {
        guard case .admitted(let nextHasToWait) = try lockout.begin(name(user), from: network) else {
            Issue.record("an attempt that was to be admitted was not")
            return false
        }
        return nextHasToWait
    }

    private func fail(_ user: String, _ network: String, times: Int) throws {
        for _ in 0..<times {
            while try isRefused(user, network) { time.move(seconds: 1) }
            _ = try begin(user, network)
        }
    }

    @Test("begins after some wrong passwords, and each further one doubles the wait")
    func delays() throws {
        try fail("alice", "192.0.2.1", times: Lockout.freePair - 1)
        #expect(try !isRefused("alice", "192.0.2.1"))
        for seconds in [1.0, 2, 4, 8] {
            #expect(try begin("alice", "192.0.2.1"))
            time.move(seconds: seconds - 0.1)
            #expect(try isRefused("alice", "192.0.2.1"))
            time.move(seconds: 0.1)
            #expect(try !isRefused("alice", "192.0.2.1"))
        }
    }

    @Test("never waits longer than a quarter of an hour, and forgets one attempt in so long")
    func bounds() throws {
        try fail("alice", "192.0.2.1", times: 25)
        time.move(seconds: 899)
        #expect(try isRefused("alice", "192.0.2.1"))
        time.move(seconds: 2)
        #expect(try !isRefused("alice", "192.0.2.1"))
        time.move(seconds: 15 * 60 * 15)
        try fail("alice", "192.0.2.1", times: Lockout.freePair - 1)
        #expect(try !isRefused("alice", "192.0.2.1"))
    }

    @Test("of one network leaves the user in from every other")
    func elsewhere() throws {
        for network in 0..<200 { try fail("alice", "198.51.100.\(network)", times: 5) }
        #expect(try !isRefused("alice", "192.0.2.1"))
        #expect(try !isRefused("bob", "192.0.2.1"))
    }

    @Test("counts a network's failures whatever names they are for")
    func spraying() throws {
        for user in 0..<Lockout.freeNetwork { try fail("user\(user)", "192.0.2.1", times: 1) }
        #expect(try isRefused("somebody else", "192.0.2.1"))
        #expect(try !isRefused("somebody else", "192.0.2.2"))
    }

    @Test("lets a user through who has signed in from the network before")
    func acquaintance() throws {
        _ = try lockout.succeeded(name("alice"), from: "192.0.2.1")
        for user in 0..<Lockout.freeNetwork + 3 { try fail("user\(user)", "192.0.2.1", times: 1) }
        #expect(try !isRefused("alice", "192.0.2.1"))
        #expect(try isRefused("bob", "192.0.2.1"))
        // But not to guess.
        try fail("alice", "192.0.2.1", times: Lockout.freePair)
        #expect(try isRefused("alice", "192.0.2.1"))
    }

    @Test("gives new networks fewer attempts at a user who is guessed at from everywhere")
    func attack() throws {
        for network in 0..<Lockout.attack { try fail("alice", "198.51.100.\(network)", times: 1) }
        try fail("alice", "192.0.2.1", times: 1)
        #expect(try !isRefused("alice", "192.0.2.1"))
        try fail("alice", "192.0.2.1", times: 1)
        #expect(try isRefused("alice", "192.0.2.1"))
    }

    @Test("outlives no clock that steps back by more than its longest wait")
    func clockStep() throws {
        try fail("alice", "192.0.2.1", times: 20)
        time.move(seconds: -86_400)
        #expect(try !isRefused("alice", "192.0.2.1"))
    }

    @Test("tells who may still be right from who has to wait")
    func pending() throws {
        try fail("alice", "192.0.2.1", times: Lockout.freePair + 2)
        guard case .pending = try lockout.check(name("alice"), from: "192.0.2.1") else {
            Issue.record("an attempt of just now is no longer looked at")
            return
        }
        time.move(seconds: 2)
        guard case .refused = try lockout.check(name("alice"), from: "192.0.2.1") else {
            Issue.record("an attempt of long ago is still looked at")
            return
        }
        _ = try lockout.succeeded(name("alice"), from: "192.0.2.1")
        #expect(try !isRefused("alice", "192.0.2.1"))
    }

    @Test("keeps no name, as it may be a password")
    func names() throws {
        try fail("typed-too-early", "192.0.2.1", times: 1)
        for file in try Files.names(in: directory.file("state")) {
            let bytes = try Files.read("\(directory.file("state"))/\(file)", limit: 1 << 24)
            #expect(!String(decoding: bytes, as: UTF8.self).contains("typed-too-early"))
        }
    }

    @Test("of a right password is over")
    func success() throws {
        try fail("alice", "192.0.2.1", times: 4)
        _ = try lockout.succeeded(name("alice"), from: "192.0.2.1")
        try fail("alice", "192.0.2.1", times: 4)
        #expect(try !isRefused("alice", "192.0.2.1"))
    }
}

@Suite("Accounts under attack")
struct AttackTests {
    private static func header(_ user: String, _ password: String) -> String {
        "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    @Test(
        "give who has to wait the same answer to a right password that somebody else's use keeps remembered")
    func oracle() throws {
        let directory = try TemporaryDirectory()
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: TestClock().clock,
            stores: [TestStore(.mlflow, password: "right")])
        func call(_ password: String, _ address: String) throws(Problem) -> Caller? {
            try accounts.caller(
                Evidence(
                    authorization: Self.header("alice", password), token: nil,
                    address: NetworkAddress(address)))
        }
        #expect(try call("right", "192.0.2.7") != nil)
        for attempt in 0..<5 { #expect(throws: Problem.self) { try call("wrong \(attempt)", "192.0.2.1") } }
        for password in ["wrong", "right"] {
            let problem = #expect(throws: Problem.self) { try call(password, "192.0.2.1") }
            #expect(problem?.code == .requestLimitExceeded)
        }
        #expect(try call("right", "192.0.2.7") != nil)
    }

    @Test("look at no more passwords at once than one after another")
    func atOnce() throws {
        let directory = try TemporaryDirectory()
        let store = TestStore(.mlflow, password: "right")
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: TestClock().clock, stores: [store])
        Threads.concurrently(16) { index in
            _ = try? accounts.caller(
                Evidence(
                    authorization: Self.header("alice", "wrong \(index)"), token: nil,
                    address: NetworkAddress("192.0.2.1")))
        }
        #expect(store.asked.withLock { $0 } <= Lockout.freePair)
    }

    @Test("count and write down what one store refused while another was out of order")
    func outage() throws {
        let directory = try TemporaryDirectory()
        let (good, bad) = (TestStore(.htpasswd, password: "right"), TestStore(.pam, password: "right"))
        bad.failure.withLock { $0 = Problem(.temporarilyUnavailable, "no socket at /run/secret/place") }
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: TestClock().clock, stores: [good, bad])
        var codes: [Problem.Code] = []
        for attempt in 0..<7 {
            let problem = #expect(throws: Problem.self) {
                try accounts.caller(
                    Evidence(
                        authorization: Self.header("alice", "wrong \(attempt)"), token: nil,
                        address: NetworkAddress("192.0.2.1")))
            }
            codes += [problem?.code].compactMap(\.self)
            #expect(problem.map { "\($0.message) \($0.hint ?? "")".contains("/run") } == false)
        }
        #expect(
            codes == Array(repeating: .temporarilyUnavailable, count: 5) + [
                .requestLimitExceeded, .requestLimitExceeded,
            ])
        #expect(try accounts.audit.list(.init()).count == 5)
        // What is out of order is not asked by everybody again.
        #expect(bad.asked.withLock { $0 } == 1)
    }

    @Test("write down who signs in by Basic, once an hour and network")
    func basicSignIns() throws {
        let directory = try TemporaryDirectory()
        let time = TestClock()
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: time.clock, stores: [TestStore(.pam, password: "right")])
        let another = try TestAccounts.make(
            directory, administrators: [], clock: time.clock, stores: [TestStore(.pam, password: "right")])
        for responder in [accounts, another] {
            for _ in 0..<2 {
                let evidence = Evidence(
                    authorization: Self.header("alice", "right"), token: nil,
                    address: NetworkAddress("192.0.2.1"))
                #expect(try responder.caller(evidence) != nil)
            }
        }
        let lines = try accounts.audit.list(.init())
        #expect(lines.map(\.user) == ["alice"])
        #expect(lines.first?.method == "basic pam" && lines.first?.result == .succeeded)
    }

    @Test("keep names that nobody has out of the audit, as they may be passwords")
    func unknownNames() throws {
        let directory = try TemporaryDirectory()
        let accounts = try TestAccounts.make(
            directory, administrators: [], stores: [TestStore(.pam, password: "right")])
        for user in ["alice", "hunter2-typed-too-early"] {
            #expect(throws: Problem.self) { try accounts.caller(authorization: Self.header(user, "wrong")) }
        }
        #expect(try accounts.audit.list(.init()).map(\.user) == [nil, "alice"])
    }

    @Test("look at no password while they make its sender wait")
    func waits() throws {
        let directory = try TemporaryDirectory()
        let store = TestStore(.pam, password: "right")
        let time = TestClock()
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: time.clock, stores: [store])
        func tries(_ user: String, _ password: String, _ address: String) -> Problem.Code? {
            let header = "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
            do throws(Problem) {
                _ = try accounts.caller(
                    Evidence(authorization: header, token: nil, address: NetworkAddress(address)))
                return nil
            } catch {
                return error.code
            }
        }
        for attempt in 0..<5 { #expect(tries("alice", "wrong \(attempt)", "192.0.2.1") == .unauthenticated) }
        let asked = store.asked.withLock { $0 }
        #expect(tries("alice", "right", "192.0.2.1") == .requestLimitExceeded)
        #expect(store.asked.withLock { $0 } == asked)
        #expect(tries("alice", "right", "192.0.2.2") == nil)
        // The same /64 is the same caller; another is another.
        for attempt in 0..<5 {
            #expect(tries("bob", "wrong \(attempt)", "2001:db8::\(attempt + 1)") == .unauthenticated)
        }
        #expect(tries("bob", "right", "2001:db8::ffff") == .requestLimitExceeded)
        #expect(tries("bob", "right", "2001:db8:0:1::1") == nil)
        time.move(seconds: 2)
        #expect(tries("alice", "right", "192.0.2.1") == nil)
    }

    @Test("say which stores are down only where no other accepts the password")
    func down() throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (
            TestStore(.pam, password: "one"), TestStore(.mlflow, password: "two", isAdministrator: true)
        )
        let accounts = try TestAccounts.make(directory, administrators: [], stores: [first, second])
        first.failure.withLock { $0 = Problem(.temporarilyUnavailable, "down") }
        let right = "Basic \(Data("alice:two".utf8).base64EncodedString())"
        let caller = try #require(try accounts.caller(authorization: right))
        #expect(caller.store == .mlflow)
        #expect(caller.isAdministrator)
        #expect(caller.mlflowAuthorization?.revealed == right)
        let wrong = "Basic \(Data("alice:three".utf8).base64EncodedString())"
        let problem = #expect(throws: Problem.self) { try accounts.caller(authorization: wrong) }
        #expect(problem?.code == .temporarilyUnavailable)
        // A password that is right, but of an account that may not come in, is not called wrong. The outage is
        // remembered for a moment.
        Threads.sleep(.seconds(3.1))
        first.failure.withLock { $0 = Problem(.permissionDenied, "expired") }
        let expired = #expect(throws: Problem.self) { try accounts.caller(authorization: wrong) }
        #expect(expired?.code == .permissionDenied)
    }
}
