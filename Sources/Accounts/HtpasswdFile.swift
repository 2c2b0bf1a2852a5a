package import Core
internal import Crypto
internal import Posix

/// Changes an htpasswd file, one user at a time; comments and other users' lines stay as they are.
package struct HtpasswdFile {
    private let path: String

    package init(path: String) { self.path = path }

    /// The users' names in the file's order.
    package func users() throws -> [String] {
        try lines().compactMap { $0.hasPrefix("#") ? nil : Self.user($0) }
    }

    /// Adds a user or changes their password.
    package func set(_ user: String, _ password: Secret) throws {
        guard !user.isEmpty, user.utf8.count <= 128, !user.contains(":"), !user.contains("#"),
            !user.hasPrefix("-"),
            !user.hasControlCharacters
        else {
            throw Problem.invalid(
                "user",
                "must be 1 to 128 bytes without colon, hash sign, control characters and a dash at the start")
        }
        let entry = "\(user):\(try PasswordHash.bcrypt(password))"
        var lines = try lines()
        if let index = lines.firstIndex(where: { Self.user($0) == user }) {
            lines[index] = entry
        } else {
            lines.append(entry)
        }
        try write(lines)
    }

    package func remove(_ user: String) throws {
        let lines = try lines()
        let kept = lines.filter { Self.user($0) != user }
        guard kept.count < lines.count else {
            throw Problem(.resourceDoesNotExist, "\(user.printable(limit: 60)) is not in \(path)")
        }
        try write(kept)
    }

    /// 20 characters of 62: 119 bits.
    package static func generatedPassword() -> Secret {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return Secret(String((0..<20).map { _ in alphabet[Int.random(in: alphabet.indices)] }))
    }

    private static func user(_ line: String) -> String? { line.split(separator: ":").first.map(String.init) }

    private func lines() throws -> [String] {
        guard try Files.status(path) != nil else { return [] }
        guard let text = String(validating: try Files.read(path, limit: 4 << 20), as: UTF8.self) else {
            throw Problem.invalid(path, "is not valid UTF-8", hint: "mend it by hand; nothing was changed")
        }
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private func write(_ lines: [String]) throws {
        try Files.makeDirectory(Files.parent(of: path), permissions: 0o750)
        // A link is followed, so that it stays one.
        let path = try Files.status(path) == nil ? path : Files.canonical(path)
        // An empty file looks like one that is being written.
        let text = lines.isEmpty ? "# no users\n" : lines.map { $0 + "\n" }.joined()
        try Files.replace(path, with: text.utf8, permissions: 0o640)
    }
}
