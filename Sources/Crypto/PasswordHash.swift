internal import CCrypto
package import Core

/// A password's hash as crypt(3) and htpasswd write it, checked by libcrypt.
package struct PasswordHash: Sendable, Equatable, CustomStringConvertible {
    private let text: String

    /// Not the hash: it must not reach a log either.
    package var description: String { "[password hash]" }

    /// Why a hash is not taken.
    package enum Refusal: Error, Sendable { case notBcrypt, malformed }

    /// Takes a bcrypt hash: `$2a$`, `$2b$` or `$2y$`, a cost of 4 to 31, 53 characters of salt and hash.
    package init(_ text: String) throws(Refusal) {
        let bytes = Array(text.utf8)
        guard ["$2a$", "$2b$", "$2y$"].contains(where: text.hasPrefix) else { throw .notBcrypt }
        guard bytes.count == 60, bytes[6] == UInt8(ascii: "$"), let cost = Int(text.dropFirst(4).prefix(2)),
            (4...31).contains(cost), (bytes[4...5] + bytes[7...]).allSatisfy(Self.alphabet.contains)
        else { throw .malformed }
        self.text = text
    }

    /// Whether the password is the one that was hashed; takes as long as the hash's cost says either way.
    ///
    /// bcrypt reads 72 bytes: a longer password never matches, so that it is not silently cut.
    package func matches(_ password: Secret) -> Bool {
        let fits = password.revealed.utf8.count <= Self.longestPassword && !password.revealed.utf8.contains(0)
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        data.initialize(to: crypt_data())
        defer {
            OPENSSL_cleanse(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        guard let result = crypt_r(fits ? password.revealed : "", text, data) else { return false }
        let computed = String(cString: result)
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
        guard !password.revealed.isEmpty, password.revealed.utf8.count <= longestPassword,
            !password.revealed.utf8.contains(0)
        else {
            throw .invalid("password", "must have 1 to 72 bytes: bcrypt reads no further")
        }
        guard let salt = crypt_gensalt_ra("$2b$", cost, nil, 0) else {
            throw Problem(.internalError, "no salt for a password could be made")
        }
        defer { free(salt) }
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        data.initialize(to: crypt_data())
        defer {
            OPENSSL_cleanse(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        guard let result = crypt_r(password.revealed, salt, data), result.pointee != CChar(UInt8(ascii: "*"))
        else {
            throw Problem(.internalError, "the password could not be hashed")
        }
        return String(cString: result)
    }

    /// Bytes.
    private static let longestPassword = 72
    private static let alphabet = Set("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
}
