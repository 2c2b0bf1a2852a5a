package import Core
package import Posix

// What builds leave behind: logs, and status files as they are.
extension BuildService {
    /// nil where there is no such build.
    func directory(_ id: BuildID) throws -> BuildDirectory? {
        let directory = history.directory(id)
        return try directory.statusBytes() == nil ? nil : directory
    }

    /// The build's log and its size in bytes; nil where there is no such build.
    ///
    /// A queued build's log is empty.
    package func logFile(_ id: BuildID) throws -> (file: Descriptor, size: Int)? {
        guard let directory = try directory(id) else { return nil }
        return try directory.openLog() ?? (try Descriptor.openNull(), 0)
    }

    /// Compresses logs of builds that were submitted longer ago than `builds.compress_logs_after_days`, and have ended.
    ///
    /// - Parameter limit: how many at most.
    /// - Returns: how many it were.
    /// - Throws: what keeps the index from being read.
    package func compressLogs(limit: Int) throws -> Int {
        let age = Int64(settings.builds.compressLogsAfterDays) * 86_400_000
        let due = Timestamp(milliseconds: clock.now().milliseconds - age)
        var count = 0
        for id in try history.uncompressed(before: due, limit: limit) {
            let directory = history.directory(id)
            do {
                guard try directory.compressLog() else { continue }
                try history.noteCompressed(id, isDone: true)
                count += 1
            } catch let error as SystemError where error.isNoSpace {
                throw error
            } catch {
                // The next one may do.
                log.warning("a log cannot be compressed and stays as it is", ["build": id, "cause": error])
                try history.noteCompressed(id, isDone: false)
            }
        }
        return count
    }

    /// What a look at a build's own file shows, for whoever must not wait for the index.
    package enum Glimpse: Sendable {
        case status([UInt8])
        /// Its row is there, its directory not yet.
        case notYet
        case gone
        /// Spoiled, or not to be read now.
        case unreadable
    }

    package func glimpse(_ id: BuildID) -> Glimpse {
        let directory = history.directory(id)
        do throws(SystemError) {
            // In this order: a draft becomes the directory in between at most.
            let isDraft = try directory.isDraft()
            guard let bytes = try directory.statusBytes() else { return isDraft ? .notYet : .gone }
            return (try? BuildStatus.decode(bytes)) == nil ? .unreadable : .status(bytes)
        } catch {
            return .unreadable
        }
    }

    /// Follows one build; it need not exist (any more).
    ///
    /// - Parameters:
    ///   - id: the build's.
    ///   - known: what had to be waited for.
    /// - Returns: what one thread follows it by.
    package func watch(_ id: BuildID, _ known: BuildWatch.Known) -> BuildWatch {
        BuildWatch(directory: history.directory(id), known) { self.watch.position(of: id) }
    }

    /// What a watch of a build needs and may have to wait for; nil where there is no such build.
    package func known(of id: BuildID) throws -> BuildWatch.Known? {
        guard let bytes = try history.statusBytes(id) else { return nil }
        let status = try BuildStatus.decode(bytes)
        return BuildWatch.Known(
            status: bytes,
            // Decompressed, where it is no more than a file.
            log: try Files.status(history.directory(id).logPath) == nil ? try logFile(id)?.file : nil,
            usualSeconds: status.state.isTerminal
                ? nil : try history.usualSeconds(model: status.modelName, baseImage: status.baseImage))
    }

    /// Whether nginx can be told to send the build's log, from the file that it can read.
    package func isLogForNginx(_ id: BuildID) -> Bool {
        guard settings.server.nginxSendsLogs,
            let log = try? Files.status(history.directory(id).logPath)
        else { return false }
        return log.kind == .file
    }
}
