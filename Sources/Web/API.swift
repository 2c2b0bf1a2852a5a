package import Builds
internal import Core
internal import FastCGI
internal import Posix

/// Every route of the API.
package enum API {
    /// Makes the table of routes.
    ///
    /// - Parameter builds: what the routes act on.
    /// - Returns: each route with who may use it.
    package static func routes(_ builds: BuildService) -> [Route] {
        // MLflow serves its API under both: scripts use /api, pages /ajax-api.
        let bases = [BuildRoutes.base, BuildRoutes.base.replacing("/api/", with: "/ajax-api/")]
        return bases.flatMap { buildRoutes($0, builds) } + ownRoutes()
    }

    private static func buildRoutes(_ base: String, _ builds: BuildService) -> [Route] {
        [
            Route("POST", base, access: .administrators) { request, context in
                let submission = try Submission(json: try jsonBody(request))
                let build = try builds.submit(submission, by: context.caller?.user ?? "")
                return try Answer.build(build, message: "the build was accepted; follow it at its link")
            },
            Route("GET", base, access: .administrators) { request, _ in
                let page = try builds.list(try HistoryQuery(request.query))
                return try Answer.builds(page.builds, nextPageToken: page.nextPageToken)
            },
            Route("GET", "\(base)/defaults", access: .administrators) { request, _ in
                let defaults = try builds.defaults(try Submission(query: request.query))
                return try Answer.json(["defaults": defaults])
            },
            Route("GET", "\(base)/{id}", access: .administrators) { _, context in
                let id = try context.requiredID()
                guard let build = try builds.show(id) else { throw Problem.noBuild(id.text) }
                return try Answer.build(build)
            },
            Route("GET", "\(base)/{id}/log", access: .administrators) { request, context in
                let id = try context.requiredID()
                guard let log = try builds.logFile(id) else { throw Problem.noBuild(id.text) }
                return try LogAnswer.response(log.file, size: log.size, request)
            },
        ]
    }

    private static func ownRoutes() -> [Route] {
        [
            Route("GET", "/slipway/healthz", access: .localOrAdministrators) { _, _ in
                try Answer.json(["status": "ok"])
            },
            Route("GET", "/slipway/me", access: .anyone) { _, context in
                let caller = context.caller
                return try Answer.json(
                    Me(user: caller?.user, isAdmin: caller?.isAdministrator ?? false, auth: caller?.method))
            },
        ]
    }

    /// The body of a request that changes something: JSON and said to be, which no plain HTML form can do.
    private static func jsonBody(_ request: Request) throws(Problem) -> [UInt8] {
        guard let body = request.body else { throw .tooLarge }
        let type = request.contentType?.split(separator: ";").first?.lowercased()
        guard type?.trimmingSpaces == "application/json" else {
            throw .invalid(
                "Content-Type", "must be application/json", hint: "add: -H 'Content-Type: application/json'")
        }
        return body
    }
}

/// Who calls; a field that says nothing is null rather than missing.
private struct Me: Encodable {
    let user: String?
    let isAdmin: Bool
    let auth: String?

    enum CodingKeys: String, CodingKey {
        case user, auth
        case isAdmin = "is_admin"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(user, forKey: .user)
        try container.encode(isAdmin, forKey: .isAdmin)
        try container.encode(auth, forKey: .auth)
    }
}

extension Route.Context {
    fileprivate func requiredID() throws(Problem) -> BuildID {
        guard let id else { throw Problem(.internalError, "a route without an id asked for one") }
        return id
    }
}

extension Problem {
    fileprivate static let tooLarge = Problem(
        .requestTooLarge, "the request body is longer than \(Request.bodyLimit) bytes",
        hint: "a build needs a few hundred bytes")
}

extension StringProtocol {
    fileprivate var trimmingSpaces: String { String(split(separator: " ").joined(separator: " ")) }
}
