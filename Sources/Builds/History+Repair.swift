internal import Core
internal import Posix
internal import SQLite

/// What crashes, failing disks and people's hands leave in the state directory.
extension History {
    /// The bytes of a build's status.json; where somebody spoiled it, what order and index tell.
    ///
    /// - Returns: nil where there is no such build, or nothing that tells of it.
    func statusBytes(_ id: BuildID) throws -> [UInt8]? {
        let directory = directory(id)
        guard let bytes = try directory.statusBytes() else { return nil }
        let mark = "\"build_id\":\"\(id)\""
        if JSON.isObject(bytes), String(decoding: bytes, as: UTF8.self).contains(mark) { return bytes }
        guard let order = try? directory.order() else { return nil }
        let rows = try withDatabase {
            try $0.execute("SELECT state FROM builds WHERE id = ?", [.text(id.text)])
        }
        var status = BuildStatus(id: id, order: order)
        status.state = rows.first?.text(0).flatMap { BuildState(rawValue: $0) } ?? .failed
        let told = "its status.json was damaged: what stood there of it is lost"
        status.warnings = [told]
        if status.state == .failed {
            status.error = .init(
                Problem(.internalError, told, hint: "look at the log, then build again"))
        }
        return try status.encoded()
    }

    /// Removes what crashes and failing disks left: halves of removed builds, drafts that nobody accepted, contexts of
    /// builds that have ended.
    package func tidy() throws {
        let rows = try withDatabase { try $0.execute("SELECT id, state IN (\(Self.ended)) FROM builds") }
        let hasEnded = Dictionary(rows.map { ($0.text(0) ?? "", $0.integer(1) == 1) }) { $1 }
        let minuteAgo = (Clock.system.now().milliseconds - 60_000) * 1_000_000
        for name in try Files.names(in: "\(state)/builds") {
            let path = "\(state)/builds/\(name)"
            if name.hasSuffix(".removed") {
                try? Files.remove(path)
            } else if name.hasSuffix(".draft") {
                // A younger one may be about to be accepted.
                let isOld = (try Files.status(path)).map { $0.modified < minuteAgo } ?? false
                if isOld, hasEnded[String(name.dropFirst().dropLast(6))] == nil { try? Files.remove(path) }
            } else if hasEnded[name] == true {
                try? Files.remove("\(path)/context")
            }
        }
    }
}
