package import Core
package import Crypto

/// An htpasswd file: `user:hash` lines, read again when the file changes.
package final class HtpasswdStore: UserStore {
    private struct Content {
        let users: [UserName: PasswordHash]
        /// One hash of each cost.
        let costs: [String: PasswordHash]
    }

    package let kind = StoreKind.htpasswd
    private let file: WatchedFile<Content>
    /// Where the file has no hash to stand in for an unknown user's.
    private let spare: PasswordHash

    /// - Throws: `internalError` where libcrypt cannot do what it is for.
    package init(path: String) throws(Problem) {
        let text = try PasswordHash.bcrypt(Secret(String(UInt64.random(in: .min ... .max))))
        guard let spare = try? PasswordHash(text) else {
            throw Problem(.internalError, "libcrypt gives no bcrypt hash on this system")
        }
        self.spare = spare
        file = WatchedFile(path: path) { bytes in
            let (users, complaints) = Self.parse(bytes)
            var costs: [String: PasswordHash] = [:]
            for hash in users.values { costs[hash.cost] = hash }
            if costs.isEmpty { costs[spare.cost] = spare }
            return (Content(users: users, costs: costs), complaints)
        }
    }

    /// A wrong password costs one hash of each cost that the file has, whoever is asked for: how long a refusal takes
    /// says nothing about the name.
    package func verify(_ credentials: Credentials, from address: String) throws(Problem) -> VerifiedUser? {
        let content = try content()
        let hash = content.users[credentials.user]
        if let hash, hash.matches(credentials.password) { return VerifiedUser() }
        for (cost, other) in content.costs where cost != hash?.cost {
            _ = other.matches(credentials.password)
        }
        return nil
    }

    package func mark(of user: UserName) throws(Problem) -> String? { try content().users[user]?.fingerprint }

    package func knows(_ user: UserName) -> Bool { file.current?.users[user] != nil }

    private func content() throws(Problem) -> Content {
        if let content = file.current { return content }
        throw Problem(
            .temporarilyUnavailable, "the htpasswd file cannot be read",
            hint: "look at Slipway's log; slipway user add NAME makes the file")
    }

    /// Reads the lines of an htpasswd file.
    ///
    /// - Returns: the users whose lines are good, and `line: what is wrong` for the others.
    package static func parse(_ bytes: [UInt8]) -> (users: [UserName: PasswordHash], complaints: [String]) {
        var users: [UserName: PasswordHash] = [:]
        let complaints = FileLines.read(bytes) { line in
            let parts = line.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                .map { String(decoding: Array($0), as: UTF8.self) }
            guard parts.count >= 2, let user = UserName(parts[0]) else { return "is no user:hash line" }
            let name = parts[0].printable(limit: 40)
            guard users[user] == nil else { return "\(name) stands twice; the first line counts" }
            do throws(PasswordHash.Refusal) {
                users[user] = try PasswordHash(parts[1])
                return nil
            } catch {
                return "\(name) cannot sign in: the line \(words(for: error)); "
                    + "make it again by htpasswd -B or slipway user add"
            }
        }
        return (users, complaints)
    }

    private static func words(for refusal: PasswordHash.Refusal) -> String {
        switch refusal {
        case .scheme(let kind): "has \(kind)"
        case .malformed(let scheme): "has a \(scheme) hash that is not whole"
        case .tooCostly(let scheme): "has a \(scheme) hash whose check would take too long"
        }
    }
}
