internal import Accounts
internal import Builds
internal import Core
internal import HTTPClient
internal import Posix
internal import Settings
internal import Web

extension Program {
    /// Who may call, as the settings say.
    func accounts() throws -> Accounts {
        let auth = settings.auth
        return Accounts(
            stores: try userStores(), roles: try roles(),
            database: try AccountsDatabase(state: settings.server.database),
            limits: Sessions.Limits(idle: auth.sessionIdleMinutes, absolute: auth.sessionHours),
            // MLflow takes some tenths of a second longer for a name that it knows.
            refusalGrid: auth.stores == [.htpasswd] ? .milliseconds(250) : .seconds(1))
    }

    func site() throws -> Site {
        Site(
            publicURL: settings.auth.publicURL,
            trustedProxies: settings.auth.trustedProxies.compactMap { NetworkRange($0) })
    }

    func userStores() throws -> [any UserStore] { try settings.auth.stores.map(store) }

    private func store(_ kind: Settings.Auth.Store) throws -> any UserStore {
        switch kind {
        case .htpasswd: return try HtpasswdStore(path: settings.auth.htpasswd)
        case .pam: return PAMStore(socket: settings.auth.authdSocket)
        case .mlflow:
            var url = settings.auth.mlflowURI
            if url == nil, case .server(let address) = settings.registry.uri { url = address }
            guard let url else { throw Problem.invalid("auth.stores", "mlflow needs auth.mlflow_uri") }
            return MLflowStore(
                try HTTPServer(
                    url: url, field: "auth.mlflow_uri", caBundle: settings.registry.caBundle,
                    proxy: settings.network.proxy(for: url)))
        }
    }

    private func roles() throws(Problem) -> Roles {
        let auth = settings.auth
        func member(_ text: String) throws(Problem) -> Member {
            guard let member = Member(text) else {
                throw .invalid("auth", "\(text.printable()) names nobody")
            }
            return member
        }
        return Roles(
            administrators: try auth.administrators.map(member), viewers: try auth.viewers.map(member),
            builders: try auth.builders.sorted { $0.key < $1.key }.map { entry throws(Problem) in
                (try member(entry.key), entry.value.split(separator: " ").map { NamePattern(String($0)) })
            },
            trustsMLflow: auth.mlflowAdministrators, groups: Groups(htgroup: auth.htgroup))
    }

    /// Says how a store of users stands, for an administrator.
    ///
    /// - Throws: `Problem` where nobody can sign in by it.
    func examine(_ kind: Settings.Auth.Store) throws -> String {
        switch kind {
        case .htpasswd:
            let path = settings.auth.htpasswd
            let (users, complaints) = HtpasswdStore.parse(try Files.read(path, limit: 4 << 20))
            guard complaints.isEmpty else { throw Problem.invalid(path, complaints.joined(separator: "; ")) }
            return "\(users.count) in \(path)"
        case .pam:
            let path = settings.auth.authdSocket
            // Nobody is called so: an answer at all shows that slipway-authd is there, and that this user may ask it.
            let nobody = try Credentials(user: "slipway-doctor", password: Secret("slipway-doctor"))
            _ = try store(kind).verify(nobody, from: "")
            return "asked at \(path)"
        case .mlflow:
            // Nobody is called so: that this is refused shows that the server has users at all.
            let nobody = try Credentials(user: "slipway-doctor", password: Secret("slipway-doctor"))
            _ = try store(kind).verify(nobody, from: "")
            return "asked at MLflow's own server"
        }
    }

    /// - Throws: `Problem` where nobody can be an administrator.
    func examineAdministrators() throws -> String {
        let auth = settings.auth
        if auth.stores == [.htpasswd] {
            let (users, _) = HtpasswdStore.parse(try Files.read(auth.htpasswd, limit: 4 << 20))
            for case .user(let name, _)? in auth.administrators.map(Member.init) where users[name] == nil {
                throw Problem(
                    .invalidParameterValue, "\(name.text.printable(limit: 60)) is not in \(auth.htpasswd)",
                    hint: "add the user by: slipway user add NAME")
            }
        }
        let isMLflowTrusted = auth.stores.contains(.mlflow) && auth.mlflowAdministrators
        guard !auth.administrators.isEmpty || isMLflowTrusted else {
            throw Problem(
                .invalidParameterValue, "no administrator is named",
                hint: "name users or @groups in auth.administrators")
        }
        return (auth.administrators + (isMLflowTrusted ? ["those of MLflow"] : [])).joined(separator: ", ")
    }
}
