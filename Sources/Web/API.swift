package import Accounts
package import Builds
internal import Core
package import FastCGI
internal import Posix

/// Every route of the API.
package enum API {
    /// What routes act on.
    package struct Services: Sendable {
        let builds: BuildService
        let accounts: Accounts
        let site: Site
        let streams: EventStreams?
        let examine: @Sendable () throws -> SystemReport

        /// Brings together what there is.
        ///
        /// - Parameters:
        ///   - builds: accepts and shows builds.
        ///   - accounts: who may.
        ///   - site: how this site is reached.
        ///   - streams: who serves event streams; nil has no room for any.
        ///   - examine: looks how all this stands.
        package init(
            builds: BuildService, accounts: Accounts, site: Site, streams: EventStreams?,
            examine: @escaping @Sendable () throws -> SystemReport
        ) {
            self.builds = builds
            self.accounts = accounts
            self.site = site
            self.streams = streams
            self.examine = examine
        }
    }

    /// The table of routes: each with who may use it.
    package static func routes(_ services: Services) -> [Route] {
        let (builds, accounts) = (services.builds, services.accounts)
        var routes = SessionRoutes.routes(accounts, services.site)
        routes += ModelRoutes.routes(builds)
        routes += ownRoutes(accounts)
        routes.append(SystemReport.route(services.examine))
        // MLflow serves its API under both: scripts use /api, pages /ajax-api.
        for base in [BuildRoutes.base, BuildRoutes.base.replacing("/api/", with: "/ajax-api/")] {
            routes += AuditRoutes.routes(base, accounts.audit)
            routes.append(BatchRoute.route(base, builds))
            // Before the routes whose {id} would take "events" for one.
            routes += EventRoutes.routes(base, builds, services.streams)
            routes += buildRoutes(base, builds)
        }
        return routes
    }

    private static func buildRoutes(_ base: String, _ builds: BuildService) -> [Route] {
        [
            Route("POST", base, access: .builders, action: .submit) { request, context in
                let submission = try Submission(json: try jsonBody(request))
                context.note.target = submission.target
                let caller = try context.builder(of: submission.modelName)
                let accepted = try builds.submit(submission, by: caller.user)
                context.note.target = "\(submission.target) \(accepted.id)"
                return try Answer.accepted(accepted)
            },
            Route("GET", base, access: .readers) { request, _ in
                let page = try builds.list(try HistoryQuery(request.query))
                return try Answer.page("builds", page.builds, nextPageToken: page.nextPageToken)
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
                if builds.isLogForNginx(id), try request.field("offset") == nil {
                    return LogAnswer.byNginx(id)
                }
                guard let log = try builds.logFile(id) else { throw Problem.noBuild(id.text) }
                return try LogAnswer.response(log.file, size: log.size, request)
            },
            Route("GET", "\(base)/{id}/dockerfile", access: .readers) { _, context in
                Answer.text(try document(.dockerfile, builds, context))
            },
            Route("GET", "\(base)/{id}/sbom", access: .readers) { _, context in
                Answer.json(try document(.billOfMaterials, builds, context))
            },
            Route("POST", "\(base)/{id}/cancel", access: .builders, action: .cancel) { request, context in
                try refuseBody(request)
                let (id, caller) = try context.builder(of: builds)
                guard let build = try builds.cancel(id, by: caller.user) else {
                    throw Problem.noBuild(id.text)
                }
                return try Answer.build(build, message: "the build ends within seconds")
            },
            Route("POST", "\(base)/{id}/retry", access: .builders, action: .retry) { request, context in
                try refuseBody(request)
                let (id, caller) = try context.builder(of: builds)
                guard let accepted = try builds.retry(id, by: caller.user) else {
                    throw Problem.noBuild(id.text)
                }
                return try Answer.accepted(accepted)
            },
            Route("DELETE", "\(base)/{id}", access: .administrators, action: .delete) { request, context in
                try refuseBody(request)
                let id = try context.requiredID()
                let withImage = try request.truth("image") ?? false
                context.note.target = id.text + (withImage ? " with its image" : "")
                guard let removal = try builds.remove(id, withImage: withImage) else {
                    throw Problem.noBuild(id.text)
                }
                return try Answer.json(removal)
            },
        ]
    }

    private static func document(
        _ document: BuildDocument, _ builds: BuildService, _ context: Route.Context
    ) throws -> [UInt8] {
        let id = try context.requiredID()
        guard let content = try builds.document(document, of: id) else { throw Problem.noBuild(id.text) }
        return content
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

    /// For requests that say all by their address; an empty JSON object is no more than nothing.
    private static func refuseBody(_ request: Request) throws(Problem) {
        guard let body = request.body, body.isEmpty || body == Array("{}".utf8) else {
            throw .invalid("body", "must be empty")
        }
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
    /// The caller, who must be allowed to build the model.
    func builder(of model: ModelName) throws(Problem) -> Caller {
        guard let caller, caller.role.mayBuild(model) else {
            throw Problem(
                .permissionDenied, "this user may not build the model \"\(model.text.printable(limit: 80))\"",
                hint: "auth.builders in slipway.yaml says who may build which models")
        }
        return caller
    }

    /// The build that the path names, and the caller, who must be allowed to build its model.
    fileprivate func builder(of builds: BuildService) throws -> (BuildID, Caller) {
        let id = try requiredID()
        note.target = id.text
        guard let model = try builds.model(of: id) else { throw Problem.noBuild(id.text) }
        return (id, try builder(of: model))
    }

    func requiredID() throws(Problem) -> BuildID {
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
