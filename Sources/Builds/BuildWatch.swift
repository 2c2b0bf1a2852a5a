internal import Core
internal import Posix

/// Follows one build's files as they change, without ever waiting; for one thread.
package final class BuildWatch {
    private let build: BuildDirectory
    private let position: () -> Int?
    private var log: Descriptor?

    /// The build as answers show it; empty where there is none (any more).
    package private(set) var status: [UInt8] = []
    /// Whether nothing will change any more.
    package private(set) var hasEnded = false
    /// Bytes; all of them were written before `status` was.
    package private(set) var logSize = 0

    /// Follows a build.
    ///
    /// - Parameters:
    ///   - directory: its files.
    ///   - log: its log, where that is not the file of this name.
    ///   - position: its place in the queue while it waits.
    init(directory: BuildDirectory, log: Descriptor? = nil, position: @escaping () -> Int?) {
        build = directory
        self.log = log
        self.position = position
    }

    package var directory: String { build.path }
    package var isThere: Bool { !status.isEmpty }

    /// Reads the status, then how long the log is.
    package func refresh() {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard let read = try build.statusBytes() else {
                status = []
                return
            }
            bytes = read
        } catch {
            // What cannot be read now may be readable the next time.
            return
        }
        if let known = try? BuildStatus.decode(bytes) {
            hasEnded = known.state.isTerminal
            status = bytes
            if known.state == .queued, let position = position() {
                var waiting = known
                waiting.queuePosition = position
                status = (try? waiting.encoded()) ?? bytes
            } else if log == nil {
                log = try? Descriptor.open(build.logPath, .read)
            }
        }
        if let log { logSize = ((try? log.regularFileSize()) ?? nil) ?? logSize }
    }

    /// Bytes of the log from `offset`, up to its size at the last look.
    package func log(from offset: Int, limit: Int) -> [UInt8] {
        guard let log, offset < logSize else { return [] }
        return (try? log.read(at: offset, limit: min(limit, logSize - offset))) ?? []
    }
}
