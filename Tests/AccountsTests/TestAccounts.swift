import Accounts
import Core
import FoundationEssentials
import Posix
import Synchronization
import TestSupport

/// Accounts over an htpasswd file of a test's own.
enum TestAccounts {
    static func make(
        _ directory: TemporaryDirectory, administrators: [String], clock: Clock = .system,
        stores: [any UserStore]? = nil, limits: Sessions.Limits = .init(idle: 10, absolute: 2)
    ) throws -> Accounts {
        Accounts(
            stores: try stores ?? [HtpasswdStore(path: directory.file("htpasswd"))],
            roles: Roles(administrators: administrators.compactMap(Member.init)),
            database: try AccountsDatabase(state: directory.file("state")), limits: limits, clock: clock,
            refusalGrid: .milliseconds(1))
    }
}

/// A time of day that a test moves.
final class TestClock: Sendable {
    private let seconds = Mutex(1_700_000_000.0)

    var clock: Clock { Clock { Date(timeIntervalSince1970: self.seconds.withLock { $0 }) } }

    func move(seconds: Double) { self.seconds.withLock { $0 += seconds } }
}

/// A store that holds one password for every user, and says what it is told to.
final class TestStore: UserStore {
    let kind: StoreKind
    private let password: String
    private let isAdministrator: Bool
    let failure = Mutex<Problem?>(nil)
    let asked = Mutex(0)

    init(_ kind: StoreKind, password: String, isAdministrator: Bool = false) {
        self.kind = kind
        self.password = password
        self.isAdministrator = isAdministrator
    }

    func verify(_ credentials: Credentials, from address: String) throws(Problem) -> VerifiedUser? {
        asked.withLock { $0 += 1 }
        if let problem = failure.withLock({ $0 }) { throw problem }
        return credentials.password.revealed == password
            ? VerifiedUser(isStoreAdministrator: isAdministrator) : nil
    }

    func mark(of user: UserName) -> String? { "" }

    func knows(_ user: UserName) -> Bool { user.text == "alice" }
}

extension Accounts {
    /// Each call from a network of its own, so that no call delays another.
    func caller(authorization: String?) throws(Problem) -> Caller? {
        let bytes = (0..<4).map { _ in String(UInt16.random(in: 1 ... .max), radix: 16) }
        return try caller(
            Evidence(
                authorization: authorization, token: nil,
                address: NetworkAddress(bytes.joined(separator: ":") + "::1")))
    }
}
