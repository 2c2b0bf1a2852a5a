internal import CPosix
internal import Glibc

/// How a program ended.
package enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }

    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signalled(signal)
    }
}

/// A program that was started and has to be waited for by whoever started it.
package struct ChildProcess: Sendable {
    package let pid: Int32

    /// Whom a child belongs to.
    package enum Group: Sendable {
        /// The caller's process group: what the terminal sends reaches it.
        case inherited
        /// A group of its own, so that it and its children can be signalled together.
        case own
        /// A session of its own: no terminal, no way for the caller's end to reach it.
        case session
    }

    /// Starts the program at `path`.
    ///
    /// Every descriptor but the three given is closed in the child; its signals are unblocked and default. That the
    /// program cannot be executed is an error here.
    ///
    /// - Parameters:
    ///   - path: a path with a slash; PATH is not searched (see `Executable.find`).
    ///   - arguments: without the program's own name.
    ///   - environment: the child's whole environment.
    ///   - directory: its working directory; nil for the caller's.
    ///   - input: its standard input; nil for `/dev/null`, as for the two below.
    ///   - output: its standard output.
    ///   - error: its standard error.
    ///   - group: whose signals reach it.
    /// - Returns: the child, which has to be waited for.
    /// - Throws: `SystemError` where it cannot be started.
    package static func start(
        _ path: String, _ arguments: [String], environment: [String: String],
        directory: String? = nil, input: Descriptor? = nil, output: Descriptor? = nil,
        error: Descriptor? = nil,
        group: Group = .inherited
    ) throws(SystemError) -> ChildProcess {
        let null = try Descriptor.openNull()
        let argv = CStrings([path] + arguments)
        let envp = CStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        var pid: Int32 = 0
        let code = withOptionalCString(directory) { directory in
            path.withCString { path in
                argv.withPointers { argv in
                    envp.withPointers { envp in
                        var request = slipway_spawn_request(
                            path: path, arguments: argv, environment: envp, directory: directory,
                            standard: (
                                (input ?? null).number, (output ?? null).number, (error ?? null).number
                            ),
                            new_session: group == .session, new_group: group == .own)
                        return slipway_spawn(&request, &pid)
                    }
                }
            }
        }
        guard code == 0 else { throw SystemError("posix_spawn", path, errno: code) }
        return ChildProcess(pid: pid)
    }

    /// Waits for the end; call it once.
    package func wait() -> ExitStatus {
        var status: Int32 = 0
        let result = retrying { waitpid(pid, &status, 0) }
        return result == pid ? ExitStatus(waitStatus: status) : .exited(127)
    }

    /// Looks whether it ended, without waiting; after an answer, ask no more.
    package func poll() -> ExitStatus? {
        var status: Int32 = 0
        let result = retrying { waitpid(pid, &status, WNOHANG) }
        if result == 0 { return nil }
        return result == pid ? ExitStatus(waitStatus: status) : .exited(127)
    }

    /// Sends a signal to the child, which must not have been waited for yet.
    package func signal(_ signal: Int32) { kill(pid, signal) }

    /// Sends a signal to the child's own group (`Group.own` or `.session`).
    package func signalGroup(_ signal: Int32) { kill(-pid, signal) }
}

extension Descriptor {
    /// `/dev/null`, for reading and writing.
    package static func openNull() throws(SystemError) -> Descriptor {
        let number = retrying { Glibc.open("/dev/null", O_RDWR | O_CLOEXEC) }
        guard number >= 0 else { throw SystemError("open", "/dev/null") }
        return Descriptor(adopting: number)
    }

    /// A pipe; what is written to `writer` can be read from `reader`.
    package static func pipe() throws(SystemError) -> (reader: Descriptor, writer: Descriptor) {
        var ends: [Int32] = [0, 0]
        guard slipway_pipe(&ends) == 0 else { throw SystemError("pipe2") }
        return (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
    }
}

/// Strings as C's NULL-terminated array of pointers.
private final class CStrings {
    private var pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) { pointers = strings.map { strdup($0) } + [nil] }

    deinit { for pointer in pointers { free(pointer) } }

    func withPointers<Result>(_ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
        // An array of at least one element (the closing NULL) always has a base address.
        pointers.withUnsafeBufferPointer { body($0.baseAddress.unsafelyUnwrapped) }
    }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result
{
    guard let text else { return body(nil) }
    return text.withCString(body)
}
