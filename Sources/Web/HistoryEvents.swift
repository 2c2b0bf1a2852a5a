internal import Builds
internal import FastCGI

/// The events of all builds: each whose state changes, and each that is removed.
///
/// A position's mark is the number of the latest change that was told, plus one: 0 is nobody who was told anything.
final class HistoryEvents: EventFeed {
    /// Builds in one piece.
    private static let limit = 20

    private let watch: HistoryWatch
    private let look: (HistoryWatch.Change) -> BuildService.Glimpse

    /// Tells what `watch` sees; `look` gives a build as its file shows it.
    init(_ watch: HistoryWatch, look: @escaping (HistoryWatch.Change) -> BuildService.Glimpse) {
        self.watch = watch
        self.look = look
    }

    /// The index lies in no directory that tells of it: `HistoryWatch` does.
    var directory: String? { nil }

    func refresh() {}

    func next(after position: EventPosition) -> EventPiece? {
        guard position.mark > 0, let changes = watch.changes(after: position.mark - 1) else {
            // What was missed cannot be told: the reader loads the list after this.
            let latest = watch.latest
            return EventPiece(
                ServerEvent.bytes("hello", id: "\(latest)", data: Array("{}".utf8)),
                position: EventPosition(mark: latest + 1))
        }
        var bytes: [UInt8] = []
        var told: Int?
        for change in changes.prefix(Self.limit) {
            let id = "\(change.serial)"
            switch look(change) {
            case .status(let build): bytes += ServerEvent.bytes("build", id: id, data: build)
            case .gone:
                bytes += ServerEvent.bytes(
                    "removed", id: id, data: Array(#"{"build_id":"\#(change.id)"}"#.utf8))
            case .unreadable: break
            case .notYet:
                // A moment later it is there; whoever was told of a later change would miss it.
                return told.map { EventPiece(bytes, position: EventPosition(mark: $0 + 1)) }
            }
            told = change.serial
        }
        return told.map {
            EventPiece(bytes, position: EventPosition(mark: $0 + 1), hasMore: changes.count > Self.limit)
        }
    }

    /// - Returns: nil unless the text is an event's id.
    static func position(_ id: String) -> EventPosition? {
        guard id.utf8.count <= 18, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let serial = Int(id)
        else { return nil }
        return EventPosition(mark: serial + 1)
    }
}
