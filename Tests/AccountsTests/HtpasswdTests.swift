import Accounts
import Core
import Crypto
import Glibc
import Posix
import TestSupport
import Testing

private let hash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
private let otherHash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"

@Suite("An htpasswd file")
struct HtpasswdTests {
    struct Reading: Sendable, CustomTestStringConvertible {
        let text: String
        var users: [String] = []
        /// Beginnings of the complaints.
        var complaints: [String] = []

        var testDescription: String { text }
    }

    @Test(
        "gives its users, and a complaint for every line that is none",
        arguments: [
            Reading(text: ""), Reading(text: "\n\n# comment: with colon\n#alice:\(hash)\n"),
            Reading(text: "alice:\(hash)\nbob:\(hash)", users: ["alice", "bob"]),
            Reading(text: "# users\r\nalice:\(hash)\r\n\r\nbob:\(hash)\r\n", users: ["alice", "bob"]),
            Reading(
                text: "al ice@example.com:\(hash)\n\u{E4}:\(hash)\n", users: ["al ice@example.com", "\u{E4}"]),
            // Fields that follow are a comment, as Apache reads them.
            Reading(text: "alice:\(hash):Alice Example\n", users: ["alice"]),
            Reading(
                text: "alice:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\nbob:\(hash)\n", users: ["bob"],
                complaints: [
                    "1: alice cannot sign in: the line has an unsalted hash; make it again by htpasswd -B"
                ]),
            Reading(
                text: "alice:$1$abcdefgh$0123456789012345678901\n",
                complaints: ["1: alice cannot sign in: the line has a hash of MD5"]),
            Reading(
                text: "alice:secret\n", complaints: ["1: alice cannot sign in: the line has a plain password"]
            ),
            Reading(text: "alice:\n", complaints: ["1: alice cannot sign in: the line has a plain password"]),
            Reading(
                text: "alice:\(hash.dropLast())\n",
                complaints: ["1: alice cannot sign in: the line has a bcrypt hash that is not whole"]),
            Reading(
                text: ":\(hash)\nalice\n", complaints: ["1: is no user:hash line", "2: is no user:hash line"]),
            Reading(text: "\n\u{1B}[2J:\(hash)\n", complaints: ["2: is no user:hash line"]),
            Reading(text: "a\0b:\(hash)\n", complaints: ["1: is no user:hash line"]),
        ])
    func parse(_ reading: Reading) {
        let (users, complaints) = HtpasswdStore.parse(Array(reading.text.utf8))
        #expect(users.keys.map(\.text).sorted() == reading.users)
        #expect(users.values.allSatisfy { $0.matches(Secret("U*U")) })
        #expect(complaints.count == reading.complaints.count)
        for (complaint, beginning) in zip(complaints, reading.complaints) {
            #expect(complaint.hasPrefix(beginning))
            #expect(!complaint.contains("secret") && !complaint.contains("$"))
        }
    }

    @Test("complains of a line that is not UTF-8 and reads the others")
    func encoding() {
        let (users, complaints) = HtpasswdStore.parse(
            Array("alice:\(hash)\nb".utf8) + [0xFF] + Array(":\(hash)\n".utf8))
        #expect(users.keys.map(\.text) == ["alice"])
        #expect(complaints == ["2: is not valid UTF-8"])
    }

    @Test("that names a user twice means the first line, as web servers do")
    func twice() throws {
        let (users, complaints) = HtpasswdStore.parse(Array("alice:\(hash)\nalice:\(otherHash)\n".utf8))
        #expect(try users[try #require(UserName("alice"))] == PasswordHash(hash))
        #expect(complaints == ["2: alice stands twice; the first line counts"])
    }

    /// Which of them can sign in by the password that both hashes are of, or by none.
    private func users(_ store: HtpasswdStore) throws -> [String] {
        try ["alice", "bob"].filter { user in
            let isKnown = try store.mark(of: try #require(UserName(user))) != nil
            let verified = try ["U*U", "U*U*"].contains { password in
                try store.verify(try Credentials(user: user, password: Secret(password)), from: "") != nil
            }
            #expect(isKnown == verified)
            return isKnown
        }
    }

    @Test("is read again when it changes, and marks a user whose hash is another")
    func reread() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("alice:\(hash)\n", to: "htpasswd")
        let store = try HtpasswdStore(path: path)
        #expect(try users(store) == ["alice"])
        let alice = try #require(UserName("alice"))
        let mark = try store.mark(of: alice)
        try Files.replace(path, with: "bob:\(otherHash)\nalice:\(hash)\n".utf8)
        #expect(try users(store) == ["alice", "bob"])
        #expect(try store.mark(of: alice) == mark)
        try Files.replace(path, with: "alice:\(otherHash)\n".utf8)
        #expect(try users(store) == ["alice"])
        #expect(try store.mark(of: alice) != mark)
    }

