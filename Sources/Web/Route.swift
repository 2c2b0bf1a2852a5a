package import Accounts
package import Core
package import FastCGI
internal import Synchronization

/// Who may use a route; one cannot be written down without it.
package enum Access: Sendable, Equatable, CaseIterable {
    /// Everybody, with or without credentials; wrong credentials are refused all the same.
    case anyone
    /// Whoever is known.
    case signedIn
    /// Whoever may see builds.
    case readers
    /// Whoever may build some model: the route asks which.
    case builders
    case administrators
    /// Callers on this machine, and administrators from anywhere.
    case localOrAdministrators
    /// The web server itself; for everybody else there is nothing.
    case webServer
}

/// One thing that the API does.
package struct Route: Sendable {
    /// What a handler is given beside the request.
    package struct Context: Sendable {
        /// nil only where the route's access lets nobody in particular through.
        package let caller: Caller?
        /// The build named by `{id}` in the path.
        package let id: BuildID?
        let evidence: Evidence
        /// For the audit of a route that is audited.
        let note = AuditNote()
    }

    package let method: String
    /// Components of the path; `{id}` stands for a build's id.
    package let path: String
    package let access: Access
    /// What it is called in the audit, for what changes something.
    package let action: Audit.Action?
    let handle: @Sendable (Request, Context) throws -> GatewayResponse

    package init(
        _ method: String, _ path: String, access: Access, action: Audit.Action? = nil,
        handle: @escaping @Sendable (Request, Context) throws -> GatewayResponse
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.action = action
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

/// What a handler tells the audit about its own request.
package final class AuditNote: Sendable {
    private struct Content {
        var target: String?
        var caller: Caller?
        var action: Audit.Action?
        var isNothing = false
    }

    private let content = Mutex(Content())

    /// What was acted on.
    var target: String? {
        get { content.withLock { $0.target } }
        set { content.withLock { $0.target = newValue } }
    }

    /// Who did it, where that shows only while it is done.
    var caller: Caller? {
        get { content.withLock { $0.caller } }
        set { content.withLock { $0.caller = newValue } }
    }

    /// What it was, where that is not what the route is called.
    var action: Audit.Action? {
        get { content.withLock { $0.action } }
        set { content.withLock { $0.action = newValue } }
    }

    /// Whether nothing was changed after all.
    var isNothing: Bool {
        get { content.withLock { $0.isNothing } }
        set { content.withLock { $0.isNothing = newValue } }
    }
}
