internal import Builds
internal import Core
internal import FastCGI
internal import Posix

/// A build's log, whole or from where a reader stopped.
enum LogAnswer {
    /// Has nginx send the file, ranges and all; the location stands in nginx/slipway-locations.conf.
    static func byNginx(_ id: BuildID) -> GatewayResponse {
        GatewayResponse(
            status: 200,
            headers: Answer.textHeaders + [("X-Accel-Redirect", "\(BuildRoutes.logsForNginx)/\(id)")])
    }

    /// Answers `?offset= with the log's rest, and `Range` with a part (RFC 9110, section 14; one range of bytes).
    static func response(_ file: Descriptor, size: Int, _ request: Request) throws(Problem) -> GatewayResponse
    {
        var response = GatewayResponse(
            status: 200,
            headers: Answer.textHeaders + [("Accept-Ranges", "bytes")])
        var range = 0..<size
        if let text = try request.field("offset") {
            guard let offset = Int(text), offset >= 0 else {
                throw .invalid("offset", "must be a number of bytes")
            }
            range = min(offset, size)..<size
        } else if let asked = request.range.flatMap({ Self.bytes($0, size: size) }) {
            guard !asked.isEmpty else {
                response.status = 416
                response.headers.append(("Content-Range", "bytes */\(size)"))
                return response
            }
            range = asked
            response.status = 206
            response.headers.append(
                ("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"))
        }
        response.headers.append(("Content-Length", String(range.count)))
        response.body = .file(file, offset: range.lowerBound, length: range.count)
        return response
    }

    /// Reads `bytes=A-B`, `bytes=A-` or `bytes=-N`.
    ///
    /// - Returns: nil for what is to be ignored (other units, several ranges, nonsense), an empty range for what lies
    ///   beyond the end.
    private static func bytes(_ header: String, size: Int) -> Range<Int>? {
        guard header.hasPrefix("bytes="), !header.contains(",") else { return nil }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty {
            guard let count = Int(ends[1]), count >= 0 else { return nil }
            return max(0, size - count)..<size
        }
        guard let first = Int(ends[0]), first >= 0 else { return nil }
        guard !ends[1].isEmpty else { return min(first, size)..<size }
        guard let last = Int(ends[1]), last >= first else { return nil }
        guard first < size else { return size..<size }
        // Compared first: the end may be the largest number there is.
        return first..<(last < size ? last + 1 : size)
    }
}
