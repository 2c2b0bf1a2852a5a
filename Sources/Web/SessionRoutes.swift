internal import Accounts
internal import Builds
internal import Core
internal import FastCGI
internal import FoundationEssentials

/// Signing in and out, and who one is.
enum SessionRoutes {
    static func routes(_ accounts: Accounts, _ site: Site) -> [Route] {
        [
            Route("POST", "/slipway/login", access: .anyone, action: .signIn) { request, context in
                let fields = try textFields(request, ["user", "password"])
                let credentials = try Credentials(
                    user: fields["user"] ?? "", password: Secret(fields["password"] ?? ""))
                let (caller, token) = try accounts.signIn(credentials, context.evidence, agent: request.agent)
                context.note.caller = caller
                var response = try Answer.json(Me(caller))
                response.headers.append(
                    ("Set-Cookie", cookie(site, request, token, accounts.sessionHours * 3600)))
                return response
            },
            Route("POST", "/slipway/logout", access: .anyone, action: .signOut) { request, context in
                try signOut(accounts, site, request, context)
            },
            Route("GET", "/slipway/me", access: .anyone) { _, context in try Answer.json(Me(context.caller))
            },
            Route("GET", "/slipway/sessions", access: .signedIn) { _, context in
                guard let caller = context.caller else {
                    throw Problem(.unauthenticated, "sign in to use this")
                }
                let sessions = try accounts.sessions(of: caller).map(Shown.init)
                return try Answer.json(["sessions": sessions])
            },
            // What nginx asks before it passes a request on (ngx_http_auth_request_module).
            Route("GET", "/slipway/auth", access: .webServer) { _, context in
                guard let caller = context.caller else {
                    throw Problem(.unauthenticated, "sign in to use this")
                }
                return GatewayResponse(
                    status: 200,
                    headers: [
                        ("X-Slipway-User", caller.user.percentEncoded),
                        ("X-Slipway-Admin", caller.isAdministrator ? "1" : "0"),
                        ("X-Slipway-Builder", caller.isBuilder ? "1" : "0"),
                        ("X-Slipway-Authorization", caller.mlflowAuthorization?.revealed ?? ""),
                        ("Cache-Control", "no-store"),
                    ])
            },
        ]
    }

    /// `{}` ends this session, `{"session_id": …}` another of the caller's, `{"all": "true"}` all of them; an
    /// administrator may name another `user` and `store`.
    private static func signOut(
        _ accounts: Accounts, _ site: Site, _ request: Request, _ context: Route.Context
    ) throws -> GatewayResponse {
        let fields = try textFields(request, ["all", "session_id", "user", "store"])
        var ended = 0
        if fields.isEmpty {
            if let token = context.evidence.token, try accounts.signOut(token: token) { ended = 1 }
        } else {
            guard let caller = context.caller else { throw Problem(.unauthenticated, "sign in to use this") }
            guard (fields["all"] == "true") != (fields["session_id"] != nil) else {
                throw Problem.invalid("all", "must be \"true\", or session_id must name one session")
            }
            let owner = try owner(fields, caller)
            context.note.action = .revokeSession
            context.note.target = "\(owner.user) of \(owner.store.rawValue) \(fields["session_id"] ?? "all")"
            ended = try accounts.endSessions(of: owner.user, owner.store, id: fields["session_id"])
        }
        context.note.isNothing = ended == 0
        var response = try Answer.json(["ended": ended])
        if context.evidence.token != nil, fields["user"] == nil, fields["session_id"] == nil {
            response.headers.append(("Set-Cookie", cookie(site, request, Secret(""), 0)))
        }
        return response
    }

    private static func owner(_ fields: [String: String], _ caller: Caller) throws(Problem)
        -> (user: UserName, store: StoreKind)
    {
        let named = fields["user"] ?? caller.user
        guard let user = UserName(named) else { throw .invalid("user", "must be a user's name") }
        guard fields["user"] != nil || fields["store"] != nil else { return (user, caller.store) }
        guard caller.isAdministrator else {
            throw Problem(.permissionDenied, "only administrators end other users' sessions")
        }
        guard fields["user"] != nil, let store = fields["store"].flatMap(StoreKind.init) else {
            throw .invalid("store", "must stand beside user, and be htpasswd, pam or mlflow")
        }
        return (user, store)
    }

    private static func cookie(_ site: Site, _ request: Request, _ token: Secret, _ seconds: Int) -> String {
        "\(site.sessionCookie(request))=\(token.revealed); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax"
            + (site.isSecure(request) ? "; Secure" : "")
    }

    /// The texts of a JSON object.
    private static func textFields(_ request: Request, _ known: Set<String>) throws(Problem) -> [String:
        String]
    {
        let body = try API.jsonBody(request)
        guard let fields = try? JSONDecoder().decode([String: String].self, from: Data(body)) else {
            throw .invalid(
                "body",
                "must be a JSON object of texts, with fields of \(known.sorted().joined(separator: ", "))")
        }
        if let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) {
            throw .invalid(
                unknown.printable(limit: 60),
                "is no field; there are \(known.sorted().joined(separator: ", "))")
        }
        return fields
    }

    /// Who calls; a field that says nothing is null rather than missing.
    private struct Me: Encodable {
        let user: String?
        let isAdmin: Bool
        let auth: String?
        let role: String?
        let models: [String]
        let store: String?

        init(_ caller: Caller?) {
            user = caller?.user
            isAdmin = caller?.isAdministrator ?? false
            auth = caller?.method.rawValue
            role = caller?.role.name
            models = caller?.role.buildableModels ?? []
            store = caller?.store.rawValue
        }

        enum CodingKeys: String, CodingKey {
            case user, auth, role, models, store
            case isAdmin = "is_admin"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(user, forKey: .user)
            try container.encode(isAdmin, forKey: .isAdmin)
            try container.encode(auth, forKey: .auth)
            try container.encode(role, forKey: .role)
            try container.encode(models, forKey: .models)
            try container.encode(store, forKey: .store)
        }
    }

    private struct Shown: Encodable {
        let id: String
        let createdAt: Timestamp
        let seenAt: Timestamp
        let address: String
        let agent: String

        init(_ session: Session) {
            id = session.id
            createdAt = session.createdAt
            seenAt = session.seenAt
            address = session.address
            agent = session.agent
        }

        enum CodingKeys: String, CodingKey {
            case id, address, agent
            case createdAt = "created_at"
            case seenAt = "seen_at"
        }
    }
}
