package import Accounts
package import Builds
internal import Core
internal import FastCGI
internal import Posix

/// Every route of the API.
package enum API {
    /// Makes the table of routes.
    ///
    /// - Parameters:
    ///   - builds: what the routes act on.
    ///   - accounts: who may.
    ///   - site: how this site is reached.
    /// - Returns: each route with who may use it.
    package static func routes(_ builds: BuildService, _ accounts: Accounts, _ site: Site) -> [Route] {
        // MLflow serves its API under both: scripts use /api, pages /ajax-api.
        let bases = [BuildRoutes.base, BuildRoutes.base.replacing("/api/", with: "/ajax-api/")]
        return bases.flatMap { AuditRoutes.routes($0, accounts.audit) + buildRoutes($0, builds) }
            + SessionRoutes.routes(accounts, site) + ownRoutes(accounts)
    }

    private static func buildRoutes(_ base: String, _ builds: BuildService) -> [Route] {
        [
            Route("POST", base, access: .builders, action: .submit) { request, context in
                let submission = try Submission(json: try jsonBody(request))
                let model = submission.modelName
                context.note.target = "\(model.text) \(submission.version)"
                guard let caller = context.caller, caller.role.mayBuild(model) else {
                    throw Problem(
                        .permissionDenied,
                        "this user may not build the model \"\(model.text.printable(limit: 80))\"",
                        hint: "auth.builders in slipway.yaml says who may build which models")
                }
                let build = try builds.submit(submission, by: caller.user)
                return try Answer.build(build, message: "the build was accepted; follow it at its link")
            },
            Route("GET", base, access: .readers) { request, _ in
                let page = try builds.list(try HistoryQuery(request.query))
                return try Answer.builds(page.builds, nextPageToken: page.nextPageToken)
            },
            Route("GET", "\(base)/defaults", access: .readers) { request, _ in
                let defaults = try builds.defaults(try Submission(query: request.query))
                return try Answer.json(["defaults": defaults])
            },
            Route("GET", "\(base)/{id}", access: .readers) { _, context in
                let id = try context.requiredID()
                guard let build = try builds.show(id) else { throw Problem.noBuild(id.text) }
                return try Answer.build(build)
            },
            Route("GET", "\(base)/{id}/log", access: .readers) { request, context in
                let id = try context.requiredID()
                guard let log = try builds.logFile(id) else { throw Problem.noBuild(id.text) }
                return try LogAnswer.response(log.file, size: log.size, request)
            },
        ]
    }

    private static func ownRoutes(_ accounts: Accounts) -> [Route] {
        [
            Route("GET", "/slipway/healthz", access: .localOrAdministrators) { _, _ in
                try Answer.json(["status": "ok"])
            },
            Route("GET", "/slipway/metrics", access: .localOrAdministrators) { _, _ in
                try Metrics.response(accounts)
            },
        ]
    }

    /// The body of a request that changes something: JSON and said to be, which no plain HTML form can do.
    static func jsonBody(_ request: Request) throws(Problem) -> [UInt8] {
        guard let body = request.body else { throw .tooLarge }
        let type = request.contentType?.split(separator: ";").first?.lowercased()
        guard type?.trimmingSpaces == "application/json" else {
            throw .invalid(
                "Content-Type", "must be application/json", hint: "add: -H 'Content-Type: application/json'")
        }
        return body
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
