package import Core
package import HTTPClient
package import Registry
package import Settings

/// The registry that the settings name, and the server that its artifacts come from.
package struct ModelSource: Sendable {
    package let registry: any ModelRegistry
    /// nil for a file store.
    package let server: HTTPServer?

    /// - Throws: `Problem` naming the setting that is wrong.
    package init(_ all: Settings) throws(Problem) {
        let settings = all.registry
        switch settings.uri {
        case .server(let url):
            let server = try HTTPServer(
                url: url, field: "registry.uri", credentials: Self.credentials(settings),
                caBundle: settings.caBundle, proxy: all.network.proxy(for: url))
            registry = MLflowServer(server, allowedRoots: settings.allowedRoots)
            self.server = server
        case .fileStore(let root):
            registry = MLflowFileStore(root: root, allowedRoots: settings.allowedRoots)
            server = nil
        }
    }

    private static func credentials(_ settings: Settings.Registry) -> HTTPServer.Credentials? {
        if let token = settings.token { return .bearer(token) }
        guard let user = settings.username, let password = settings.password else { return nil }
        return .basic(user: user, password: password)
    }
}
