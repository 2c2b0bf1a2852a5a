package import Core

/// One place that knows users and their passwords.
package protocol UserStore: Sendable {
    var kind: StoreKind { get }

    /// Looks whether the password is the user's; blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - credentials: what the caller gave.
    ///   - address: the caller's, for the store's own log.
    /// - Returns: nil where the password is wrong or there is no such user.
    /// - Throws: `temporarilyUnavailable` where the store cannot be asked; `permissionDenied` where the password is
    ///   right and the user may not come in all the same.
    func verify(_ credentials: Credentials, from address: String) throws(Problem) -> VerifiedUser?

    /// What is different once an answer of `verify` about this user no longer holds, so far as the store can tell
    /// without a password; nil where the user is gone.
    ///
    /// - Throws: `temporarilyUnavailable` where the store cannot say.
    func mark(of user: UserName) throws(Problem) -> String?

    /// Whether the store can say, without a password, that it has a user of this name.
    func knows(_ user: UserName) -> Bool
}

/// What a store says of a user whose password was right.
package struct VerifiedUser: Sendable, Equatable {
    /// Whether the store itself calls the user an administrator.
    package let isStoreAdministrator: Bool

    package init(isStoreAdministrator: Bool = false) { self.isStoreAdministrator = isStoreAdministrator }
}