    @Test("behind a link is read again when the link's target changes, as mounted secrets do")
    func link() throws {
        let directory = try TemporaryDirectory()
        try Files.makeDirectory(directory.file("1"))
        try Files.makeDirectory(directory.file("2"))
        try directory.write("alice:\(hash)\n", to: "1/htpasswd")
        try directory.write("bob:\(hash)\n", to: "2/htpasswd")
        symlink("1", directory.file("current"))
        symlink("current/htpasswd", directory.file("htpasswd"))
        let store = try HtpasswdStore(path: directory.file("htpasswd"))
        #expect(try users(store) == ["alice"])
        symlink("2", directory.file("next"))
        try Files.move(directory.file("next"), to: directory.file("current"))
        #expect(try users(store) == ["bob"])
    }

    @Test("that is gone or wrong later leaves the last good content in force, until it is back")
    func unreadable() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("alice:\(hash)\n", to: "htpasswd")
        let store = try HtpasswdStore(path: path)
        #expect(try users(store) == ["alice"])
        try Files.remove(path)
        for _ in 0..<2 { #expect(try users(store) == ["alice"]) }
        // A directory in its place cannot be read even by root.
        try Files.makeDirectory(path)
        for _ in 0..<2 { #expect(try users(store) == ["alice"]) }
        try Files.remove(path)
        try directory.write("bob:\(hash)\n", to: "htpasswd")
        #expect(try users(store) == ["bob"])
    }

    @Test("that is being written leaves the last good content in force until its last line has its end")
    func halfWritten() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("alice:\(hash)\n", to: "htpasswd")
        let store = try HtpasswdStore(path: path)
        #expect(try users(store) == ["alice"])
        for half in ["", "bob", "bob:\(otherHash)\nalice:\(hash.dropLast(9))"] {
            try Files.replace(path, with: half.utf8)
            #expect(try users(store) == ["alice"])
        }
        try Files.replace(path, with: "bob:\(otherHash)\n".utf8)
        #expect(try users(store) == ["bob"])
        // A file that stays so was not written by halves.
        try Files.replace(path, with: "alice:\(hash)".utf8)
        #expect(try users(store) == ["bob"])
        Threads.sleep(.seconds(2.1))
        #expect(try users(store) == ["alice"])
    }

    @Test("that is not there yet says nothing about anybody, and is read once it is")
    func later() throws {
        let directory = try TemporaryDirectory()
        let store = try HtpasswdStore(path: directory.file("htpasswd"))
        let alice = try #require(UserName("alice"))
        for _ in 0..<2 {
            let problem = #expect(throws: Problem.self) { try store.mark(of: alice) }
            #expect(problem?.code == .temporarilyUnavailable)
        }
        try directory.write("alice:\(hash)\n", to: "htpasswd")
        #expect(try users(store) == ["alice"])
    }

    @Test("that cannot be read when a responder starts ends no session")
    func sessions() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("alice:\(hash)\n", to: "htpasswd")
        let token = try TestAccounts.make(directory, administrators: []).signIn(
            Credentials(user: "alice", password: Secret("U*U")),
            Evidence(authorization: nil, token: nil, address: nil), agent: ""
        ).token
        let evidence = Evidence(authorization: nil, token: token.revealed, address: nil)
        try Files.move(path, to: "\(path).away")
        let later = try TestAccounts.make(directory, administrators: [])
        let problem = #expect(throws: Problem.self) { try later.caller(evidence) }
        #expect(problem?.code == .temporarilyUnavailable)
        try Files.move("\(path).away", to: path)
        #expect(try later.caller(evidence)?.user == "alice")
    }

    @Test("costs a wrong password one hash of each cost, whoever is asked for")
    func times() throws {
        let directory = try TemporaryDirectory()
        let costly = try PasswordHash.bcrypt(Secret("x"), cost: 8)
        let path = try directory.write("alice:\(hash)\nbob:\(costly)\n", to: "htpasswd")
        let store = try HtpasswdStore(path: path)
        func median(_ user: String) throws -> Duration {
            let credentials = try Credentials(user: user, password: Secret("wrong"))
            let clock = ContinuousClock()
            return (0..<9).map { _ in clock.measure { _ = try? store.verify(credentials, from: "") } }
                .sorted()[4]
        }
        let (cheap, dear, unknown) = (try median("alice"), try median("bob"), try median("nobody"))
        // One of bob's hashes is eight of alice's: a refusal that left one of them out would be far off.
        #expect(cheap > dear / 2 && unknown > dear / 2)
        #expect(cheap < dear * 2 && unknown < dear * 2)
    }
}

