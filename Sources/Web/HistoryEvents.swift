internal import Builds
internal import FastCGI

/// The events of all builds: each whose state changes, and each that is removed.
///
/// A position's mark is the number of the latest change that was told, plus one: 0 is nobody who was told anything.
final class HistoryEvents: EventFeed {
    /// Builds in one piece.
    private static let limit = 20

    private let watch: HistoryWatch
    private let status: (HistoryWatch.Change) -> [UInt8]?

    /// Tells what `watch` sees; `status` gives a build as answers show it, and nil where it is gone.
    init(_ watch: HistoryWatch, status: @escaping (HistoryWatch.Change) -> [UInt8]?) {
        self.watch = watch
        self.status = status
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
        let next = changes.prefix(Self.limit)
        guard let last = next.last else { return nil }
        let bytes = next.flatMap { change in
            if let build = status(change) {
                return ServerEvent.bytes("build", id: "\(change.serial)", data: build)
            }
            return ServerEvent.bytes(
                "removed", id: "\(change.serial)", data: Array(#"{"build_id":"\#(change.id)"}"#.utf8))
        }
        return EventPiece(bytes, position: EventPosition(mark: last.serial + 1))
    }

    /// - Returns: nil unless the text is an event's id.
    static func position(_ id: String) -> EventPosition? {
        guard id.utf8.count <= 18, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let serial = Int(id)
        else { return nil }
        return EventPosition(mark: serial + 1)
    }
}
