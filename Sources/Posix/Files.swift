internal import CPosix
internal import Glibc

/// Whole files and directories by path.
package enum Files {
    /// What is known of a file without opening it.
    package struct Status: Sendable, Equatable {
        package enum Kind: Sendable { case file, directory, symbolicLink, other }
        package let kind: Kind
        /// Bytes.
        package let size: Int
        /// Nanoseconds since 1970.
        package let modified: Int64
        package let inode: UInt64
    }

    /// The corresponding C function is `lstat(2)`.
    /// - Returns: nil where nothing has this name.
    package static func status(_ path: String) throws(SystemError) -> Status? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SystemError("lstat", path)
        }
        let kind: Status.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        return Status(
            kind: kind, size: status.st_size,
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
            inode: UInt64(status.st_ino))
    }

    /// Reads a whole file of at most `limit` bytes; a longer one is an `EFBIG`.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let file = try Descriptor.open(path, .read)
        let bytes = try file.read(at: 0, limit: limit + 1)
        guard bytes.count <= limit else { throw SystemError("read", path, errno: EFBIG) }
        return bytes
    }

    /// Replaces a file at once: readers see the old content or the new, and a crash leaves one of the two.
    ///
    /// A file that is there keeps its owner, group and permissions.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - bytes: its new content.
    ///   - permissions: for a file that is new.
    ///   - isLasting: whether a power failure after the return must leave the new content; it costs a second wait for the
    ///     disk.
    /// - Throws: `SystemError` of the call that failed; then the old content stays.
    package static func replace(
        _ path: String, with bytes: some Collection<UInt8>, permissions: UInt32 = 0o600,
        isLasting: Bool = true
    )
        throws(SystemError)
    {
        // A name of its own for each call: threads and processes may replace the same file at once.
        let temporary = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp"
        var old = stat()
        let isThere = stat(path, &old) == 0
        do throws(SystemError) {
            let file = try Descriptor.open(temporary, .create, permissions: permissions)
            if isThere {
                // Only root may give a file away: what others replace becomes theirs, as ever.
                _ = fchown(file.number, old.st_uid, old.st_gid)
                _ = fchmod(file.number, old.st_mode & 0o777)
            }
            try file.write(bytes)
            try file.synchronize()
            guard rename(temporary, path) == 0 else { throw SystemError("rename", path) }
            if isLasting { try Descriptor.openDirectory(parent(of: path)).synchronize() }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Makes a directory and those above it; one that exists is left as it is.
    package static func makeDirectory(_ path: String, permissions: UInt32 = 0o700) throws(SystemError) {
        if mkdir(path, permissions) == 0 { return }
        if errno == ENOENT, parent(of: path) != path {
            try makeDirectory(parent(of: path), permissions: permissions)
            if mkdir(path, permissions) == 0 { return }
        }
        guard errno == EEXIST else { throw SystemError("mkdir", path) }
        guard try status(canonical(path))?.kind == .directory else {
            throw SystemError("mkdir", path, errno: ENOTDIR)
        }
    }

    /// Makes a directory whose parent exists.
    ///
    /// - Returns: false where something has this name already.
    package static func createDirectory(_ path: String, permissions: UInt32 = 0o700) throws(SystemError)
        -> Bool
    {
        if mkdir(path, permissions) == 0 { return true }
        guard errno == EEXIST else { throw SystemError("mkdir", path) }
        return false
    }

    /// The names in a directory, sorted, without `.` and `..`.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemError("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file or a whole directory, following no symbolic link; that it is gone already is no error.
    package static func remove(_ path: String) throws(SystemError) {
        guard let status = try status(path) else { return }
        if status.kind == .directory {
            for name in try names(in: path) { try remove("\(path)/\(name)") }
            guard rmdir(path) == 0 || errno == ENOENT else { throw SystemError("rmdir", path) }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("unlink", path) }
        }
    }

    /// Renames a file or directory on the same file system.
    package static func move(_ path: String, to destination: String) throws(SystemError) {
        guard rename(path, destination) == 0 else { throw SystemError("rename", destination) }
    }

    /// Gives a file or directory, and all beneath it, one time of change; follows no symbolic link.
    ///
    /// The corresponding C function is `utimensat(2)`.
    ///
    /// - Parameters:
    ///   - path: where to begin.
    ///   - seconds: since 1970.
    /// - Throws: `SystemError` of the call that failed.
    package static func setTimes(_ path: String, seconds: Int) throws(SystemError) {
        if try status(path)?.kind == .directory {
            for name in try names(in: path) { try setTimes("\(path)/\(name)", seconds: seconds) }
        }
        let time = timespec(tv_sec: seconds, tv_nsec: 0)
        guard utimensat(AT_FDCWD, path, [time, time], AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemError("utimensat", path)
        }
    }

    /// The path without symbolic links, `.` and `..`; it must exist.
    ///
    /// The corresponding C function is `realpath(3)`.
    package static func canonical(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw SystemError("realpath", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    package static func isExecutable(_ path: String) -> Bool {
        guard (try? status(canonical(path)))??.kind == .file else { return false }
        return access(path, X_OK) == 0
    }

    /// Free bytes on the file system that holds `path`; nil where it cannot be told.
    package static func freeBytes(at path: String) -> Int? {
        let bytes = slipway_free_bytes(path)
        return bytes < 0 ? nil : Int(bytes)
    }

    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
