package import Core
internal import Crypto
internal import FoundationEssentials
internal import Synchronization

/// Who calls, once their credentials were found right.
package struct Caller: Sendable, Equatable {
    package let user: String
    package let isAdministrator: Bool
    /// How they were recognised: `basic`.
    package let method: String

    package init(user: String, isAdministrator: Bool, method: String) {
        self.user = user
        self.isAdministrator = isAdministrator
        self.method = method
    }
}

/// Tells from a request's credentials who calls.
package final class Accounts: Sendable {
    /// A verified password is believed this long before it is hashed again.
    private static let trusted = Duration.seconds(60)
    private static let cacheSize = 1024

    private struct Verified {
        let until: ContinuousClock.Instant
        let generation: Int
    }

    private let htpasswd: Htpasswd
    private let administrators: Set<String>
    private let key = ProcessKey()
    private let verified = Mutex<[[UInt8]: Verified]>([:])
    /// One hash is computed at a time; held here is when credentials were last refused.
    private let verifying = Mutex<[[UInt8]: ContinuousClock.Instant]>([:])
    /// How many ask for which credentials; few at a time, so that wrong passwords do not take every thread there is.
    private let waiting = Mutex<[[UInt8]: Int]>([:])
    private static let mostWaiting = 4
    /// What an unknown user's password is hashed against, so that both refusals take the same time.
    private let nobody: PasswordHash

    package init(htpasswd: Htpasswd, administrators: [String]) throws(Problem) {
        self.htpasswd = htpasswd
        self.administrators = Set(administrators)
        let text = try PasswordHash.bcrypt(Secret(String(UInt64.random(in: .min ... .max))))
        guard let hash = try? PasswordHash(text) else {
            throw Problem(.internalError, "libcrypt gives no bcrypt hash on this system")
        }
        nobody = hash
    }

    /// Reads an `Authorization` header of the Basic scheme (RFC 7617, UTF-8).
    ///
    /// - Parameter authorization: the header's value; nil where there is none.
    /// - Returns: nil where nobody claims to be anybody.
    /// - Throws: `unauthenticated`, in the same words for an unknown user and for a wrong password.
    package func caller(authorization: String?) throws(Problem) -> Caller? {
        guard let authorization, !authorization.isEmpty else { return nil }
        let (user, password) = try Self.basic(authorization)
        guard try verify(user, password) else {
            throw Problem(
                .unauthenticated, "the user name or the password is wrong",
                hint: "check both; an administrator sets them by: slipway user add NAME")
        }
        return Caller(user: user, isAdministrator: administrators.contains(user), method: "basic")
    }

    private func verify(_ user: String, _ password: Secret) throws(Problem) -> Bool {
        let (hash, generation) = htpasswd.lookUp(user)
        let seal = key.seal("htpasswd\0\(user)\0\(password.revealed)".utf8)
        if isVerified(seal, generation) { return true }
        let asked = ContinuousClock.now
        try wait(for: seal)
        defer {
            waiting.withLock { waiting in waiting[seal] = waiting[seal].flatMap { $0 > 1 ? $0 - 1 : nil } }
        }
        return verifying.withLock { refused in
            if isVerified(seal, generation) { return true }
            // Whoever asked the same before this was refused gets the same answer, at no further cost.
            if let moment = refused[seal], moment > asked { return false }
            guard (hash ?? nobody).matches(password), hash != nil else {
                if refused.count >= Self.mostWaiting { refused = [:] }
                refused[seal] = .now
                return false
            }
            verified.withLock { verified in
                if verified.count >= Self.cacheSize { verified.removeAll() }
                verified[seal] = Verified(until: .now + Self.trusted, generation: generation)
            }
            return true
        }
    }

    /// Takes a place among those who wait; however many ask the same, they take one.
    private func wait(for seal: [UInt8]) throws(Problem) {
        let isAdmitted = waiting.withLock { waiting in
            guard waiting[seal] != nil || waiting.count < Self.mostWaiting else { return false }
            waiting[seal, default: 0] += 1
            return true
        }
        guard isAdmitted else {
            throw Problem(
                .requestLimitExceeded, "too many passwords are being checked", hint: "try again in a second")
        }
    }

    private func isVerified(_ seal: [UInt8], _ generation: Int) -> Bool {
        verified.withLock { verified in
            guard let known = verified[seal] else { return false }
            return known.until > .now && known.generation == generation
        }
    }

    private static func basic(_ header: String) throws(Problem) -> (user: String, password: Secret) {
        let malformed = Problem(
            .unauthenticated, "the Authorization header is not Basic credentials",
            hint: "send user and password as curl -u user:password does")
        let parts = header.split(separator: " ", maxSplits: 1)
        guard header.utf8.count <= 8192, parts.count == 2, parts[0].lowercased() == "basic",
            let data = Data(base64Encoded: String(parts[1])),
            let text = String(validating: data, as: UTF8.self), let colon = text.firstIndex(of: ":")
        else { throw malformed }
        let user = String(text[..<colon])
        guard !user.isEmpty, !text.utf8.contains(0), !user.hasControlCharacters else { throw malformed }
        return (user, Secret(String(text[text.index(after: colon)...])))
    }
}
