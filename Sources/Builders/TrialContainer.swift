internal import Core
internal import Posix
internal import Synchronization

/// The client of a running container, in the foreground on a thread of its own.
final class TrialContainer: Sendable {
    private struct State {
        var end: ExitStatus?
        /// The end of what the container wrote.
        var tail: [UInt8] = []
        /// The beginning of a line whose end has not come.
        var rest: [UInt8] = []
        /// Bytes that went to the log.
        var written = 0
    }

    /// A model may write without end: the log gets this much of it.
    private static let logLimit = 1 << 20
    private static let tailLimit = 64 << 10

    private let log: LogWriter
    private let state = Mutex(State())

    init(log: LogWriter) { self.log = log }

    /// How the client ended; nil while it runs.
    var end: ExitStatus? { state.withLock { $0.end } }

    /// The end of what the container wrote.
    var output: String { state.withLock { String(decoding: $0.tail, as: UTF8.self) } }

    /// Starts the client, which ends by itself where its container is removed.
    func start(_ command: Command, seconds: Double) throws(SystemError) {
        // The thread lives as long as the client: the kernel takes the end of the one for the death of the other's parent.
        try Threads.detach { [self] in
            let outcome = try? command.run(seconds: seconds, endingWith: Signals.terminate) { bytes in
                take(bytes)
            }
            state.withLock { state in
                hand(on: &state, isLast: true)
                state.end = outcome?.status ?? .exited(127)
            }
        }
    }

    func waitForEnd(milliseconds: Int) {
        for _ in 0..<milliseconds / 10 where end == nil { Threads.sleep(.milliseconds(10)) }
    }

    func take(_ bytes: [UInt8]) {
        state.withLock { state in
            state.tail += bytes
            if state.tail.count > 2 * Self.tailLimit {
                state.tail.removeFirst(state.tail.count - Self.tailLimit)
            }
            guard state.written < Self.logLimit else { return }
            state.rest += bytes
            hand(on: &state, isLast: false)
        }
    }

    /// Writes whole lines, marked as the container's; that they cannot be written fails nothing.
    private func hand(on state: inout State, isLast: Bool) {
        let newline = UInt8(ascii: "\n")
        if (isLast || state.rest.count > 64 << 10) && !state.rest.isEmpty && state.rest.last != newline {
            state.rest.append(newline)
        }
        guard let last = state.rest.lastIndex(of: newline) else { return }
        var text: [UInt8] = []
        for line in state.rest[..<last].split(separator: newline, omittingEmptySubsequences: false) {
            text += Array("| ".utf8) + line + [newline]
        }
        state.rest.removeSubrange(...last)
        state.written += text.count
        if state.written >= Self.logLimit {
            text += Array("[slipway] what else the container writes is left out\n".utf8)
            state.rest = []
        }
        try? log.write(text)
    }
}
