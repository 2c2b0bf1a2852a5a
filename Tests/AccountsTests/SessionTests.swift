import Core
import FoundationEssentials
import Posix
import SQLite
import TestSupport
import Testing

@testable import Accounts

@Suite("A session")
struct SessionTests {
    private let directory: TemporaryDirectory
    private let time = TestClock()
    private let accounts: Accounts

    init() throws {
        directory = try TemporaryDirectory()
        try HtpasswdFile(path: directory.file("htpasswd")).set("alice", Secret("right"))
        accounts = try TestAccounts.make(directory, administrators: ["alice"], clock: time.clock)
    }

    private func evidence(_ token: Secret? = nil) -> Evidence {
        Evidence(authorization: nil, token: token?.revealed, address: NetworkAddress("192.0.2.1"))
    }

    private func signIn(_ accounts: Accounts? = nil, replacing token: Secret? = nil) throws -> Secret {
        try (accounts ?? self.accounts).signIn(
            Credentials(user: "alice", password: Secret("right")), evidence(token), agent: "a browser"
        ).token
    }

    @Test("shows who signed in until they sign out")
    func life() throws {
        let token = try signIn()
        #expect(
            try accounts.caller(evidence(token))
                == Caller(user: "alice", store: .htpasswd, method: .session, role: .administrator))
        try accounts.signOut(token: token.revealed)
        #expect(try accounts.caller(evidence(token)) == nil)
    }

    @Test("ends when it was not used, and when it is old however much it is used")
    func expiry() throws {
        let idle = try signIn()
        let used = try signIn()
        for _ in 0..<14 {
            time.move(seconds: 8.5 * 60)
            _ = try accounts.caller(evidence(used))
        }
        #expect(try accounts.caller(evidence(idle)) == nil)
        #expect(try accounts.caller(evidence(used)) != nil)
        time.move(seconds: 2 * 60)
        #expect(try accounts.caller(evidence(used)) == nil)
    }

    @Test("gets a new token at each sign-in, and the one before opens nothing")
    func rotation() throws {
        let first = try signIn()
        let second = try signIn(replacing: first)
        #expect(first != second)
        #expect(try accounts.caller(evidence(first)) == nil)
        #expect(try accounts.caller(evidence(second)) != nil)
    }

    @Test("cannot be begun by a token that somebody else thought of")
    func fixation() throws {
        let chosen = Secret(String(repeating: "A", count: 43))
        let token = try signIn(replacing: chosen)
        #expect(token != chosen)
        #expect(try accounts.caller(evidence(chosen)) == nil)
    }

    @Test(
        "is not opened by what only looks like its token",
        arguments: ["", "x", "' OR 1=1 --", String(repeating: "é", count: 43)])
    func nonsense(_ text: String) throws {
        _ = try signIn()
        #expect(try accounts.caller(evidence(Secret(text))) == nil)
    }

    @Test("ends with the password that began it, and with the user")
    func changes() throws {
        let token = try signIn()
        let file = HtpasswdFile(path: directory.file("htpasswd"))
        try file.set("alice", Secret("new"))
        #expect(try accounts.caller(evidence(token)) == nil)
        try file.set("alice", Secret("right"))
        #expect(try accounts.caller(evidence(token)) == nil)
        let next = try signIn()
        try file.remove("alice")
        #expect(try accounts.caller(evidence(next)) == nil)
    }

    @Test("is one of several, which can be listed and ended one by one or all at once")
    func several() throws {
        let tokens = try (0..<3).map { _ in try signIn() }
        let caller = try #require(try accounts.caller(evidence(tokens[0])))
        let listed = try accounts.sessions(of: caller)
        #expect(listed.count == 3)
        #expect(listed.allSatisfy { $0.agent == "a browser" && $0.address == "192.0.2.1" })
        #expect(
            try accounts.endSessions(of: try #require(UserName("alice")), .htpasswd, id: listed[0].id) == 1)
        #expect(try accounts.endSessions(of: try #require(UserName("alice")), .pam) == 0)
        #expect(try accounts.endSessions(of: try #require(UserName("alice")), .htpasswd) == 2)
        #expect(try tokens.allSatisfy { try accounts.caller(evidence($0)) == nil })
    }

    @Test("is one of twenty at most: the one that was unused the longest ends")
    func bounded() throws {
        let first = try signIn()
        time.move(seconds: 1)
        for _ in 0..<Sessions.mostOfUser { _ = try signIn() }
        #expect(try accounts.caller(evidence(first)) == nil)
    }

    @Test("of an MLflow user keeps the password, which only the token opens, and asks MLflow again")
    func mlflow() throws {
        let store = TestStore(.mlflow, password: "right", isAdministrator: true)
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: time.clock, stores: [store])
        let token = try signIn(accounts)
        let caller = try #require(try accounts.caller(evidence(token)))
        #expect(caller.isAdministrator)
        #expect(
            caller.mlflowAuthorization?.revealed == "Basic \(Data("alice:right".utf8).base64EncodedString())")
        // While MLflow says nothing, it is still who it was, and MLflow's administrator no more.
        let another = try TestAccounts.make(directory, administrators: [], clock: time.clock, stores: [store])
        store.failure.withLock { $0 = Problem(.temporarilyUnavailable, "down") }
        #expect(try another.caller(evidence(token))?.user == "alice")
        #expect(try another.caller(evidence(token))?.isAdministrator == false)
        store.failure.withLock { $0 = nil }
        let changed = TestStore(.mlflow, password: "changed")
        let later = try TestAccounts.make(directory, administrators: [], clock: time.clock, stores: [changed])
        #expect(try later.caller(evidence(token)) == nil)
        #expect(try accounts.caller(evidence(token)) == nil)
    }

    @Test("leaves neither its token nor a password in the database")
    func secrets() throws {
        let store = TestStore(.mlflow, password: "right")
        let accounts = try TestAccounts.make(
            directory, administrators: [], clock: time.clock, stores: [store])
        let token = try signIn(accounts)
        for name in try Files.names(in: directory.file("state")) {
            let text = String(
                decoding: try Files.read("\(directory.file("state"))/\(name)", limit: 1 << 24), as: UTF8.self)
            #expect(!text.contains(token.revealed))
            #expect(!text.contains("right"))
        }
    }
}

