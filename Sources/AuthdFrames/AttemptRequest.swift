/// One question to slipway-authd, whether this is that user's password.
///
/// A frame of 1024 bytes, numbers most significant byte first:
///
///     0   "SLPA"
///     4   version, 1
///     5   zero
///     6   length of the user name, 1 to 256
///     8   length of the password, 1 to 512
///     10  length of the address, 0 to 64
///     12  zero
///     16  user name, password and address, one after another; zeros to the end
package struct AttemptRequest {
    package static let frameLength = 1024
    package static let longestUser = 256
    package static let longestPassword = 512
    package static let longestAddress = 64

    /// Valid UTF-8 without anything that a file, a log or a helper's command line could take for something else.
    package let user: String
    /// Any bytes but NUL, where C would end it.
    package let password: WipedBytes
    /// Where the caller sits: an IP address or a host's name; may be empty.
    package let address: String

    /// - Returns: nil where a frame cannot hold them or no user of any system is called so.
    package init?(user: String, password: some Collection<UInt8>, address: String) {
        guard password.count <= Self.longestPassword else { return nil }
        self.init(user, WipedBytes(password), address)
    }

    /// Reads a frame; every byte of it is looked at.
    ///
    /// - Returns: nil where it is not exactly what `frame` makes.
    package init?(frame: WipedBytes) {
        guard frame.count == Self.frameLength else { return nil }
        func number(_ offset: Int) -> Int { Int(frame[offset]) << 8 | Int(frame[offset + 1]) }
        func text(_ range: Range<Int>) -> String? {
            String(validating: range.map { frame[$0] }, as: UTF8.self)
        }
        guard (0..<5).allSatisfy({ frame[$0] == head[$0] }), frame[5] == 0,
            (12..<16).allSatisfy({ frame[$0] == 0 }),
            number(6) <= Self.longestUser, number(8) <= Self.longestPassword,
            number(10) <= Self.longestAddress
        else { return nil }
        let passwordStart = 16 + number(6)
        let addressStart = passwordStart + number(8)
        let end = addressStart + number(10)
        guard (end..<Self.frameLength).allSatisfy({ frame[$0] == 0 }),
            let user = text(16..<passwordStart), let address = text(addressStart..<end)
        else { return nil }
        self.init(user, WipedBytes(frame, passwordStart..<addressStart), address)
    }

    private init?(_ user: String, _ password: WipedBytes, _ address: String) {
        guard Self.mayBeUser(user), Self.mayBeAddress(address),
            (1...Self.longestPassword).contains(password.count),
            (0..<password.count).allSatisfy({ password[$0] != 0 })
        else { return nil }
        self.user = user
        self.password = password
        self.address = address
    }

    /// The request as it is sent.
    package var frame: WipedBytes {
        let frame = WipedBytes(count: Self.frameLength)
        frame.put(head, at: 0)
        var end = 16
        for (offset, count) in [(6, user.utf8.count), (8, password.count), (10, address.utf8.count)] {
            frame.put([UInt8(count >> 8), UInt8(count & 0xFF)], at: offset)
        }
        frame.put(user.utf8, at: end)
        end += user.utf8.count
        for index in 0..<password.count { frame[end + index] = password[index] }
        frame.put(address.utf8, at: end + password.count)
        return frame
    }

    /// Whether a user can be called so.
    ///
    /// Modules make file names of it (`/`), look it up in files with colons, hand it to helpers as an argument (`-`)
    /// and log it (control characters and what only changes how others are shown).
    static func mayBeUser(_ name: String) -> Bool {
        (1...longestUser).contains(name.utf8.count) && !name.utf8.starts(with: "-".utf8)
            && name.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: false
                default: scalar != ":" && scalar != "/"
                }
            }
    }

    /// Whether it looks like an IP address, with its zone, or like a host's name.
    static func mayBeAddress(_ text: String) -> Bool {
        text.utf8.count <= longestAddress
            && text.utf8.allSatisfy { byte in
                switch UInt8(byte) {
                case UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "_"), UInt8(ascii: "%"):
                    true
                default: false
                }
            } && !text.utf8.starts(with: "-".utf8)
    }
}

/// What both kinds of frame begin with: "SLPA" and the version.
let head: [UInt8] = [0x53, 0x4C, 0x50, 0x41, 1]
