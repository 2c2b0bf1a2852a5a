internal import Core
internal import Posix

/// Follows one build's files as they change, without ever waiting; for one thread.
package final class BuildWatch {
    /// What had to be waited for before.
    package struct Known: Sendable {
        /// What is shown where status.json cannot be understood.
        let status: [UInt8]
        /// The log, where that is not the file of this name.
        let log: Descriptor?
        /// How long such a build takes.
        let usualSeconds: Double?

        init(status: [UInt8] = [], log: Descriptor? = nil, usualSeconds: Double? = nil) {
            self.status = status
            self.log = log
            self.usualSeconds = usualSeconds
        }
    }

    private let build: BuildDirectory
    private let position: () -> Int?
    private let usualSeconds: Double?
    private let clock: Clock
    private var log: Descriptor?

    /// The build as answers show it; empty where there is none (any more).
    package private(set) var status: [UInt8] = []
    /// What changes when there is news of the build, and not as time goes by.
    package private(set) var news: [UInt8] = []
    /// Whether nothing will change any more.
    package private(set) var hasEnded = false
    /// Bytes; all of them were written before `status` was.
    package private(set) var logSize = 0

    /// Follows a build.
    ///
    /// - Parameters:
    ///   - directory: its files.
    ///   - known: what had to be waited for.
    ///   - clock: tells how long it has taken.
    ///   - position: its place in the queue while it waits.
    init(
        directory: BuildDirectory, _ known: Known = Known(), clock: Clock = .system,
        position: @escaping () -> Int?
    ) {
        build = directory
        log = known.log
        status = known.status
        news = known.status
        usualSeconds = known.usualSeconds
        self.clock = clock
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
                news = []
                return
            }
            bytes = read
        } catch {
            // What cannot be read now may be readable the next time.
            return
        }
        if let known = try? BuildStatus.decode(bytes) { show(known, bytes) }
        if let log { logSize = ((try? log.regularFileSize()) ?? nil) ?? logSize }
    }

    private func show(_ known: BuildStatus, _ bytes: [UInt8]) {
        hasEnded = known.state.isTerminal
        var shown = known
        if known.state == .queued {
            shown.queuePosition = position()
            shown.scheduler = build.job.map(BuildStatus.SchedulerPlace.init)
            news = (try? shown.encoded()) ?? bytes
            status = news
            return
        }
        if log == nil { log = try? Descriptor.open(build.logPath, .read) }
        news = bytes
        shown.etaSeconds =
            hasEnded ? nil : usualSeconds.flatMap { known.secondsLeft(ofUsually: $0, at: clock.now()) }
        status = shown.etaSeconds == nil ? bytes : (try? shown.encoded()) ?? bytes
    }

    /// Bytes of the log from `offset`, up to its size at the last look.
    package func log(from offset: Int, limit: Int) -> [UInt8] {
        guard let log, offset < logSize else { return [] }
        return (try? log.read(at: offset, limit: min(limit, logSize - offset))) ?? []
    }
}
