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
                text: "alice:$apr1$abcdefgh$0123456789012345678901\nbob:\(hash)\n", users: ["bob"],
                complaints: ["1: the hash of alice is not bcrypt; make it with htpasswd -B"]),
            Reading(text: "alice:secret\n", complaints: ["1: the hash of alice is not bcrypt"]),
            Reading(text: "alice:\n", complaints: ["1: the hash of alice is not bcrypt"]),
            Reading(text: "alice:\(hash.dropLast())\n", complaints: ["1: the hash of alice is not bcrypt"]),
            Reading(
                text: ":\(hash)\nalice\n", complaints: ["1: is no user:hash line", "2: is no user:hash line"]),
            Reading(text: "\n\u{1B}[2J:\(hash)\n", complaints: ["2: is no user:hash line"]),
            Reading(text: "a\0b:\(hash)\n", complaints: ["1: is no user:hash line"]),
        ])
    func parse(_ reading: Reading) {
        let (users, complaints) = Htpasswd.parse(Array(reading.text.utf8))
        #expect(users.keys.sorted() == reading.users)
        #expect(users.values.allSatisfy { $0.matches(Secret("U*U")) })
        #expect(complaints.count == reading.complaints.count)
        for (complaint, beginning) in zip(complaints, reading.complaints) {
            #expect(complaint.hasPrefix(beginning))
            #expect(!complaint.contains("secret") && !complaint.contains("$"))
        }
    }

    @Test("complains of a line that is not UTF-8 and reads the others")
    func encoding() {
        let (users, complaints) = Htpasswd.parse(
            Array("alice:\(hash)\nb".utf8) + [0xFF] + Array(":\(hash)\n".utf8))
        #expect(Array(users.keys) == ["alice"])
        #expect(complaints == ["2: is not valid UTF-8"])
    }

    @Test("that names a user twice means the first line, as web servers do")
    func twice() throws {
        let (users, complaints) = Htpasswd.parse(Array("alice:\(hash)\nalice:\(otherHash)\n".utf8))
        #expect(try users["alice"] == PasswordHash(hash))
        #expect(complaints == ["2: alice stands twice; the first line counts"])
    }

    @Test("is read again when it changes, and its generation grows")
    func reread() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("alice:\(hash)\n", to: "htpasswd")
        let file = Htpasswd(path: path)
        let first = file.lookUp("alice")
        #expect(try first.hash == PasswordHash(hash))
        #expect(file.lookUp("alice").generation == first.generation)
        #expect(file.lookUp("bob").hash == nil)
        try Files.replace(path, with: "bob:\(otherHash)\n".utf8)
        #expect(file.lookUp("alice").hash == nil)
        #expect(try file.lookUp("bob").hash == PasswordHash(otherHash))
        #expect(file.lookUp("bob").generation > first.generation)
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
        let file = Htpasswd(path: directory.file("htpasswd"))
        #expect(file.lookUp("alice").hash != nil)
        symlink("2", directory.file("next"))
        try Files.move(directory.file("next"), to: directory.file("current"))
        #expect(file.lookUp("alice").hash == nil)
        #expect(file.lookUp("bob").hash != nil)
    }

    @Test("that is gone or wrong later leaves the last good content in force, until it is back")
    func unreadable() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("alice:\(hash)\n", to: "htpasswd")
        let file = Htpasswd(path: path)
        let first = file.lookUp("alice")
        #expect(first.hash != nil)
        try Files.remove(path)
        for _ in 0..<2 { #expect(file.lookUp("alice").hash == first.hash) }
        // A directory in its place cannot be read even by root.
        try Files.makeDirectory(path)
        for _ in 0..<2 { #expect(file.lookUp("alice").hash == first.hash) }
        try Files.remove(path)
        try directory.write("bob:\(hash)\n", to: "htpasswd")
        #expect(file.lookUp("alice").hash == nil)
        #expect(file.lookUp("bob").hash != nil)
        #expect(file.lookUp("bob").generation > first.generation)
    }

    @Test("that is not there yet has no users, and is read once it is")
    func later() throws {
        let directory = try TemporaryDirectory()
        let file = Htpasswd(path: directory.file("htpasswd"))
        for _ in 0..<2 { #expect(file.lookUp("alice").hash == nil) }
        try directory.write("alice:\(hash)\n", to: "htpasswd")
        #expect(file.lookUp("alice").hash != nil)
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
        #expect(try file.users() == ["alice"])
        let (users, complaints) = Htpasswd.parse(Array(try directory.read("etc/htpasswd").utf8))
        #expect(users["alice"]?.matches(Secret("a:b \u{E4}")) == true)
        #expect(complaints.isEmpty)
        var status = stat()
        #expect(stat(directory.file("etc/htpasswd"), &status) == 0)
        #expect(status.st_mode & 0o007 == 0)
        #expect(try Files.names(in: directory.file("etc")) == ["htpasswd"])
    }

    @Test("keeps comments and the lines of others as they are")
    func others() throws {
        let before = [
            "# alice: the first", "", "alice:\(hash):Alice", "bob:$apr1$abcdefgh$0123456789012345678901", "",
            "# end",
        ]
        try Files.makeDirectory(directory.file("etc"))
        try directory.write(before.map { $0 + "\n" }.joined(), to: "etc/htpasswd")
        #expect(try file.users() == ["alice", "bob"])

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
        #expect(try file.users() == ["bob"])
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
            String(repeating: "n", count: 129),
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
}
