internal import Core
package import Crypto
internal import Posix
internal import Synchronization

/// An htpasswd file: `user:hash` lines, bcrypt only, read again when the file changes.
package final class Htpasswd: Sendable {
    private struct Content {
        var stamp: Files.Status?
        var users: [String: PasswordHash] = [:]
        /// Grows with every change, so that answers of earlier content are not believed.
        var generation = 0
        var loaded = false
    }

    private let path: String
    private let content = Mutex(Content())
    private let log = Log("accounts")

    package init(path: String) { self.path = path }

    /// What the file says now about a user, and which reading of the file says so.
    package func lookUp(_ user: String) -> (hash: PasswordHash?, generation: Int) {
        content.withLock { content in
            refresh(&content)
            return (content.users[user], content.generation)
        }
    }

    /// A file that cannot be read or is wrong leaves the last good content in force.
    private func refresh(_ content: inout Content) {
        do {
            // Of what a link leads to: mounted secrets change behind one.
            let stamp = try Files.status(Files.canonical(path))
            if content.loaded && stamp == content.stamp { return }
            let bytes = try Files.read(path, limit: 4 << 20)
            let (users, complaints) = Self.parse(bytes)
            content = Content(stamp: stamp, users: users, generation: content.generation + 1, loaded: true)
            for complaint in complaints { log.warning("\(path):\(complaint)") }
        } catch {
            if content.loaded && content.stamp == nil { return }
            content.loaded = true
            content.stamp = nil
            log.error("the htpasswd file cannot be read; the last good content stays", ["cause": error])
        }
    }

    /// Reads the lines of an htpasswd file.
    ///
    /// - Returns: the users whose lines are good, and `line: what is wrong` for the others.
    package static func parse(_ bytes: [UInt8]) -> (users: [String: PasswordHash], complaints: [String]) {
        var users: [String: PasswordHash] = [:]
        var complaints: [String] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guard let text = String(validating: line, as: UTF8.self) else {
                complaints.append("\(index + 1): is not valid UTF-8")
                continue
            }
            let entry = text.last == "\r" ? String(text.dropLast()) : text
            if entry.isEmpty || entry.hasPrefix("#") { continue }
            let parts = entry.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2, !parts[0].isEmpty, !parts[0].hasControlCharacters else {
                complaints.append("\(index + 1): is no user:hash line")
                continue
            }
            guard users[parts[0]] == nil else {
                complaints.append(
                    "\(index + 1): \(parts[0].printable(limit: 40)) stands twice; the first line counts")
                continue
            }
            do throws(PasswordHash.Refusal) {
                users[parts[0]] = try PasswordHash(parts[1])
            } catch {
                complaints.append(
                    "\(index + 1): the hash of \(parts[0].printable(limit: 40)) is not bcrypt; make it with htpasswd -B"
                )
            }
        }
        return (users, complaints)
    }
}