@Suite("The audit")
struct AuditTests {
    @Test("keeps what is written to it, and can be asked by parts")
    func filters() throws {
        let directory = try TemporaryDirectory()
        let time = TestClock()
        let audit = Audit(try AccountsDatabase(state: directory.path), clock: time.clock)
        for index in 0..<10 {
            time.move(seconds: 1)
            audit.record(
                .init(
                    index % 2 == 0 ? .submit : .signIn, index % 3 == 0 ? .refused : .succeeded,
                    user: index < 5 ? "alice" : "bob\n<b>", target: "t\(index)"))
        }
        var filter = Audit.Filter()
        #expect(try audit.list(filter).map(\.target) == (0..<10).reversed().map { "t\($0)" })
        filter.limit = 3
        filter.below = 9
        #expect(try audit.list(filter).map(\.target) == ["t7", "t6", "t5"])
        filter = Audit.Filter()
        filter.user = "alice"
        filter.action = .submit
        filter.result = .succeeded
        #expect(try audit.list(filter).map(\.target) == ["t4", "t2"])
        filter = Audit.Filter()
        filter.after = Timestamp(milliseconds: 1_700_000_008_000)
        #expect(try audit.list(filter).map(\.target) == ["t9", "t8"])
        #expect(try audit.list(filter)[0].user == "bob\\u{a}<b>")
    }

    @Test("lets nothing be changed or removed")
    func appendOnly() throws {
        let directory = try TemporaryDirectory()
        let audit = Audit(try AccountsDatabase(state: directory.path))
        audit.record(.init(.submit, .succeeded, target: "t"))
        let database = try Database("\(directory.path)/slipway.db")
        #expect(throws: SQLiteError.self) { try database.execute("DELETE FROM audit") }
        #expect(throws: SQLiteError.self) { try database.execute("UPDATE audit SET target = 'x'") }
        #expect(try audit.list(.init()).map(\.target) == ["t"])
    }
}

