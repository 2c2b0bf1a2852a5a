internal import Core
internal import Posix
internal import Synchronization

/// A text file that is read again when it changes.
///
/// A file that cannot be read, or that seems to be half written, leaves the last good content in force.
final class WatchedFile<Content: Sendable>: Sendable {
    private struct State {
        var stamp: Files.Status?
        /// nil until the file was read once.
        var content: Content?
        var isBroken = false
        /// A changed file that looks as if its writer were not done, and when it was first seen so.
        var unfinished: (stamp: Files.Status?, since: ContinuousClock.Instant)?
    }

    /// How long a file that stays as it is may look unfinished.
    private static var patience: Duration { .seconds(2) }
    /// Nanoseconds: in one tick of the clock a file can change twice and look the same.
    private static var youth: Int64 { 1_500_000_000 }

    private let path: String
    private let parse: @Sendable ([UInt8]) -> (Content, complaints: [String])
    private let state = Mutex(State())
    private let log = Log("accounts")

    /// `parse` gives the content of the file's bytes, and `line: what is wrong` for what is left out of it.
    init(path: String, parse: @escaping @Sendable ([UInt8]) -> (Content, complaints: [String])) {
        self.path = path
        self.parse = parse
    }

    /// What the file says now; nil where it could never be read.
    var current: Content? {
        state.withLock { state in
            refresh(&state)
            return state.content
        }
    }

    private func refresh(_ state: inout State) {
        do {
            // Of what a link leads to: mounted secrets change behind one.
            let stamp = try Files.status(Files.canonical(path))
            if state.content != nil, !state.isBroken, stamp == state.stamp { return }
            let bytes = try Files.read(path, limit: 4 << 20)
            if isUnfinished(bytes, stamp, &state) { return }
            let (content, complaints) = parse(bytes)
            let isYoung =
                stamp.map { Clock.system.now().milliseconds * 1_000_000 - $0.modified < Self.youth } ?? true
            if stamp != state.stamp { for complaint in complaints { log.warning("\(path):\(complaint)") } }
            state = State(stamp: isYoung ? nil : stamp, content: content)
        } catch {
            if !state.isBroken {
                log.error(
                    state.content == nil
                        ? "a file of users cannot be read"
                        : "a file of users cannot be read; its last good content stays",
                    ["file": path, "cause": error])
            }
            state.isBroken = true
        }
    }

    /// Whoever writes in place comes to a line's end last.
    private func isUnfinished(_ bytes: [UInt8], _ stamp: Files.Status?, _ state: inout State) -> Bool {
        guard bytes.last != UInt8(ascii: "\n") else { return false }
        if state.unfinished == nil || state.unfinished?.stamp != stamp {
            state.unfinished = (stamp, .now)
            log.warning("the last line of a file of users has no end; it may be half written", ["file": path])
        }
        guard let since = state.unfinished?.since else { return true }
        return since + Self.patience > .now
    }
}

/// The lines of a file of users or groups.
enum FileLines {
    /// Hands on each line that says something: not empty, and no comment.
    ///
    /// - Parameters:
    ///   - bytes: the file's; lines end with LF, before which a CR may stand.
    ///   - body: takes one line; what it returns is wrong with it.
    /// - Returns: `line: what is wrong` for the lines that are left out.
    static func read(_ bytes: [UInt8], _ body: (String) -> String?) -> [String] {
        var complaints: [String] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if content.isEmpty || content.first == UInt8(ascii: "#") { continue }
            let complaint =
                String(validating: content, as: UTF8.self).map(body) ?? "is not valid UTF-8"
            if let complaint { complaints.append("\(index + 1): \(complaint)") }
        }
        return complaints
    }
}
