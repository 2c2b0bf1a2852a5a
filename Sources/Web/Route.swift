package import Accounts
package import Core
package import FastCGI

/// Who may use a route; one cannot be written down without it.
package enum Access: Sendable, Equatable {
    /// Everybody, with or without credentials; wrong credentials are refused all the same.
    case anyone
    case administrators
    /// Callers on this machine, and administrators from anywhere.
    case localOrAdministrators
}

/// One thing that the API does.
package struct Route: Sendable {
    /// What a handler is given beside the request.
    package struct Context: Sendable {
        /// nil only where the route's access lets nobody in particular through.
        package let caller: Caller?
        /// The build named by `{id}` in the path.
        package let id: BuildID?
    }

    package let method: String
    /// Components of the path; `{id}` stands for a build's id.
    package let path: String
    package let access: Access
    let handle: @Sendable (Request, Context) throws -> GatewayResponse

    package init(
        _ method: String, _ path: String, access: Access,
        handle: @escaping @Sendable (Request, Context) throws -> GatewayResponse
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.handle = handle
    }

    /// Whether the path is this route's.
    func matches(_ components: [Substring]) -> Bool {
        let pattern = path.split(separator: "/", omittingEmptySubsequences: false)
        return pattern.count == components.count
            && zip(pattern, components).allSatisfy { $0 == "{id}" || $0 == $1 }
    }

    /// The text in the place of `{id}`.
    func idText(_ components: [Substring]) -> String? {
        let pattern = path.split(separator: "/", omittingEmptySubsequences: false)
        return zip(pattern, components).first { $0.0 == "{id}" }.map { String($0.1) }
    }
}
