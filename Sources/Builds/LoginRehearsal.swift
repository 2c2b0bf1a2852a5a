internal import Builders
internal import Core
internal import HTTPClient
internal import Settings

/// Shows a registry the login that a push needs, before anything is built for it.
struct LoginRehearsal {
    let settings: Settings

    /// Asks each target's registry, by the version check of the OCI distribution specification (`GET /v2/`).
    ///
    /// Only a registry that takes name and password themselves can be asked so; that it does not answer, or hands out
    /// tokens, says nothing yet.
    ///
    /// - Throws: `pushFailed` where the login is refused.
    func check(_ targets: [ImageReference]) throws(Problem) {
        guard let file = settings.images.registryAuthFile else { return }
        let logins = try RegistryLogins(file)
        var asked: Set<String> = []
        for target in targets {
            guard let registry = target.registry, asked.insert(registry).inserted,
                let (user, password) = logins.login(for: target)
            else { continue }
            let isInsecure = settings.images.insecureRegistries.contains(registry)
            let url = "\(isInsecure ? "http" : "https")://\(registry)"
            // Without the login first: a registry whose certificate is not looked at may well speak TLS, and what is
            // shown to it in plain text would be shown to everybody.
            guard try asksForLogin(url, nil),
                try asksForLogin(url, .basic(user: user, password: password))
            else { continue }
            throw Problem(
                .pushFailed,
                "the registry \(registry) refused the login of \(user.printable(limit: 60))",
                hint: "look whether user and password are right; a login is made by: "
                    + "podman login --authfile \(file) \(registry)")
        }
    }

    private func asksForLogin(_ url: String, _ credentials: HTTPServer.Credentials?) throws(Problem) -> Bool {
        let server = try HTTPServer(
            url: url, field: "images.push_registry", credentials: credentials,
            caBundle: settings.python.caBundle, proxy: settings.network.proxy(for: url))
        guard let answer = try? HTTPClient(server, timeoutSeconds: 10).get("/v2/") else { return false }
        return answer.status == 401 && answer.takesBasic
    }
}
