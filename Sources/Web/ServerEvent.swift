internal import Builds

/// Events as browsers read them (HTML Standard, section 9.2, server-sent events).
enum ServerEvent {
    /// Asks browsers to connect again some two seconds after a stream was lost, and not all at the same moment.
    static var greeting: [UInt8] { Array("retry: \(Int.random(in: 1000...3000))\n\n".utf8) }
    static let heartbeat = Array(": heartbeat\n\n".utf8)

    /// One event; its data is JSON, which has no line end in it.
    static func bytes(_ name: String, id: String, data: [UInt8]) -> [UInt8] {
        Array("event: \(name)\nid: \(id)\ndata: ".utf8) + data + Array("\n\n".utf8)
    }
}
