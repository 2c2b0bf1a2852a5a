import FastCGI
import Glibc
import Posix
import Synchronization
import TestSupport

/// The web server's side of FastCGI 1.0 (https://fastcgi-archives.github.io/FastCGI_Specification.html).
struct WebServer: Sendable {
    struct Answer: Sendable {
        /// The header lines, without the empty one.
        let head: [String]
        let body: [UInt8]
        /// Whether the request was ended by an `FCGI_END_REQUEST`, and the connection closed after it.
        let isEnded: Bool
        let isClosed: Bool
    }

    private struct NoConnection: Error {}

    let socketPath: String

    func ask(_ parameters: [String: String] = [:], body: [UInt8] = [], keepConnection: Bool = false) throws
        -> Answer
    {
        try answer(begin(parameters, body: body, keepConnection: keepConnection))
    }

    /// A connection whose request was sent, and whose answer was not read.
    func begin(_ parameters: [String: String] = [:], body: [UInt8] = [], keepConnection: Bool = false) throws
        -> Descriptor
    {
        let connection = try connect()
        let beginning = Self.record(1, [0, 1, keepConnection ? 1 : 0, 0, 0, 0, 0, 0])
        let parameters = parameters.merging(body.isEmpty ? [:] : ["CONTENT_LENGTH": "\(body.count)"]) {
            given, _ in
            given
        }
        let pairs = parameters.flatMap { name, value in
            Self.length(name.utf8.count) + Self.length(value.utf8.count) + Array(name.utf8)
                + Array(value.utf8)
        }
        // At once, as web servers do: what comes after a short answer would find the connection closed, and reset it.
        try connection.write(beginning + Self.stream(4, pairs) + (body.isEmpty ? Self.stream(5, []) : []))
        // A responder may answer before it has read all of the body, and close.
        if !body.isEmpty { try? connection.write(Self.stream(5, body)) }
        return connection
    }

    /// A connection that says nothing yet.
    func connect() throws -> Descriptor {
        let connection = Descriptor(adopting: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(socketPath.utf8)) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(connection.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw NoConnection() }
        // A responder that never answers fails the test instead of hanging it.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            connection.number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return connection
    }

    private func answer(_ connection: Descriptor) throws -> Answer {
        var output: [UInt8] = []
        var isEnded = false
        while let header = receive(8, connection) {
            let content = receive(Int(header[4]) << 8 | Int(header[5]), connection) ?? []
            _ = receive(Int(header[6]), connection)
            if header[1] == 6 { output += content }
            if header[1] == 3 {
                isEnded = true
                break
            }
        }
        var byte: UInt8 = 0
        let isClosed = recv(connection.number, &byte, 1, 0) == 0
        let end = output.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? output.endIndex
        let head = String(decoding: output[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
        return Answer(head: head, body: Array(output[end...]), isEnded: isEnded, isClosed: isClosed)
    }

    /// Exactly `count` bytes, or nil at the end.
    private func receive(_ count: Int, _ connection: Descriptor) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = count == 0 ? 0 : recv(connection.number, &bytes, count, Int32(MSG_WAITALL))
        return received == count ? bytes : nil
    }

    private static func stream(_ type: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: 65_535).flatMap { start in
            record(type, Array(bytes[start..<min(start + 65_535, bytes.count)]))
        } + record(type, [])
    }

    private static func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0] + content
    }

    private static func length(_ count: Int) -> [UInt8] {
        count < 128
            ? [UInt8(count)]
            : [
                0x80 | UInt8(count >> 24), UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF),
                UInt8(count & 0xFF),
            ]
    }
}
