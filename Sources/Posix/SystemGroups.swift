internal import Glibc

/// The users of this system, wherever it keeps them.
package enum SystemUsers {
    /// The corresponding C function is `getpwnam_r(3)`.
    /// - Returns: nil where the system knows no such user.
    package static func id(of name: String) -> UInt32? { entry(name)?.user }

    static func entry(_ name: String) -> (user: uid_t, group: gid_t)? {
        guard !name.utf8.contains(0) else { return nil }
        return withGrowingBuffer { buffer, size in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let code = getpwnam_r(name, &entry, buffer, size, &found)
            return (code, found.map { ($0.pointee.pw_uid, $0.pointee.pw_gid) })
        }
    }
}

/// The groups of this system, wherever it keeps them.
package enum SystemGroups {
    /// The corresponding C function is `getgrnam_r(3)`.
    /// - Returns: nil where the system knows no such group.
    package static func id(of name: String) -> UInt32? {
        guard !name.utf8.contains(0) else { return nil }
        return withGrowingBuffer { buffer, size in
            var entry = group()
            var found: UnsafeMutablePointer<group>?
            let code = getgrnam_r(name, &entry, buffer, size, &found)
            return (code, found?.pointee.gr_gid)
        }
    }

    /// The names of all groups that a user belongs to, the primary one among them; none for an unknown user.
    ///
    /// The corresponding C function is `getgrouplist(3)`. A group without a name is left out.
    package static func names(of user: String) -> Set<String> {
        guard let entry = SystemUsers.entry(user) else { return [] }
        var ids: [gid_t] = Array(repeating: 0, count: 64)
        var count = Int32(ids.count)
        // A list that is too short is told how long it must be; no system has a million groups for one user.
        while getgrouplist(user, entry.group, &ids, &count) < 0 {
            guard ids.count < 1 << 20 else { return [] }
            ids = Array(repeating: 0, count: max(Int(count), ids.count * 2))
            count = Int32(ids.count)
        }
        return Set(ids.prefix(Int(count)).compactMap(name))
    }

    private static func name(of id: gid_t) -> String? {
        withGrowingBuffer { buffer, size in
            var entry = group()
            var found: UnsafeMutablePointer<group>?
            let code = getgrgid_r(id, &entry, buffer, size, &found)
            return (code, found.map { String(cString: $0.pointee.gr_name) })
        }
    }
}

/// Calls `body` with ever more room until it no longer fails by `ERANGE`: a group's members have no upper bound.
private func withGrowingBuffer<Value>(
    _ body: (UnsafeMutablePointer<CChar>, Int) -> (code: Int32, value: Value?)
) -> Value? {
    var size = 1 << 12
    while size <= 1 << 26 {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
        defer { buffer.deallocate() }
        let (code, value) = body(buffer, size)
        if code == 0 { return value }
        guard code == ERANGE || code == EINTR else { return nil }
        if code == ERANGE { size *= 2 }
    }
    return nil
}
