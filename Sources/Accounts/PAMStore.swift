internal import Authd
package import Core
internal import Posix

/// The system's users, whose passwords slipway-authd has PAM check.
package struct PAMStore: UserStore {
    package let kind = StoreKind.pam
    private let client: AuthdClient

    /// - Parameter socket: the path of slipway-authd's.
    package init(socket: String) { client = AuthdClient(socketPath: socket, seconds: 12) }

    package func verify(_ credentials: Credentials, from address: String) throws(Problem) -> VerifiedUser? {
        switch try client.check(user: credentials.user.text, password: credentials.password, address: address)
        {
        case .accepted: return VerifiedUser()
        case .refused: return nil
        case .expired:
            throw Problem(
                .permissionDenied, "the password or the account has expired",
                hint: "sign in at the system itself, which lets it be renewed, or ask its administrator")
        case .denied:
            throw Problem(
                .permissionDenied, "this account may not be used now", hint: "ask the system's administrator")
        }
    }

    /// PAM tells nothing without a password; the system tells whether there is such a user, and whether it is the same.
    package func mark(of user: UserName) -> String? { SystemUsers.id(of: user.text).map(String.init) }

    package func knows(_ user: UserName) -> Bool { SystemUsers.id(of: user.text) != nil }
}
