package import Core
package import Crypto
internal import Posix
internal import Synchronization

/// An htpasswd file: `user:hash` lines, read again when the file changes.
package final class HtpasswdStore: UserStore {
    private struct Content {
        var stamp: Files.Status?
        var users: [String: PasswordHash] = [:]
        /// What takes the longest to check, for users who are not there.
        var costliest: PasswordHash?
        var loaded = false
        /// A changed file that looks as if its writer were not done, and when it was first seen so.
        var unfinished: (stamp: Files.Status?, since: ContinuousClock.Instant)?
    }

    /// How long a file that stays as it is may look unfinished.
    private static let patience = Duration.seconds(2)

    package let kind = StoreKind.htpasswd
    private let path: String
    private let content = Mutex(Content())
    /// Where the file has no hash to stand in for an unknown user's.
    private let spare: PasswordHash
    private let log = Log("accounts")

    /// - Throws: `internalError` where libcrypt cannot do what it is for.
    package init(path: String) throws(Problem) {
        self.path = path
        let text = try PasswordHash.bcrypt(Secret(String(UInt64.random(in: .min ... .max))))
        guard let hash = try? PasswordHash(text) else {
            throw Problem(.internalError, "libcrypt gives no bcrypt hash on this system")
        }
        spare = hash
    }

    /// An unknown user's password is hashed too, at the highest cost that the file has, and so is one whose own hash
    /// costs less: how long a refusal takes says nothing about the name.
    package func verify(_ credentials: Credentials, from address: String) -> VerifiedUser? {
        let (hash, costliest) = current { ($0.users[credentials.user], $0.costliest ?? spare) }
        guard let hash else {
            _ = costliest.matches(credentials.password)
            return nil
        }
        if hash.matches(credentials.password) { return VerifiedUser() }
        if hash.cost != costliest.cost { _ = costliest.matches(credentials.password) }
        return nil
    }

    package func mark(of user: String) -> String? { current { $0.users[user]?.fingerprint } }

    private func current<Result: Sendable>(_ body: (borrowing Content) -> Result) -> Result {
        content.withLock { content in
            refresh(&content)
            return body(content)
        }
    }

    /// A file that cannot be read leaves the last good content in force, as does one that is being written.
    private func refresh(_ content: inout Content) {
        do {
            // Of what a link leads to: mounted secrets change behind one.
            let stamp = try Files.status(Files.canonical(path))
            if content.loaded && stamp == content.stamp { return }
            let bytes = try Files.read(path, limit: 4 << 20)
            // Whoever writes in place comes to a line's end last.
            if content.loaded, !content.users.isEmpty, bytes.last != UInt8(ascii: "\n") {
                if content.unfinished?.stamp != stamp { content.unfinished = (stamp, .now) }
                if let since = content.unfinished?.since, since + Self.patience > .now { return }
                log.warning(
                    "the htpasswd file's last line has no end; it is read all the same", ["file": path])
            }
            let (users, complaints) = Self.parse(bytes)
            content = Content(stamp: stamp, users: users, costliest: Self.costliest(users), loaded: true)
            for complaint in complaints { log.warning("\(path):\(complaint)") }
        } catch {
            if content.loaded && content.stamp == nil { return }
            content.loaded = true
            content.stamp = nil
            log.error("the htpasswd file cannot be read; the last good content stays", ["cause": error])
        }
    }

    /// Of one hash of each cost, the one that takes the longest.
    private static func costliest(_ users: [String: PasswordHash]) -> PasswordHash? {
        var byCost: [String: PasswordHash] = [:]
        for hash in users.values { byCost[hash.cost] = hash }
        guard byCost.count > 1 else { return byCost.values.first }
        return byCost.values.map { hash in
            (hash, ContinuousClock().measure { _ = hash.matches(Secret("")) })
        }.max { $0.1 < $1.1 }?.0
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
                let what =
                    switch error {
                    case .scheme(let kind): "has \(kind)"
                    case .malformed(let scheme): "has a \(scheme) hash that is not whole"
                    }
                complaints.append(
                    "\(index + 1): \(parts[0].printable(limit: 40)) cannot sign in: the line \(what); "
                        + "make it again by htpasswd -B or slipway user add")
            }
        }
        return (users, complaints)
    }
}