@Suite("Changing an htpasswd file")
struct HtpasswdFileTests {
    let directory: TemporaryDirectory
    private let file: HtpasswdFile

    init() throws {
        directory = try TemporaryDirectory()
        file = HtpasswdFile(path: directory.file("etc/htpasswd"))
    }

    private func lines() throws -> [String] {
        let text = try directory.read("etc/htpasswd")
        #expect(text.hasSuffix("\n"))
        return text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("makes the file with its directory, for its owner and group only")
    func make() throws {
        #expect(try file.users().isEmpty)
        try file.set("alice", Secret("a:b \u{E4}"))
        #expect(try file.users().map(\.text) == ["alice"])
        let (users, complaints) = HtpasswdStore.parse(Array(try directory.read("etc/htpasswd").utf8))
        #expect(users[try #require(UserName("alice"))]?.matches(Secret("a:b \u{E4}")) == true)
        #expect(complaints.isEmpty)
        var status = stat()
        #expect(stat(directory.file("etc/htpasswd"), &status) == 0)
        #expect(status.st_mode & 0o007 == 0)
        #expect(try Files.names(in: directory.file("etc")).sorted() == ["htpasswd", "htpasswd.lock"])
    }

    @Test("keeps comments and the lines of others as they are")
    func others() throws {
        let before = [
            "# alice: the first", "", "alice:\(hash):Alice", "bob:$apr1$abcdefgh$0123456789012345678901", "",
            "# end",
        ]
        try Files.makeDirectory(directory.file("etc"))
        try directory.write(before.map { $0 + "\n" }.joined(), to: "etc/htpasswd")
        #expect(try file.users().map(\.text) == ["alice", "bob"])

        try file.set("carol", Secret("x"))
        #expect(try Array(lines().prefix(6)) == before)
        #expect(try lines().dropFirst(6).first?.hasPrefix("carol:$2b$") == true)

        try file.set("bob", Secret("new"))
        #expect(try lines().dropFirst(3).first?.hasPrefix("bob:$2b$") == true)
        #expect(try lines().prefix(3) == before.prefix(3))

        try file.remove("carol")
        try file.remove("alice")
        #expect(try lines().prefix(2) == before.prefix(2))
        #expect(try lines().dropFirst(3) == before.dropFirst(4))
        #expect(try file.users().map(\.text) == ["bob"])
    }

    @Test("changes nothing where the user to be removed is not there")
    func removeMissing() throws {
        try Files.makeDirectory(directory.file("etc"))
        try directory.write("# alice\nbob:\(hash)\n", to: "etc/htpasswd")
        let problem = #expect(throws: Problem.self) { try file.remove("alice") }
        #expect(problem?.code == .resourceDoesNotExist)
        #expect(try directory.read("etc/htpasswd") == "# alice\nbob:\(hash)\n")
    }

    @Test(
        "refuses names that an htpasswd file cannot hold",
        arguments: [
            "", "a:b", "#a", "a#b", "-a", "a\nroot", "a\r", "a\0", "a\u{2028}b",
            String(repeating: "n", count: 257),
        ])
    func refusedUser(_ user: String) throws {
        let problem = #expect(throws: Problem.self) { try file.set(user, Secret("x")) }
        #expect(problem?.code == .invalidParameterValue)
        #expect(try Files.status(directory.file("etc/htpasswd")) == nil)
    }

    @Test("refuses passwords that bcrypt cannot hold", arguments: ["", String(repeating: "x", count: 73)])
    func refusedPassword(_ password: String) throws {
        let problem = #expect(throws: Problem.self) { try file.set("alice", Secret(password)) }
        #expect(problem?.code == .invalidParameterValue)
        #expect(try Files.status(directory.file("etc/htpasswd")) == nil)
    }

    @Test("may be by a generated password, never the same one")
    func generated() {
        let passwords = Set((0..<100).map { _ in HtpasswdFile.generatedPassword().revealed })
        #expect(passwords.count == 100)
        #expect(
            passwords.allSatisfy {
                $0.count == 20 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            })
    }

    @Test("at the same moment loses nobody")
    func atOnce() throws {
        Threads.concurrently(8) { index in try? file.set("user\(index)", Secret("x")) }
        #expect(try file.users().count == 8)
    }

    @Test("leaves what only looks like a line's end in its line")
    func lineEnds() throws {
        let comment = "# note\u{2028}eve:\(hash)"
        try Files.makeDirectory(directory.file("etc"))
        try directory.write("\(comment)\n", to: "etc/htpasswd")
        try file.set("bob", Secret("x"))
        #expect(try file.users().map(\.text) == ["bob"])
        let users = HtpasswdStore.parse(try Files.read(directory.file("etc/htpasswd"), limit: 1 << 20)).users
        #expect(users.keys.map(\.text) == ["bob"])
    }
}
