internal import CPosix
internal import Glibc

/// UNIX-domain sockets.
package enum Socket {
    /// Listens at `path`, in place of a socket that nobody listens at; only the owner and the group may connect.
    ///
    /// - Parameters:
    ///   - path: at most 107 bytes.
    ///   - backlog: connections that may wait; a full queue makes nginx answer 502 at once.
    /// - Returns: the listening socket.
    /// - Throws: `SystemError` of the call that failed.
    package static func listen(at path: String, backlog: Int32 = 1024) throws(SystemError) -> Descriptor {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemError("socket") }
        let listener = Descriptor(adopting: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard fits else { throw SystemError("bind", path, errno: ENAMETOOLONG) }
        let present = try Files.status(path)?.kind
        guard present == nil || present == .other else { throw SystemError("bind", path, errno: EEXIST) }
        let inUse = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard !inUse else { throw SystemError("bind", path, errno: EADDRINUSE) }
        // What nobody listens at was left by a process that was killed.
        unlink(path)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw SystemError("bind", path) }
        guard chmod(path, 0o660) == 0 else { throw SystemError("chmod", path) }
        guard Glibc.listen(number, backlog) == 0 else { throw SystemError("listen", path) }
        return listener
    }
}
