import Accounts
import Core
import Crypto
import FoundationEssentials
import Posix
import Synchronization
import TestSupport
import Testing

@Suite("Accounts")
struct AccountsTests {
    private static let alicesPassword = "p:a:s \u{1F511}"

    let directory: TemporaryDirectory
    private let accounts: Accounts

    init() throws {
        directory = try TemporaryDirectory()
        try Self.write([("alice", Self.alicesPassword), ("bob", "b")], to: directory)
        accounts = try TestAccounts.make(directory, administrators: ["alice", "eve"])
    }

    private static func write(_ users: [(String, String)], to directory: TemporaryDirectory) throws {
        let lines = try users.map { "\($0):\(try PasswordHash.bcrypt(Secret($1), cost: 4))\n" }
        try Files.replace(directory.file("htpasswd"), with: lines.joined().utf8)
    }

    private static func header(_ user: String, _ password: String) -> String {
        "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    private func refusal(_ header: String) -> Problem? {
        #expect(throws: Problem.self) { try accounts.caller(authorization: header) }
    }

    @Test("know who calls, and who of them is an administrator")
    func callers() throws {
        // Twice: the second time the password is remembered.
        for _ in 0..<2 {
            let alice = try accounts.caller(authorization: Self.header("alice", Self.alicesPassword))
            #expect(alice == Caller(user: "alice", store: .htpasswd, method: .basic, role: .administrator))
            let bob = try accounts.caller(authorization: Self.header("bob", "b"))
            #expect(bob == Caller(user: "bob", store: .htpasswd, method: .basic, role: .none))
        }
        #expect(try accounts.verifications().map(\.count) == [2, 0, 0])
        let folded = Self.header("bob", "b").replacing("Basic", with: "bAsIc")
        #expect(try accounts.caller(authorization: folded)?.user == "bob")
    }

    @Test("call nobody anybody who does not claim to be", arguments: [nil, ""])
    func nobody(_ header: String?) throws {
        #expect(try accounts.caller(authorization: header) == nil)
    }

    @Test("say the same of an unknown user and of a wrong password, without either's words")
    func refused() throws {
        let attempts = [
            ("alice", "wrong"), ("alice", ""), ("nobody", "wrong"), ("alice", Self.alicesPassword + "x"),
            ("Alice", Self.alicesPassword), ("bob", Self.alicesPassword), ("nobody", Self.alicesPassword),
            ("alice", String(repeating: "x", count: 100)),
            // An administrator without an account is none.
            ("eve", "b"),
        ]
        // A password that was right before changes nothing for another.
        _ = try accounts.caller(authorization: Self.header("alice", Self.alicesPassword))
        let problems = attempts.map { refusal(Self.header($0, $1)) }
        #expect(problems.allSatisfy { $0?.code == .unauthenticated })
        #expect(Set(problems.map { $0?.description }).count == 1)
        #expect(problems.allSatisfy { $0?.description.contains("alice") == false })
    }

    @Test("believe no remembered password once the file has changed")
    func changed() throws {
        let old = Self.header("alice", Self.alicesPassword)
        #expect(try accounts.caller(authorization: old) != nil)
        try Self.write([("alice", "new"), ("bob", "b")], to: directory)
        #expect(refusal(old)?.code == .unauthenticated)
        #expect(try accounts.caller(authorization: Self.header("alice", "new")) != nil)
        try Self.write([("bob", "b")], to: directory)
        #expect(refusal(Self.header("alice", "new"))?.code == .unauthenticated)
        #expect(try accounts.caller(authorization: Self.header("bob", "b")) != nil)
    }

    @Test("verify a password once that many bring at the same moment")
    func once() throws {
        let header = Self.header("alice", Self.alicesPassword)
        Threads.concurrently(8) { _ in _ = try? accounts.caller(authorization: header) }
        #expect(try accounts.verifications().map(\.count) == [1, 0, 0])
    }

    @Test("let a user in who begins by many requests at once, from one place")
    func onset() throws {
        let wrong = Mutex(0)
        let header = Self.header("alice", Self.alicesPassword)
        Threads.concurrently(24) { _ in
            let evidence = Evidence(authorization: header, token: nil, address: NetworkAddress("192.0.2.1"))
            if (try? accounts.caller(evidence)) ?? nil == nil { wrong.withLock { $0 += 1 } }
        }
        #expect(wrong.withLock { $0 } == 0)
    }

    @Test("answer many threads at once, each with its own caller")
    func threads() {
        let wrong = Mutex<[String]>([])
        Threads.concurrently(8) { index in
            let (user, password) = index % 2 == 0 ? ("alice", Self.alicesPassword) : ("bob", "b")
            for _ in 0..<20 {
                let caller = try? accounts.caller(authorization: Self.header(user, password))
                if caller?.user != user { wrong.withLock { $0.append(user) } }
            }
        }
        #expect(wrong.withLock { $0 }.isEmpty)
    }
}

@Suite("An Authorization header")
struct AuthorizationTests {
    /// No case gets as far as a look into a store.
    private static let accounts = Result {
        try TestAccounts.make(try TemporaryDirectory(), administrators: [])
    }

    @Test(
        "that is malformed is refused, in few words and none of its own",
        arguments: [
            "Basic", "Basic ", "Basic !!!!", "Basic YWxpY2U", "Basic YWxpY2U=", "Bearer YWxpY2U6eA==",
            "YWxpY2U6eA==", "Basic YWxpY2U6eA== x", "Digest username=alice", " ", "Basic\u{A0}YWxpY2U6eA==",
            // No user; NUL in user and password; invalid UTF-8; a line end and a terminal's escape in the user.
            "Basic \(Data(":b".utf8).base64EncodedString())",
            "Basic \(Data("a\0:b".utf8).base64EncodedString())",
            "Basic \(Data("bob:b\0".utf8).base64EncodedString())",
            "Basic \(Data([0xFF, 0x3A, 0x62]).base64EncodedString())",
            "Basic \(Data("bob:".utf8 + [0xC3]).base64EncodedString())",
            "Basic \(Data("a\nb:b".utf8).base64EncodedString())",
            "Basic \(Data("\u{1B}[2J:b".utf8).base64EncodedString())",
            "Basic " + Data(repeating: 0x61, count: 75_000).base64EncodedString(),
            "Basic " + Data("bob:".utf8 + [UInt8](repeating: 0x61, count: 75_000)).base64EncodedString(),
            String(repeating: "Basic ", count: 20_000),
        ])
    func malformed(_ header: String) throws {
        let accounts = try Self.accounts.get()
        let problem = #expect(throws: Problem.self) { try accounts.caller(authorization: header) }
        #expect(problem?.code == .unauthenticated)
        #expect(problem?.message == "the Authorization header is not Basic credentials")
        #expect((problem?.description.count ?? .max) < 300)
    }
}
