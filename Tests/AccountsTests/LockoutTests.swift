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

    private func isRefused(_ user: String, _ network: String) -> Bool {
        do {
            try lockout.check(user, from: network)
            return false
        } catch {
            #expect(error.code == .requestLimitExceeded)
            #expect(error.hint?.contains("wait") == true)
            return true
        }
    }

    private func fail(_ user: String, _ network: String, times: Int) throws {
        for _ in 0..<times { _ = try lockout.failed(user, from: network) }
    }

    @Test("begins after some wrong passwords, and each further one doubles the wait")
    func delays() throws {
        try fail("alice", "192.0.2.1", times: Lockout.freePair - 1)
        #expect(!isRefused("alice", "192.0.2.1"))
        for seconds in [1.0, 2, 4, 8] {
            #expect(try lockout.failed("alice", from: "192.0.2.1"))
            time.move(seconds: seconds - 0.1)
            #expect(isRefused("alice", "192.0.2.1"))
            time.move(seconds: 0.1)
            #expect(!isRefused("alice", "192.0.2.1"))
        }
    }

    @Test("never waits longer than a quarter of an hour, and forgets after an hour")
    func bounds() throws {
        try fail("alice", "192.0.2.1", times: 60)
        time.move(seconds: 899)
        #expect(isRefused("alice", "192.0.2.1"))
        time.move(seconds: 2)
        #expect(!isRefused("alice", "192.0.2.1"))
        time.move(seconds: 3600)
        try fail("alice", "192.0.2.1", times: Lockout.freePair - 1)
        #expect(!isRefused("alice", "192.0.2.1"))
    }

    @Test("of one network leaves the user in from every other")
    func elsewhere() throws {
        for network in 0..<200 { try fail("alice", "198.51.100.\(network)", times: 20) }
        #expect(!isRefused("alice", "192.0.2.1"))
        #expect(!isRefused("bob", "192.0.2.1"))
    }

    @Test("counts a network's failures whatever names they are for")
    func spraying() throws {
        for user in 0..<Lockout.freeNetwork { try fail("user\(user)", "192.0.2.1", times: 1) }
        #expect(isRefused("somebody else", "192.0.2.1"))
        #expect(!isRefused("somebody else", "192.0.2.2"))
    }

    @Test("lets a user through who has signed in from the network before")
    func acquaintance() throws {
        try lockout.succeeded("alice", from: "192.0.2.1")
        for user in 0..<100 { try fail("user\(user)", "192.0.2.1", times: 1) }
        #expect(!isRefused("alice", "192.0.2.1"))
        #expect(isRefused("bob", "192.0.2.1"))
        // But not to guess.
        try fail("alice", "192.0.2.1", times: Lockout.freePair)
        #expect(isRefused("alice", "192.0.2.1"))
    }

    @Test("gives new networks fewer attempts at a user who is guessed at from everywhere")
    func attack() throws {
        for network in 0..<Lockout.attack { try fail("alice", "198.51.100.\(network)", times: 1) }
        try fail("alice", "192.0.2.1", times: 1)
        #expect(!isRefused("alice", "192.0.2.1"))
        try fail("alice", "192.0.2.1", times: 1)
        #expect(isRefused("alice", "192.0.2.1"))
    }

    @Test("outlives no clock that steps back by more than its longest wait")
    func clockStep() throws {
        try fail("alice", "192.0.2.1", times: 30)
        time.move(seconds: -86_400)
        #expect(!isRefused("alice", "192.0.2.1"))
    }

    @Test("of a right password is over")
    func success() throws {
        try fail("alice", "192.0.2.1", times: 4)
        try lockout.succeeded("alice", from: "192.0.2.1")
        try fail("alice", "192.0.2.1", times: 4)
        #expect(!isRefused("alice", "192.0.2.1"))
    }
}

@Suite("Accounts under attack")
struct AttackTests {
    @Test("look at no password while they make its sender wait")
    func waits() throws {
        let directory = try TemporaryDirectory()
        let store = TestStore(.pam, password: "right")
        let time = TestClock()
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: time.clock, stores: [store])
        func tries(_ user: String, _ password: String, _ address: String) -> Problem.Code? {
            let header = "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
            do {
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
        // A password that is right, but of an account that may not come in, is not called wrong.
        first.failure.withLock { $0 = Problem(.permissionDenied, "expired") }
        let expired = #expect(throws: Problem.self) { try accounts.caller(authorization: wrong) }
        #expect(expired?.code == .permissionDenied)
    }
}
