internal import CCrypto
package import Core

/// A password's hash as htpasswd and crypt(5) write it, checked by libcrypt.
package struct PasswordHash: Sendable, Equatable, CustomStringConvertible {
    /// How a password is hashed.
    package enum Scheme: Sendable {
        case bcrypt, yescrypt, sha256, sha512
        /// Apache's own, of MD5: quick to guess, but many files have it.
        case apr1
    }

    private let text: String
    package let scheme: Scheme

    /// Not the hash: it must not reach a log either.
    package var description: String { "[password hash]" }

    /// Why a hash is not taken.
    package enum Refusal: Error, Sendable {
        /// Of a kind that is not taken here, with what it seems to be.
        case scheme(String)
        case malformed(Scheme)
        /// Checking one password would take minutes.
        case tooCostly(Scheme)
    }

    /// Takes a hash of one of the schemes; its form is checked, as libcrypt says no more than that something is wrong.
    package init(_ text: String) throws(Refusal) {
        guard let scheme = Self.scheme(of: text) else { throw .scheme(Self.kind(ofRefused: text)) }
        let isWhole =
            switch scheme {
            case .bcrypt: Self.isBcrypt(text)
            case .yescrypt:
                text.wholeMatch(of: /\$y\$[.\/A-Za-z0-9]+\$[.\/A-Za-z0-9]{1,86}\$[.\/A-Za-z0-9]{43}/) != nil
            case .sha256:
                text.wholeMatch(
                    of: /\$5\$(rounds=[1-9][0-9]{3,8}\$)?[.\/A-Za-z0-9]{1,16}\$[.\/A-Za-z0-9]{43}/)
                    != nil
            case .sha512:
                text.wholeMatch(
                    of: /\$6\$(rounds=[1-9][0-9]{3,8}\$)?[.\/A-Za-z0-9]{1,16}\$[.\/A-Za-z0-9]{86}/)
                    != nil
            case .apr1: text.wholeMatch(of: /\$apr1\$[.\/A-Za-z0-9]{1,8}\$[.\/A-Za-z0-9]{22}/) != nil
            }
        guard isWhole else { throw .malformed(scheme) }
        guard Self.isAffordable(text, scheme) else { throw .tooCostly(scheme) }
        self.text = text
        self.scheme = scheme
    }

    /// Whether the cost is one that a check at each sign-in can bear.
    private static func isAffordable(_ text: String, _ scheme: Scheme) -> Bool {
        switch scheme {
        case .apr1: true
        case .bcrypt: (Int(text.dropFirst(4).prefix(2)) ?? 99) <= 16
        case .sha256, .sha512:
            text.firstMatch(of: /rounds=([0-9]+)/).map { (Int($0.1) ?? .max) <= 5_000_000 } ?? true
        // libxcrypt's costs 1 to 8, of 11: up to 128 MB.
        case .yescrypt: text.hasPrefix("$y$j") && text.wholeMatch(of: /\$y\$j[7-9A-C][5T]\$.*/) != nil
        }
    }

    private static func scheme(of text: String) -> Scheme? {
        if ["$2a$", "$2b$", "$2y$"].contains(where: text.hasPrefix) { return .bcrypt }
        let others: [(String, Scheme)] = [
            ("$y$", .yescrypt), ("$5$", .sha256), ("$6$", .sha512), ("$apr1$", .apr1),
        ]
        return others.first { text.hasPrefix($0.0) }?.1
    }

    private static func kind(ofRefused text: String) -> String {
        if text.hasPrefix("{") { return "an unsalted hash" }
        if text.hasPrefix("$1$") { return "a hash of MD5" }
        if text.hasPrefix("$") { return "a hash of a kind that is not known here" }
        return "a plain password or a hash of DES"
    }

    private static func isBcrypt(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, bytes[6] == UInt8(ascii: "$"), let cost = Int(text.dropFirst(4).prefix(2)),
            (4...31).contains(cost)
        else { return false }
        return (bytes[4...5] + bytes[7...]).allSatisfy(alphabet.contains)
    }

    /// Scheme and cost without salt and hash: two hashes that say the same take the same time.
    package var cost: String {
        switch scheme {
        case .bcrypt: "bcrypt\(text.dropFirst(4).prefix(2))"
        case .apr1: "apr1"
        // Of `$id$[parameters$]salt$hash` all but the last two.
        case .yescrypt, .sha256, .sha512:
            text.split(separator: "$").dropLast(2).joined(separator: "$")
        }
    }

    /// Tells this hash from another, and says nothing about the password.
    package var fingerprint: String { String(SHA256.hex(text.utf8).prefix(16)) }

    /// Whether the password is the one that was hashed; takes as long as the hash's cost says either way.
    ///
    /// bcrypt reads 72 bytes, libcrypt takes 511: a longer password never matches, so that it is not silently cut.
    package func matches(_ password: Secret) -> Bool {
        let bytes = Array(password.revealed.utf8)
        let fits = bytes.count <= longestPassword && !bytes.contains(0)
        let tried = fits ? password : Secret("")
        let computed =
            scheme == .apr1 ? APR1.hash(tried, like: text) : Self.crypt(tried, setting: text)
        guard let computed else { return false }
        return computed.utf8.count == text.utf8.count
            && CRYPTO_memcmp(computed, text, text.utf8.count) == 0 && fits
    }

    /// Hashes a password by bcrypt, as `htpasswd -B` does.
    ///
    /// - Parameters:
    ///   - password: 1 to 72 bytes.
    ///   - cost: the binary logarithm of bcrypt's rounds, 4 to 31.
    /// - Returns: 60 characters, beginning with `$2b$`.
    /// - Throws: `Problem` for a password that bcrypt cannot hold whole.
    package static func bcrypt(_ password: Secret, cost: UInt = 10) throws(Problem) -> String {
        guard !password.revealed.isEmpty, password.revealed.utf8.count <= 72,
            !password.revealed.utf8.contains(0)
        else {
            throw .invalid("password", "must have 1 to 72 bytes: bcrypt reads no further")
        }
        guard let salt = crypt_gensalt_ra("$2b$", cost, nil, 0) else {
            throw Problem(.internalError, "no salt for a password could be made")
        }
        defer { free(salt) }
        guard let hash = crypt(password, setting: String(cString: salt)) else {
            throw Problem(.internalError, "the password could not be hashed")
        }
        return hash
    }

    /// The corresponding C function is `crypt_r(3)`; nil where it refuses.
    private static func crypt(_ password: Secret, setting: String) -> String? {
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        data.initialize(to: crypt_data())
        defer {
            OPENSSL_cleanse(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        guard let result = crypt_r(password.revealed, setting, data),
            result.pointee != CChar(UInt8(ascii: "*"))
        else { return nil }
        return String(cString: result)
    }

    /// Bytes.
    private var longestPassword: Int { scheme == .bcrypt ? 72 : Int(CRYPT_MAX_PASSPHRASE_SIZE) - 1 }
    private static let alphabet = Set("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
}

/// Apache's variant of MD5 crypt, which libcrypt lacks
/// (https://httpd.apache.org/docs/2.4/misc/password_encryptions.html, support/passwd in APR).
private enum APR1 {
    private static let digits = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let mark = Array("$apr1$".utf8)

    /// The password hashed under the salt of `text`, a whole hash; nil where libcrypto has no MD5 to give.
    static func hash(_ password: Secret, like text: String) -> String? {
        let word = Array(password.revealed.utf8)
        let salt = Array(text.utf8.dropFirst(mark.count).prefix { $0 != UInt8(ascii: "$") })
        guard let inner = md5(word + salt + word) else { return nil }
        var start = word + mark + salt
        for offset in stride(from: 0, to: word.count, by: 16) { start += inner.prefix(word.count - offset) }
        var length = word.count
        while length > 0 {
            start.append(length & 1 == 1 ? 0 : word[0])
            length >>= 1
        }
        guard var digest = md5(start) else { return nil }
        for round in 0..<1000 {
            var next = round & 1 == 1 ? word : digest
            if round % 3 != 0 { next += salt }
            if round % 7 != 0 { next += word }
            next += round & 1 == 1 ? digest : word
            guard let result = md5(next) else { return nil }
            digest = result
        }
        var output = mark + salt + [UInt8(ascii: "$")]
        for (high, middle, low) in [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)] {
            let value = Int(digest[high]) << 16 | Int(digest[middle]) << 8 | Int(digest[low])
            output += (0..<4).map { digits[value >> (6 * $0) & 63] }
        }
        output += (0..<2).map { digits[Int(digest[11]) >> (6 * $0) & 63] }
        return String(decoding: output, as: UTF8.self)
    }

    private static func md5(_ bytes: [UInt8]) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: 16)
        var length: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &output, &length, EVP_md5(), nil) == 1 else { return nil }
        return output
    }
}
