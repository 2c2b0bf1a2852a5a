package import Core
internal import Crypto
internal import Posix

/// Changes an htpasswd file, one user at a time; comments and other users' lines stay as they are.
package struct HtpasswdFile {
    private let path: String

    package init(path: String) { self.path = path }

    /// The users' names in the file's order.
    package func users() throws -> [UserName] {
        try lines().compactMap { $0.hasPrefix("#") ? nil : Self.user($0) }
    }

    /// Adds a user or changes their password.
    package func set(_ user: String, _ password: Secret) throws {
        guard let name = UserName(user), !user.utf8.contains(UInt8(ascii: "#")) else {
            throw Problem.invalid(
                "user",
                "must be 1 to \(UserName.longest) bytes without colon, hash sign and hidden characters, and no dash at the start"
            )
        }
        let entry = "\(user):\(try PasswordHash.bcrypt(password))"
        try change { lines in
            if let index = lines.firstIndex(where: { Self.user($0) == name }) {
                lines[index] = entry
            } else {
                lines.append(entry)
            }
        }
    }

    package func remove(_ user: String) throws {
        try change { lines in
            let kept = lines.filter { Self.user($0) == nil || Self.user($0) != UserName(user) }
            guard kept.count < lines.count else {
                throw Problem(.resourceDoesNotExist, "\(user.printable(limit: 60)) is not in \(path)")
            }
            lines = kept
        }
    }

    /// 20 characters of 62: 119 bits.
    package static func generatedPassword() -> Secret {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return Secret(String((0..<20).map { _ in alphabet[Int.random(in: alphabet.indices)] }))
    }

    private static func user(_ line: String) -> UserName? {
        line.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).first
            .flatMap { UserName(String(decoding: Array($0), as: UTF8.self)) }
    }

    /// Reads, changes and replaces the file while no other does.
    private func change(_ body: (inout [String]) throws -> Void) throws {
        try Files.makeDirectory(Files.parent(of: path), permissions: 0o750)
        let lock = try Descriptor.open("\(path).lock", .lockFile)
        for _ in 0..<100 where try !lock.lock() { Threads.sleep(.milliseconds(50)) }
        guard try lock.lock() else {
            throw Problem(.temporarilyUnavailable, "another program changes \(path)", hint: "try again")
        }
        defer { withExtendedLifetime(lock) {} }
        var lines = try lines()
        try body(&lines)
        try write(lines)
    }

    private func lines() throws -> [String] {
        guard try Files.status(path) != nil else { return [] }
        let bytes = try Files.read(path, limit: 4 << 20)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Problem.invalid(path, "is not valid UTF-8", hint: "mend it by hand; nothing was changed")
        }
        // As web servers do: what else Unicode calls a line's end is not one here.
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private func write(_ lines: [String]) throws {
        // A link is followed, so that it stays one.
        let path = try Files.status(path) == nil ? path : Files.canonical(path)
        // An empty file looks like one that is being written.
        let text = lines.isEmpty ? "# no users\n" : lines.map { $0 + "\n" }.joined()
        try Files.replace(path, with: text.utf8, permissions: 0o640)
    }
}