@Suite("Roles")
struct RolesTests {
    private func role(_ user: String, _ store: StoreKind = .htpasswd, storeSaysAdministrator: Bool = false)
        throws -> Role
    {
        let directory = try TemporaryDirectory()
        try directory.write("ops: oscar olga\n# x: y\nscience : alice\n", to: "htgroup")
        let roles = Roles(
            administrators: try ["root-ish", "pam:paula", "@ops"].map { try #require(Member($0)) },
            viewers: [.everybody],
            builders: [
                (try #require(Member("@science")), [NamePattern("fraud-*"), NamePattern("churn")]),
                (try #require(Member("bob")), [NamePattern("*")]),
            ], groups: Groups(htgroup: directory.file("htgroup")))
        return roles.role(
            of: try #require(UserName(user)), store, storeSaysAdministrator: storeSaysAdministrator)
    }

    @Test("are what the first rule says that fits, by name, store and group")
    func rules() throws {
        #expect(try role("root-ish") == .administrator)
        #expect(try role("root-ish", .mlflow) == .administrator)
        #expect(try role("paula", .pam) == .administrator)
        #expect(try role("paula") == .viewer)
        #expect(try role("oscar") == .administrator)
        // Another store's user of the same name is another user.
        #expect(try role("oscar", .mlflow) == .viewer)
        #expect(try role("anna", .mlflow, storeSaysAdministrator: true) == .administrator)
        #expect(try role("anna", .pam, storeSaysAdministrator: true) == .viewer)
        #expect(try role("stranger") == .viewer)
    }

    @Test("of builders name the models")
    func models() throws {
        let alice = try role("alice")
        #expect(alice.name == "builder")
        #expect(alice.mayBuild(try ModelName("fraud-1")))
        #expect(alice.mayBuild(try ModelName("churn")))
        #expect(!alice.mayBuild(try ModelName("churn-2")))
        #expect(try role("bob").mayBuild(try ModelName("anything")))
        #expect(try !role("stranger").mayBuild(try ModelName("churn")))
    }

    @Test(
        "match names by patterns",
        arguments: [
            ("*", "", true), ("*", "a/b", true), ("a*", "abc", true), ("a*", "ba", false),
            ("*c", "abc", true),
            ("a*c", "ac", true), ("a*c", "abcd", false), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false),
            ("abc", "abc", true), ("abc", "abcd", false), ("a**c", "abc", true), ("ab*bc", "abc", false),
            ("é*", "é1", true), ("", "", true), ("", "a", false),
        ])
    func patterns(_ pattern: String, _ name: String, _ expected: Bool) {
        #expect(NamePattern(pattern).matches(name) == expected)
    }

    @Test(
        "name nobody by what is no name",
        arguments: ["", "@", "ldap:alice", "pam:", "a\nb", "pam:a:b", "-a", "pam:-a"])
    func nobody(_ text: String) { #expect(Member(text) == nil) }

    @Test("take the system's groups for the system's users")
    func system() throws {
        let root = try #require(UserName("root"))
        #expect(Groups(htgroup: nil).names(of: root, .pam).contains("root"))
        #expect(Groups(htgroup: nil).names(of: root, .htpasswd).isEmpty)
        #expect(Groups(htgroup: nil).names(of: try #require(UserName("slipway-nobody-at-all")), .pam).isEmpty)
    }
}

@Suite("A user's name")
struct UserNameTests {
    @Test("is another where its bytes are others, whatever it looks like")
    func bytes() throws {
        let (composed, decomposed) = ("jos\u{E9}", "jose\u{301}")
        #expect(composed == decomposed)
        #expect(UserName(composed) != UserName(decomposed))
        let directory = try TemporaryDirectory()
        try HtpasswdFile(path: directory.file("htpasswd")).set(composed, Secret("right"))
        let accounts = try TestAccounts.make(directory, administrators: [composed])
        func call(_ user: String) throws(Problem) -> Caller? {
            try accounts.caller(authorization: "Basic \(Data("\(user):right".utf8).base64EncodedString())")
        }
        #expect(try call(composed)?.isAdministrator == true)
        #expect(throws: Problem.self) { try call(decomposed) }
    }

    @Test(
        "is none that no store could hold, or that hides what it is",
        arguments: [
            "", "-x", "-\u{301}x", "a:b", "a:\u{301}b", "a\nb", "a\u{200B}", "\u{202E}a",
            String(repeating: "x", count: 257),
        ])
    func refused(_ text: String) {
        #expect(UserName(text) == nil)
        #expect(throws: Problem.self) { try Credentials(user: text, password: Secret("x")) }
        #expect(Member(text) == nil || text.hasPrefix("@"))
    }
}
