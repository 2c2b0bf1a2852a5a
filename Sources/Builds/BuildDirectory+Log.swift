internal import Compression
internal import Core
package import Posix

// A log is a file until its build has ended for some time, and then a smaller one.
extension BuildDirectory {
    private var compressedLogPath: String { "\(logPath).gz" }
    private static let pieceSize = 64 << 10

    /// The log for reading, and its size in bytes; nil where nothing was written yet.
    ///
    /// - Throws: `SystemError`, or `GzipError` where the file is damaged.
    package func openLog() throws -> (file: Descriptor, size: Int)? {
        if let file = try open(logPath) { return (file, try file.regularFileSize() ?? 0) }
        // It is there before the other goes.
        guard let compressed = try open(compressedLogPath) else { return nil }
        let file = try Descriptor.unnamed(in: Files.parent(of: Files.parent(of: path)))
        var offset = 0
        try Gzip.decompress {
            let piece = try compressed.read(at: offset, limit: Self.pieceSize)
            offset += piece.count
            return piece
        } into: { bytes in
            try file.write(bytes)
        }
        return (file, try file.regularFileSize() ?? 0)
    }

    /// nil where there is no such file.
    private func open(_ path: String) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try Descriptor.open(path, .read)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// Puts a compressed log in the place of the log, which a crash at any moment leaves readable.
    ///
    /// - Returns: false where somebody writes it yet.
    func compressLog() throws -> Bool {
        // A runner that has told its end may still have a word to say.
        guard let lease = try takeLease() else { return false }
        defer { withExtendedLifetime(lease) {} }
        guard let log = try open(logPath) else { return true }
        let temporary = "\(compressedLogPath).tmp"
        do {
            let file = try Descriptor.open(temporary, .write)
            var offset = 0
            try Gzip.compress {
                let piece = try log.read(at: offset, limit: Self.pieceSize)
                offset += piece.count
                return piece
            } into: { bytes in
                try file.write(bytes)
            }
            try file.synchronize()
            try Files.move(temporary, to: compressedLogPath)
            // Only now may the one go for the other.
            try Descriptor.openDirectory(path).synchronize()
        } catch {
            try? Files.remove(temporary)
            throw error
        }
        try Files.remove(logPath)
        return true
    }
}

extension History {
    /// Builds that ended, were submitted before a moment, and whose logs are as they were written; the oldest first.
    func uncompressed(before moment: Timestamp, limit: Int) throws -> [BuildID] {
        try withDatabase { database in
            try database.execute(
                """
                SELECT id FROM builds WHERE log_compressed = 0 AND state IN (\(Self.ended)) AND created_at <= ?
                ORDER BY seq LIMIT ?
                """, [.integer(Int(moment.milliseconds)), .integer(limit)]
            ).compactMap { $0.text(0).flatMap { BuildID($0) } }
        }
    }

    /// Notes that a log is compressed, or else is left as it is for good.
    func noteCompressed(_ id: BuildID, isDone: Bool) throws {
        try withDatabase { database in
            try database.execute(
                "UPDATE builds SET log_compressed = ? WHERE id = ?",
                [.integer(isDone ? 1 : 2), .text(id.text)])
        }
    }
}
