import AuthdFrames
import Testing

@Suite("A request's frame")
struct AttemptRequestTests {
    private func request(
        _ user: String = "ann", _ password: String = "secret", _ address: String = "10.0.0.1"
    )
        -> AttemptRequest?
    {
        AttemptRequest(user: user, password: password.utf8, address: address)
    }

    private func bytes(_ frame: WipedBytes) -> [UInt8] { (0..<frame.count).map { frame[$0] } }

    private func frame(_ change: (inout [UInt8]) -> Void = { _ in }) throws -> WipedBytes {
        var content = bytes(try #require(request()).frame)
        change(&content)
        return WipedBytes(content)
    }

    @Test("is laid out as documented")
    func layout() throws {
        let content = bytes(try #require(request()).frame)
        let begin: [UInt8] = [0x53, 0x4C, 0x50, 0x41, 1, 0, 0, 3, 0, 6, 0, 8, 0, 0, 0, 0]
        #expect(content == begin + Array("annsecret10.0.0.1".utf8) + Array(repeating: 0, count: 1024 - 33))
    }

    @Test(
        "carries every name, password and address that may be",
        arguments: [
            ("a", "b", ""), ("ann", "pass:word with / and - ", "10.0.0.1"),
            ("DOMAIN\\ann lee", "-x", "fe80::1%eth0"),
            ("j\u{F6}rg", "\u{7}\t\u{1F511}\u{65E5}\u{301}", "unix:"),
            (
                String(repeating: "u", count: 256), String(repeating: "p", count: 512),
                String(repeating: "9", count: 64)
            ),
            (
                String(repeating: "\u{1F600}", count: 64), String(repeating: "\u{1F600}", count: 128),
                "a.b-c_d"
            ),
        ])
    func roundTrip(_ user: String, _ password: String, _ address: String) throws {
        let sent = try #require(request(user, password, address))
        let received = try #require(AttemptRequest(frame: sent.frame))
        #expect(Array(received.user.utf8) == Array(user.utf8))
        #expect(bytes(received.password) == Array(password.utf8))
        #expect(received.address == address)
    }

    @Test(
        "refuses user names that files, helpers or logs could take for something else",
        arguments: [
            "", "-", "-x", "a:b", ":", "/", "../x", "a/b", "a\0", "\0", "a\nb", "a\rb", "\tx", "a\u{7F}",
            "\u{85}",
            "a\u{9B}b", "a\u{2028}b", "a\u{2029}", "\u{202E}x", "a\u{2066}b", "a\u{200B}b", "\u{FEFF}a",
            String(repeating: "u", count: 257), String(repeating: "\u{1F600}", count: 64) + "u",
            // A slash that an accent combines with is a slash still.
            "a/\u{301}b", "a:\u{301}b",
        ])
    func users(_ user: String) throws {
        #expect(request(user) == nil)
        // Neither does a frame get by with it that was not made here.
        let name = Array(user.utf8)
        guard name.count < 512 else { return }
        let crafted = WipedBytes(count: 1024)
        crafted.put(
            [0x53, 0x4C, 0x50, 0x41, 1, 0, UInt8(name.count >> 8), UInt8(name.count & 255), 0, 1], at: 0)
        crafted.put(name + [UInt8(ascii: "p")], at: 16)
        #expect(AttemptRequest(frame: crafted) == nil)
    }

    @Test("refuses passwords that are empty, too long, or would end early")
    func passwords() {
        #expect(request("ann", "") == nil)
        #expect(request("ann", String(repeating: "p", count: 513)) == nil)
        #expect(request("ann", "secret\0more") == nil)
        #expect(request("ann", "\0") == nil)
    }

    @Test(
        "refuses addresses that are none",
        arguments: [
            "a b", "a\n", "-a", "10.0.0.1/8", "\u{E4}", "a\0", "[::1]", String(repeating: "9", count: 65),
        ])
    func addresses(_ address: String) { #expect(request("ann", "secret", address) == nil) }

    @Test("with any other head is malformed", arguments: 0..<16)
    func head(_ offset: Int) throws {
        #expect(AttemptRequest(frame: try frame()) != nil)
        for value in UInt8.min ... .max {
            let changed = try frame { $0[offset] = value }
            let isSame = try bytes(changed) == bytes(frame())
            #expect((AttemptRequest(frame: changed) != nil) == isSame, "byte \(offset) is \(value)")
        }
    }

    @Test("with anything but zeros behind its content is malformed")
    func padding() throws {
        for offset in 33..<1024 {
            #expect(AttemptRequest(frame: try frame { $0[offset] = 1 }) == nil, "byte \(offset)")
        }
    }

    @Test(
        "with a length that is none is malformed",
        arguments: [
            (6, 0, 0), (6, 1, 1), (6, 255, 255), (6, 0x80, 0), (8, 0, 0), (8, 2, 1), (8, 255, 255),
            (10, 0, 65),
            (10, 255, 255), (10, 0, 7),
        ] as [(Int, UInt8, UInt8)])
    func lengths(_ offset: Int, _ high: UInt8, _ low: UInt8) throws {
        let changed = try frame {
            $0[offset] = high
            $0[offset + 1] = low
        }
        #expect(AttemptRequest(frame: changed) == nil)
    }

    @Test(
        "with a user name that is no UTF-8 is malformed",
        arguments: [
            [0xFF, 0x41, 0x41], [0xC0, 0xAF, 0x41], [0xED, 0xA0, 0x80], [0xE2, 0x82, 0x73],
            [0x41, 0x41, 0x80],
        ]
            as [[UInt8]])
    func unicode(_ name: [UInt8]) throws {
        #expect(AttemptRequest(frame: try frame { $0.replaceSubrange(16..<19, with: name) }) == nil)
    }

    @Test("of any other length is malformed", arguments: [0, 1, 15, 16, 1023, 1025, 4096])
    func size(_ count: Int) throws {
        let content = bytes(try frame())
        #expect(AttemptRequest(frame: WipedBytes((0..<count).map { $0 < 1024 ? content[$0] : 0 })) == nil)
    }

    @Test("that is random or was tampered with is never read as something that it is not")
    func fuzz() throws {
        var generator = SplitMix(state: 0x51D_E0A5)
        var accepted = 0
        for round in 0..<20_000 {
            let content = round % 4 == 0 ? random(&generator) : mutated(&generator)
            guard let request = AttemptRequest(frame: WipedBytes(content)) else { continue }
            accepted += 1
            // What is read must be what alone makes these bytes.
            #expect(bytes(request.frame) == content)
            #expect(!request.user.isEmpty && request.user.utf8.count <= 256)
            #expect((1...512).contains(request.password.count))
        }
        // Most mutations break a frame; some only change a letter.
        #expect((100..<15_000).contains(accepted))
    }

    private func random(_ generator: inout SplitMix) -> [UInt8] {
        let count = Int.random(in: 0...1100, using: &generator)
        var content = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        // Half of them get as far as the lengths.
        if Bool.random(using: &generator), count >= 16 {
            content.replaceSubrange(0..<6, with: [0x53, 0x4C, 0x50, 0x41, 1, 0])
        }
        return content
    }

    private func mutated(_ generator: inout SplitMix) -> [UInt8] {
        var content = bytes((request() ?? request("a"))?.frame ?? WipedBytes(count: 0))
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let offset = Int.random(in: 0..<(Bool.random(using: &generator) ? 40 : 1024), using: &generator)
            content[offset] = UInt8.random(in: 0...255, using: &generator)
        }
        if Int.random(in: 0..<8, using: &generator) == 0 {
            content.removeLast(Int.random(in: 0...1024, using: &generator))
        }
        return content
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
