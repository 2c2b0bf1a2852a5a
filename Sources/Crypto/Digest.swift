internal import CCrypto

/// SHA-256 of FIPS 180-4, by libcrypto.
package enum SHA256 {
    /// 32 bytes.
    package static func digest(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        return [UInt8](unsafeUninitializedCapacity: 32) { output, count in
            var length: UInt32 = 0
            EVP_Digest(input, input.count, output.baseAddress, &length, EVP_sha256(), nil)
            count = Int(length)
        }
    }

    /// 64 lower-case hexadecimal digits.
    package static func hex(_ bytes: some Collection<UInt8>) -> String {
        digest(bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A key that exists in this process only.
package struct ProcessKey: Sendable {
    private let key: [UInt8]

    package init() { key = (0..<32).map { _ in UInt8.random(in: .min ... .max) } }

    /// 32 bytes that say nothing about `bytes` without this process's key.
    package func mark(_ bytes: some Collection<UInt8>) -> [UInt8] { hmac(key, bytes) }
}

/// HMAC-SHA-256 of RFC 2104, by libcrypto: 32 bytes.
func hmac(_ key: [UInt8], _ bytes: some Collection<UInt8>) -> [UInt8] {
    let input = Array(bytes)
    return [UInt8](unsafeUninitializedCapacity: 32) { output, count in
        var length: UInt32 = 0
        HMAC(EVP_sha256(), key, Int32(key.count), input, input.count, output.baseAddress, &length)
        count = Int(length)
    }
}
