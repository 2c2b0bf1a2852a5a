internal import CPosix
internal import Glibc

/// An open file, closed when the last reference goes.
///
/// Always close-on-exec: children get theirs by name.
package final class Descriptor: Sendable {
    package let number: Int32

    /// Takes over a descriptor that is already open.
    package init(adopting number: Int32) { self.number = number }

    deinit { close(number) }

    package enum Mode: Sendable {
        case read
        /// Created if missing, emptied if not.
        case write
        /// Created, and an error if it is there.
        case create
        /// Created if missing; every write goes to the end.
        case append
        /// Created if missing, left as it is if not.
        case lockFile

        fileprivate var flags: Int32 {
            switch self {
            // Without O_NONBLOCK a FIFO that nobody writes to would hold the caller for ever.
            case .read: O_RDONLY | O_NONBLOCK
            case .write: O_WRONLY | O_CREAT | O_TRUNC
            case .create: O_WRONLY | O_CREAT | O_EXCL
            case .append: O_WRONLY | O_CREAT | O_APPEND
            case .lockFile: O_RDWR | O_CREAT
            }
        }
    }

    /// Whether one of this process's standard descriptors is a terminal.
    package static func isTerminal(_ number: Int32) -> Bool { isatty(number) == 1 }

    /// Sets the mode whatever the umask is; that it cannot be set fails nothing.
    ///
    /// The corresponding C function is `fchmod(2)`.
    package func setPermissions(_ mode: UInt32) { fchmod(number, mode) }

    /// Opens a file; one that is created gets `permissions`, less the umask.
    ///
    /// The corresponding C function is `open(2)`.
    package static func open(_ path: String, _ mode: Mode, permissions: UInt32 = 0o600) throws(SystemError)
        -> Descriptor
    {
        let number = retrying { Glibc.open(path, mode.flags | O_CLOEXEC | O_NOCTTY, permissions) }
        guard number >= 0 else { throw SystemError("open", path) }
        return Descriptor(adopting: number)
    }

    /// Opens a directory, to name things beneath it.
    package static func openDirectory(_ path: String) throws(SystemError) -> Descriptor {
        let number = retrying { Glibc.open(path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0) }
        guard number >= 0 else { throw SystemError("open", path) }
        return Descriptor(adopting: number)
    }

    /// A file without a name in a directory, for reading and writing: it goes with its last descriptor.
    package static func unnamed(in directory: String) throws(SystemError) -> Descriptor {
        let path = "\(directory)/.\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp"
        let number = retrying { Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        guard number >= 0 else { throw SystemError("open", path) }
        unlink(path)
        return Descriptor(adopting: number)
    }

    /// Opens a path beneath this directory, following no symbolic link and no `..` out of it.
    ///
    /// The corresponding C function is `openat2(2)` with `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`.
    package func open(beneath path: String, _ mode: Mode, permissions: UInt32 = 0o600) throws(SystemError)
        -> Descriptor
    {
        let descriptor = number
        let opened = retrying { slipway_open_beneath(descriptor, path, mode.flags, permissions) }
        guard opened >= 0 else { throw SystemError("openat2", path) }
        return Descriptor(adopting: opened)
    }

    /// Makes a directory beneath this one; that it exists already is no error.
    package func makeDirectory(beneath path: String, permissions: UInt32 = 0o755) throws(SystemError) {
        guard mkdirat(number, path, permissions) == 0 || errno == EEXIST else {
            throw SystemError("mkdirat", path)
        }
    }

    /// Writes all bytes.
    package func write(_ bytes: some Collection<UInt8>) throws(SystemError) {
        let buffer = Array(bytes)
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes { raw in
                Glibc.write(number, raw.baseAddress?.advanced(by: written), raw.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("write")
            }
            written += count
        }
    }

    /// Lets whoever inherits the file read it from its beginning.
    ///
    /// The corresponding C function is `lseek(2)`.
    package func rewind() throws(SystemError) {
        guard lseek(number, 0, SEEK_SET) == 0 else { throw SystemError("lseek") }
    }

    /// Reads up to `limit` bytes from `offset`, fewer only at the end of the file.
    package func read(at offset: Int, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let chunk = min(limit - bytes.count, 1 << 16)
            var failed: SystemError?
            let more = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, filled in
                var count: Int
                repeat {
                    count = pread(number, buffer.baseAddress, chunk, offset + bytes.count)
                } while count < 0 && errno == EINTR
                if count < 0 { failed = SystemError("pread") }
                filled = max(0, count)
            }
            if let failed { throw failed }
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// Makes what was written outlive a power failure.
    ///
    /// A failure is final: a second try could lie.
    package func synchronize() throws(SystemError) {
        guard fsync(number) == 0 else { throw SystemError(SystemError.synchronizing) }
    }

    /// Takes room for the file's first bytes on its disk, whatever will be written there.
    ///
    /// The corresponding C function is `posix_fallocate(3)`.
    package func allocate(bytes: Int) throws(SystemError) {
        let code = posix_fallocate(number, 0, bytes)
        guard code == 0 else { throw SystemError("posix_fallocate", errno: code) }
    }

    /// The file's size in bytes, or nil where it is no ordinary file.
    package func regularFileSize() throws(SystemError) -> Int? {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw SystemError("fstat") }
        return status.st_mode & S_IFMT == S_IFREG ? status.st_size : nil
    }

    /// Tries to lock the file for this process, without waiting; the lock ends with the descriptor.
    ///
    /// The corresponding C function is `flock(2)`.
    /// - Returns: false where another process holds it.
    package func lock() throws(SystemError) -> Bool {
        if flock(number, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw SystemError("flock") }
        return false
    }
}
