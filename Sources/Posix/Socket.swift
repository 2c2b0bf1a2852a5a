internal import CPosix
internal import Glibc

/// UNIX-domain sockets.
package enum Socket {
    /// Listens at `path`, in place of a socket that nobody listens at; only the owner and the group may connect.
    ///
    /// - Parameters:
    ///   - path: at most 107 bytes.
    ///   - backlog: connections that may wait, within the system's own bound (net.core.somaxconn); a full queue makes
    ///     nginx answer 502 at once.
    ///   - group: whose members may connect; nil for the caller's own.
    /// - Returns: the listening socket.
    /// - Throws: `SystemError` of the call that failed.
    package static func listen(at path: String, backlog: Int32 = 4096, group: UInt32? = nil)
        throws(SystemError)
        -> Descriptor
    {
        let listener = try open()
        let address = try Address(path, for: "bind")
        let present = try Files.status(path)?.kind
        guard present == nil || present == .other else { throw SystemError("bind", path, errno: EEXIST) }
        guard !address.connect(listener) else { throw SystemError("bind", path, errno: EADDRINUSE) }
        // What nobody listens at was left by a process that was killed.
        unlink(path)
        guard address.bind(listener) else { throw SystemError("bind", path) }
        do throws(SystemError) {
            if let group, chown(path, .max, group) != 0 { throw SystemError("chown", path) }
            guard chmod(path, 0o660) == 0 else { throw SystemError("chmod", path) }
            guard Glibc.listen(listener.number, backlog) == 0 else { throw SystemError("listen", path) }
        } catch {
            unlink(path)
            throw error
        }
        return listener
    }

    /// Connects to whoever listens at `path`.
    ///
    /// - Parameters:
    ///   - path: the socket.
    ///   - deadline: when to give up waiting for a place in the listener's queue, with `ETIMEDOUT`.
    /// - Returns: the connection.
    /// - Throws: `SystemError` of the call that failed.
    package static func connect(to path: String, until deadline: ContinuousClock.Instant)
        throws(SystemError)
        -> Connection
    {
        let socket = try open()
        let address = try Address(path, for: "connect")
        // A full queue lets connect(2) wait, as long as a send may.
        guard slipway_set_send_timeout(socket.number, max(1, deadline.millisecondsLeft)) == 0 else {
            throw SystemError("setsockopt")
        }
        guard address.connect(socket) else {
            throw SystemError("connect", path, errno: errno == EAGAIN ? ETIMEDOUT : errno)
        }
        return Connection(socket)
    }

    private static func open() throws(SystemError) -> Descriptor {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemError("socket") }
        return Descriptor(adopting: number)
    }

    /// A path as the calls want it.
    private struct Address {
        private var address = sockaddr_un()

        init(_ path: String, for call: String) throws(SystemError) {
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
                guard bytes.count < room.count else { return false }
                room.copyBytes(from: bytes)
                return true
            }
            guard fits else { throw SystemError(call, path, errno: ENAMETOOLONG) }
        }

        func bind(_ socket: Descriptor) -> Bool { withPointer { Glibc.bind(socket.number, $0, $1) } == 0 }

        func connect(_ socket: Descriptor) -> Bool {
            withPointer { Glibc.connect(socket.number, $0, $1) } == 0
        }

        private func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
            withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }
}
