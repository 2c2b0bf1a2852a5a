internal import CCrypto
package import Core

/// A text that only whoever has the key can read: AES-256-GCM of NIST SP 800-38D, by libcrypto.
package enum Sealed {
    /// Bytes.
    private static let (nonceLength, tagLength) = (12, 16)

    /// Seals a text.
    ///
    /// - Parameters:
    ///   - text: what is to be sealed.
    ///   - key: any bytes with 256 bits of randomness in them; used for nothing else.
    ///   - purpose: opening needs the same.
    /// - Returns: nonce, ciphertext and tag; nil where libcrypto fails.
    package static func seal(_ text: Secret, key: [UInt8], purpose: String) -> [UInt8]? {
        let nonce = (0..<nonceLength).map { _ in UInt8.random(in: .min ... .max) }
        let plain = Array(text.revealed.utf8)
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: plain.count + 16)
        var tag = [UInt8](repeating: 0, count: tagLength)
        var (length, last): (Int32, Int32) = (0, 0)
        guard
            EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, derive(key, purpose), nonce) == 1,
            EVP_EncryptUpdate(context, &output, &length, plain, Int32(plain.count)) == 1,
            EVP_EncryptFinal_ex(context, nil, &last) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, Int32(tagLength), &tag) == 1
        else { return nil }
        return nonce + output.prefix(Int(length)) + tag
    }

    /// Opens what `seal` made; nil for any other key, purpose or bytes.
    package static func open(_ sealed: [UInt8], key: [UInt8], purpose: String) -> Secret? {
        guard sealed.count >= nonceLength + tagLength, let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        let nonce = Array(sealed.prefix(nonceLength))
        var tag = Array(sealed.suffix(tagLength))
        let body = Array(sealed.dropFirst(nonceLength).dropLast(tagLength))
        var output = [UInt8](repeating: 0, count: body.count + 16)
        var (length, last): (Int32, Int32) = (0, 0)
        guard
            EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, derive(key, purpose), nonce) == 1,
            EVP_DecryptUpdate(context, &output, &length, body, Int32(body.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, Int32(tagLength), &tag) == 1,
            EVP_DecryptFinal_ex(context, nil, &last) == 1
        else { return nil }
        return String(validating: output.prefix(Int(length)), as: UTF8.self).map { Secret($0) }
    }

    /// One key for each purpose, with HMAC as the pseudo-random function.
    private static func derive(_ key: [UInt8], _ purpose: String) -> [UInt8] { hmac(key, purpose.utf8) }
}
