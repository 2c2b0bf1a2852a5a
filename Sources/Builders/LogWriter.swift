internal import Core
package import Posix
internal import Synchronization

/// What engine and container print, on its way into the build's log: no more of it than a limit.
///
/// Lines of Slipway's own go into the file beside it and always get in.
package final class LogWriter: Sendable {
    private struct State {
        var size: Int
        var leftOut = 0
        var endsLine = true
    }

    private let file: Descriptor
    private let limit: Int
    private let state: Mutex<State>

    /// Takes a file that is open for appending.
    ///
    /// - Parameters:
    ///   - file: the log.
    ///   - limit: how many bytes the file may have before the first are left out.
    package init(_ file: Descriptor, limit: Int = .max) {
        self.file = file
        self.limit = limit
        state = Mutex(State(size: (try? file.regularFileSize()) ?? 0))
    }

    /// How many bytes the limit kept out.
    package var leftOut: Int { state.withLock { $0.leftOut } }

    /// Writes as much as fits, up to a line's end, and says once that the rest is left out.
    func write(_ bytes: [UInt8]) throws(Problem) {
        do throws(SystemError) {
            try state.withLock { state throws(SystemError) in try write(bytes, &state) }
        } catch {
            throw Problem(
                .internalError, "the build's log cannot be written: \(error)",
                hint: "make room on the state directory's disk, for example by slipway builds prune",
                cause: error)
        }
    }

    private func write(_ bytes: [UInt8], _ state: inout State) throws(SystemError) {
        guard state.leftOut == 0 else {
            state.leftOut += bytes.count
            return
        }
        guard bytes.count > limit - state.size else {
            try file.write(bytes)
            state.size += bytes.count
            state.endsLine = bytes.last == Self.newline
            return
        }
        var kept = Self.lines(of: bytes.prefix(max(0, limit - state.size)))
        state.leftOut = bytes.count - kept.count
        if kept.last.map({ $0 != Self.newline }) ?? !state.endsLine { kept.append(Self.newline) }
        let note =
            "[slipway \(Clock.system.now())] the log has \(limit) bytes: what else is printed is left out\n"
        try file.write(kept + Array(note.utf8))
    }

    /// Up to a line's end, unless the line after it is a very long one: that is cut, between two characters.
    private static func lines(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        let end = bytes.lastIndex(of: newline).map { $0 + 1 } ?? bytes.startIndex
        if bytes.endIndex - end < longLine { return Array(bytes[..<end]) }
        var cut = bytes.endIndex
        while cut > end, bytes[cut - 1] & 0xC0 == 0x80 { cut -= 1 }
        return Array(bytes[..<max(end, cut - 1)])
    }

    private static let newline = UInt8(ascii: "\n")
    private static let longLine = 4096
}
