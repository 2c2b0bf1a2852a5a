/// Records of a response that no library writes (FastCGI 1.0, sections 3.3, 5.3 and 5.5).
enum Record {
    private static let version: UInt8 = 1
    private static let endRequest: UInt8 = 3
    private static let standardOutput: UInt8 = 6
    /// The longest content that is a multiple of eight, as the specification recommends.
    private static let contentLimit = 65_528

    /// `FCGI_STDOUT` records with all bytes.
    static func output(_ bytes: [UInt8], requestID: UInt16) -> [UInt8] {
        var records: [UInt8] = []
        records.reserveCapacity(bytes.count + 8 * (bytes.count / contentLimit + 1))
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + contentLimit)
            records += header(standardOutput, requestID, length: end - start)
            records += bytes[start..<end]
            start = end
        }
        return records
    }

    /// The end of the output, then `FCGI_END_REQUEST` with `FCGI_REQUEST_COMPLETE`.
    static func end(requestID: UInt16) -> [UInt8] {
        header(standardOutput, requestID, length: 0) + header(endRequest, requestID, length: 8)
            + Array(repeating: 0, count: 8)
    }

    private static func header(_ type: UInt8, _ requestID: UInt16, length: Int) -> [UInt8] {
        [
            version, type, UInt8(requestID >> 8), UInt8(requestID & 0xFF), UInt8(length >> 8),
            UInt8(length & 0xFF), 0, 0,
        ]
    }
}
