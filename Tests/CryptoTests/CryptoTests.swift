import Core
import Crypto
import Posix
import TestSupport
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    @Test(
        "gives the digests of FIPS 180-4's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ])
    func vectors(_ text: String, _ digest: String) {
        #expect(SHA256.hex(text.utf8) == digest)
        #expect(SHA256.digest(text.utf8).count == 32)
    }
}

@Suite("A process key")
struct ProcessKeyTests {
    @Test("seals the same bytes in the same way, other bytes or another key's in another")
    func seals() {
        let key = ProcessKey()
        let mark = key.mark("user\0password".utf8)
        #expect(mark.count == 32)
        #expect(key.mark("user\0password".utf8) == mark)
        #expect(key.mark("user\0passwore".utf8) != mark)
        #expect(key.mark([]) != mark)
        #expect(ProcessKey().mark("user\0password".utf8) != mark)
    }
}

@Suite("A password's hash")
struct PasswordHashTests {
    @Test(
        "matches the password it was made from, by whichever program",
        arguments: [
            // Test vectors of crypt_blowfish (https://www.openwall.com/crypt/), whose authors made bcrypt for C.
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"),
            ("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"),
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""),
        ])
    func vectors(_ hash: String, _ password: String) throws {
        for kind in ["$2a$", "$2b$", "$2y$"] {
            let stored = try PasswordHash(kind + hash.dropFirst(4))
            #expect(stored.matches(Secret(password)))
            #expect(!stored.matches(Secret(password + "x")))
            #expect(!stored.matches(Secret(String(password.dropFirst().lowercased()) + "U")))
        }
    }

    @Test(
        "of other schemes matches too",
        arguments: [
            // The vectors of the specification (https://www.akkadia.org/drepper/SHA-crypt.txt).
            (
                "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!",
                PasswordHash.Scheme.sha256
            ),
            (
                "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
                "Hello world!", .sha256
            ),
            (
                "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
                "Hello world!", .sha512
            ),
            // The example of Apache's documentation.
            ("$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "myPassword", .apr1),
            // Made by libxcrypt's own crypt(3).
            (
                "$y$j9T$J7xMnTVu10FcJBIRnxjLq.$hQcFS4P.5YsZlWCPikYUM6mvrM7UhJT66dgXX7M6yb9", "Hello world!",
                .yescrypt
            ),
        ])
    func otherSchemes(_ text: String, _ password: String, _ scheme: PasswordHash.Scheme) throws {
        let hash = try PasswordHash(text)
        #expect(hash.scheme == scheme)
        #expect(hash.matches(Secret(password)))
        for wrong in ["", password + "x", String(password.dropLast()), String(repeating: "x", count: 600)] {
            #expect(!hash.matches(Secret(wrong)))
        }
    }

    @Test("made here matches its password, begins with $2b$ and is salted")
    func made() throws {
        let password = Secret("p\u{E4}ss:word \u{1F511}")
        let first = try PasswordHash.bcrypt(password, cost: 4)
        let second = try PasswordHash.bcrypt(password, cost: 4)
        #expect(first.hasPrefix("$2b$04$"))
        #expect(first != second)
        #expect(try PasswordHash(first).matches(password))
        #expect(try PasswordHash(second).matches(password))
        #expect(try !PasswordHash(first).matches(Secret("pass:word \u{1F511}")))
    }

    @Test("made by htpasswd matches, and htpasswd takes those made here", .enabled(if: htpasswd != nil))
    func apache() throws {
        func run(_ arguments: [String]) throws -> Command.Outcome {
            try Command(try #require(htpasswd), arguments, environment: [:]).run(seconds: 60)
        }
        let line = try run(["-nbB", "-C", "4", "alice", "c0rrect:h\u{F6}rse"]).output
        let hash = try PasswordHash(String(line.dropFirst("alice:".count).prefix { !$0.isNewline }))
        #expect(hash.matches(Secret("c0rrect:h\u{F6}rse")))
        #expect(!hash.matches(Secret("c0rrect:horse")))
        for option in ["-m", "-2", "-5"] {
            for password in [
                "", "x", "c0rrect:h\u{F6}rse", "sixteen letters!", "seventeen letters", "a b\u{1F511}",
            ] {
                let made = try run(["-nb", option, "alice", password]).output
                let hash = try PasswordHash(String(made.dropFirst("alice:".count).prefix { !$0.isNewline }))
                #expect(hash.matches(Secret(password)), "\(option) \(password)")
                #expect(!hash.matches(Secret(password + "x")))
            }
        }
        let directory = try TemporaryDirectory()
        let ours = try PasswordHash.bcrypt(Secret("c0rrect:h\u{F6}rse"), cost: 4)
        let file = try directory.write("alice:\(ours)\n", to: "htpasswd")
        #expect(try run(["-vb", file, "alice", "c0rrect:h\u{F6}rse"]).status == .exited(0))
        #expect(try run(["-vb", file, "alice", "wrong"]).status != .exited(0))
    }

    @Test("holds 72 bytes of password and matches none that is longer")
    func longest() throws {
        let longest = String(repeating: "\u{E4}", count: 36)
        let hash = try PasswordHash(try PasswordHash.bcrypt(Secret(longest), cost: 4))
        #expect(hash.matches(Secret(longest)))
        #expect(!hash.matches(Secret(longest + "x")))
        #expect(!hash.matches(Secret(String(longest.dropLast()))))
        // Nor is a password that does not fit hashed as if it were empty.
        let empty = try PasswordHash("$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy")
        #expect(empty.matches(Secret("")))
        #expect(!empty.matches(Secret(longest + "x")))
        #expect(!empty.matches(Secret("\0")))
    }

    @Test(
        "is not made of a password that it could not hold whole",
        arguments: ["", "a\0b", String(repeating: "x", count: 73)])
    func refusedPassword(_ password: String) {
        let problem = #expect(throws: Problem.self) { try PasswordHash.bcrypt(Secret(password), cost: 4) }
        #expect(problem?.code == .invalidParameterValue)
        #expect(password.isEmpty || problem?.description.contains(password) == false)
    }

    @Test(
        "of another kind is refused as such",
        arguments: [
            "", "plain", "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "$1$a$b", "rqXexS6ZhobKA", "$7$salt$hash",
            "$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ])
    func otherKind(_ text: String) {
        let refusal = #expect(throws: PasswordHash.Refusal.self) { try PasswordHash(text) }
        guard case .scheme? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
    }

    @Test(
        "that is malformed is refused",
        arguments: [
            "$6$salt$hash", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc", "$6$rounds=1$a$b",
            "$y$j9T$a$b",
            "$apr1$abcdefgh$012345678901234567890", "$apr1$$HqJZimcKQFAMYayBlzrkA/",
            "$apr1$a:b$HqJZimcKQFAMYayBlzrkA/",
            "$2b$", "$2b$05$", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
            "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$32$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$ 5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$05xCCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe ",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe\n",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC!E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO\u{E4}",
        ])
    func malformed(_ text: String) {
        let refusal = #expect(throws: PasswordHash.Refusal.self) { try PasswordHash(text) }
        guard case .malformed? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
    }
}

private let htpasswd = Executable.find("htpasswd", searchPath: nil)

@Suite("A hash that costs too much")
struct CostlyHashTests {
    @Test(
        "is refused before anybody waits for it",
        arguments: [
            "$2b$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$5$rounds=999999999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "$y$jFT$J7xMnTVu10FcJBIRnxjLq.$hQcFS4P.5YsZlWCPikYUM6mvrM7UhJT66dgXX7M6yb9",
        ])
    func refused(_ text: String) {
        let refusal = #expect(throws: PasswordHash.Refusal.self) { try PasswordHash(text) }
        guard case .tooCostly? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
    }
}

@Suite("A sealed text")
struct SealedTests {
    private let key = [UInt8](repeating: 7, count: 32)

    @Test(
        "is opened by its key and for its purpose only, and whole",
        arguments: ["", "x", "p\u{E4}ss:word \u{1F511}"])
    func opens(_ text: String) throws {
        let sealed = try #require(Sealed.seal(Secret(text), key: key, purpose: "test"))
        #expect(Sealed.open(sealed, key: key, purpose: "test")?.revealed == text)
        #expect(Sealed.open(sealed, key: [UInt8](repeating: 8, count: 32), purpose: "test") == nil)
        #expect(Sealed.open(sealed, key: key, purpose: "other") == nil)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(Sealed.open(changed, key: key, purpose: "test") == nil)
        }
        #expect(Sealed.open(Array(sealed.dropLast()), key: key, purpose: "test") == nil)
        #expect(Sealed.open([], key: key, purpose: "test") == nil)
        #expect(Sealed.seal(Secret(text), key: key, purpose: "test") != sealed)
    }
}
