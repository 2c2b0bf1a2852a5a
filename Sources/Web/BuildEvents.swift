internal import Builds
internal import Core
internal import FastCGI

/// The events of one build: its status, its log, and the end.
///
/// A position is a byte offset into the log and a mark of the status that was sent last; both stand in each event's id, so
/// that any responder goes on where another stopped.
final class BuildEvents: EventFeed {
    /// Bytes of the log in one event.
    private static let logLimit = 32 << 10

    private let watch: BuildWatch
    private let hasLog: Bool
    private var mark = 0

    /// Tells what `watch` sees, with or without the log.
    init(_ watch: BuildWatch, hasLog: Bool) {
        self.watch = watch
        self.hasLog = hasLog
    }

    var directory: String? { watch.directory }

    func refresh() {
        watch.refresh()
        mark = Self.mark(watch.news)
    }

    func next(after position: EventPosition) -> EventPiece? {
        guard watch.isThere else {
            return EventPiece(
                Self.end("removed", position), position: position, isLast: true)
        }
        var position = position
        var bytes: [UInt8] = []
        // Who has just come wants to know the state before a long log is told.
        if position.mark == 0 { bytes += tellStatus(&position) }
        let log = hasLog ? tellLog(&position) : []
        bytes += log
        let rest = log.isEmpty ? 0 : watch.logSize - position.offset
        // The log first: a state is told after all that was written before it, but for a piece of a character.
        if rest < 4, position.mark != mark { bytes += tellStatus(&position) }
        let isLast = rest == 0 && watch.hasEnded
        if isLast { bytes += Self.end("ended", position) }
        return bytes.isEmpty ? nil : EventPiece(bytes, position: position, hasMore: rest > 0, isLast: isLast)
    }

    private func tellStatus(_ position: inout EventPosition) -> [UInt8] {
        position.mark = mark
        return ServerEvent.bytes("status", id: Self.id(position), data: watch.status)
    }

    private func tellLog(_ position: inout EventPosition) -> [UInt8] {
        let chunk = Self.whole(
            watch.log(from: position.offset, limit: Self.logLimit), isFinal: watch.hasEnded)
        guard !chunk.isEmpty,
            let text = try? JSON.encode(String(decoding: chunk, as: UTF8.self))
        else { return [] }
        let offset = position.offset
        position.offset += chunk.count
        return ServerEvent.bytes(
            "log", id: Self.id(position),
            data: Array(#"{"offset":\#(offset),"length":\#(chunk.count),"text":"#.utf8) + text
                + Array("}".utf8))
    }

    /// Without a character at the end of which only the beginning is there, while the rest may follow.
    private static func whole(_ chunk: [UInt8], isFinal: Bool) -> ArraySlice<UInt8> {
        for (distance, byte) in chunk.reversed().prefix(4).enumerated() where byte & 0xC0 != 0x80 {
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            // What stands alone at the very end of a log that is over is told as it is.
            guard length > distance + 1, !(isFinal && chunk.count <= distance + 1) else { break }
            return chunk.dropLast(distance + 1)
        }
        return chunk[...]
    }

    private static func end(_ reason: String, _ position: EventPosition) -> [UInt8] {
        ServerEvent.bytes("eof", id: id(position), data: Array(#"{"reason":"\#(reason)"}"#.utf8))
    }

    private static func id(_ position: EventPosition) -> String {
        "\(position.offset)-\(String(UInt(bitPattern: position.mark), radix: 16))"
    }

    /// - Returns: nil unless the text is an event's id.
    static func position(_ id: String) -> EventPosition? {
        guard id.utf8.count <= 40, let match = id.wholeMatch(of: /([0-9]{1,18})-([0-9a-f]{1,16})/),
            let offset = Int(match.1), let mark = UInt(match.2, radix: 16)
        else { return nil }
        return EventPosition(offset: offset, mark: Int(bitPattern: mark))
    }

    /// The same for the same bytes in every process (FNV-1a, 64 bits), and never 0.
    private static func mark(_ bytes: [UInt8]) -> Int {
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt) { ($0 ^ UInt($1)) &* 0x100_0000_01b3 }
        return max(1, Int(bitPattern: hash & 0x7FFF_FFFF_FFFF_FFFF))
    }
}
