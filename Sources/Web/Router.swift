package import Accounts
internal import Builds
package import Core
package import FastCGI

/// Finds a request's route, lets only those through that it admits, and turns every error into an answer.
package struct Router: Sendable {
    private let routes: [Route]
    private let accounts: Accounts
    private let site: Site
    private let log = Log("web")

    package init(routes: [Route], accounts: Accounts, site: Site) {
        self.routes = routes
        self.accounts = accounts
        self.site = site
    }

    /// Answers any request; never fails.
    package func answer(_ gateway: GatewayRequest) -> GatewayResponse {
        do {
            let request = try Request(gateway)
            do {
                return try route(request)
            } catch {
                return response(to: error, request)
            }
        } catch {
            return response(to: error, nil)
        }
    }

    private func route(_ request: Request) throws -> GatewayResponse {
        let components = request.path.split(separator: "/", omittingEmptySubsequences: false)
        let candidates = routes.filter {
            $0.matches(components) && ($0.access != .webServer || request.isOfWebServer)
        }
        let method = request.method == "HEAD" ? "GET" : request.method
        let route = candidates.first { $0.method == method }
        let evidence = Evidence(
            // Whoever signs in says by that who they are, whatever a browser remembers and sends along.
            authorization: route?.action == .signIn ? nil : request.authorization,
            token: request.cookie(site.sessionCookie(request)), address: site.address(request),
            requestID: request.id)
        guard let route else {
            // Whoever is not known learns only that something is refused, not what is there.
            _ = try admit(request, evidence, candidates.first?.access ?? .readers)
            guard !candidates.isEmpty else {
                throw Problem(
                    .resourceDoesNotExist, "there is nothing at \(request.path.printable(limit: 120))",
                    hint: "the API begins at \(BuildRoutes.base)")
            }
            throw MethodNotAllowed(allowed: Self.allowed(candidates))
        }
        let caller = try admit(request, evidence, route.access)
        var id: BuildID?
        if let text = route.idText(components) {
            id = BuildID(text)
            guard id != nil else { throw Problem.noBuild(text) }
        }
        let context = Route.Context(caller: caller, id: id, evidence: evidence)
        guard let action = route.action else { return try route.handle(request, context) }
        do {
            let response = try route.handle(request, context)
            if !context.note.isNothing {
                accounts.audit.record(
                    entry(
                        context.note.action ?? action, .succeeded, context.note.caller ?? caller, request,
                        evidence,
                        target: context.note.target))
            }
            return response
        } catch {
            // What nobody in particular sends and what comes to nothing must not fill the disk.
            if let caller {
                let problem = error as? Problem
                accounts.audit.record(
                    entry(
                        action, problem?.code == .permissionDenied ? .refused : .failed, caller, request,
                        evidence,
                        target: context.note.target, detail: problem?.message ?? "internal error"))
            }
            throw error
        }
    }

    private func admit(_ request: Request, _ evidence: Evidence, _ access: Access) throws -> Caller? {
        let caller: Caller?
        do throws(Problem) {
            caller = try accounts.caller(evidence)
        } catch {
            log.warning(
                "a sign-in was refused",
                ["code": error.code.rawValue, "address": evidence.addressText, "request": request.id])
            throw error
        }
        if access != .localOrAdministrators || !site.isLocal(request) {
            try hold(caller, against: access, request, evidence)
        }
        if request.isChange { try requireOwnPage(request, caller, evidence) }
        return caller
    }

    private func hold(
        _ caller: Caller?, against access: Access, _ request: Request, _ evidence: Evidence
    ) throws(Problem) {
        if access == .anyone || access == .webServer { return }
        guard let caller else {
            throw Problem(
                .unauthenticated, "sign in to use this",
                hint: request.isOfBrowser
                    ? "sign in at /slipway/ui/login.html" : "send user and password, as curl -u user:password"
            )
        }
        let isEnough =
            switch access {
            case .anyone, .webServer, .signedIn: true
            case .readers: caller.role.mayRead
            case .builders: caller.isBuilder
            case .administrators, .localOrAdministrators: caller.isAdministrator
            }
        guard !isEnough else { return }
        let problem = Problem(
            .permissionDenied,
            "\(caller.user.printable(limit: 60)) may not do this: the role is \(caller.role.name)",
            hint:
                "ask an administrator to add the name to auth.administrators, auth.builders or auth.viewers in slipway.yaml"
        )
        refuse(problem, caller, request, evidence)
        throw problem
    }

    /// Browsers send cookies, and passwords that they remember, with whatever any page has them send.
    private func requireOwnPage(_ request: Request, _ caller: Caller?, _ evidence: Evidence) throws(Problem) {
        switch site.origin(request) {
        case .same: return
        case .unsaid where caller?.method != .session && !request.isOfBrowser: return
        case .unsaid, .foreign: break
        }
        let problem = Problem(
            .permissionDenied, "the request does not come from a page of this site",
            hint: site.origin(request) == .unsaid
                ? "send the header Origin with this site's address, as browsers do"
                : "if this is the site's own page, set auth.public_url to the address that browsers see")
        refuse(problem, caller, request, evidence)
        throw problem
    }

    private func refuse(_ problem: Problem, _ caller: Caller?, _ request: Request, _ evidence: Evidence) {
        guard caller != nil else { return }
        accounts.audit.record(
            entry(
                .request, .refused, caller, request, evidence, target: "\(request.method) \(request.path)",
                detail: problem.message))
    }

    private func entry(
        _ action: Audit.Action, _ result: Audit.Result, _ caller: Caller?, _ request: Request,
        _ evidence: Evidence,
        target: String?, detail: String? = nil
    ) -> Audit.Entry {
        Audit.Entry(
            action, result, user: caller?.user,
            method: caller.map { "\($0.method.rawValue) \($0.store.rawValue)" },
            address: evidence.addressText, target: target, detail: detail, requestID: request.id)
    }

    private struct MethodNotAllowed: Error { let allowed: String }

    private static func allowed(_ routes: [Route]) -> String {
        Set(routes.map(\.method)).flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }.sorted().joined(
            separator: ", ")
    }

    /// The one place that turns an error into a response.
    private func response(to error: any Error, _ request: Request?) -> GatewayResponse {
        if let refusal = error as? MethodNotAllowed {
            let problem = Problem(
                .methodNotAllowed, "this method is not allowed here", hint: "use \(refusal.allowed)")
            var response = Self.response(problem, request)
            response.headers.append(("Allow", refusal.allowed))
            return response
        }
        if let problem = error as? Problem, problem.code != .internalError {
            if let cause = problem.cause {
                log.warning(
                    "a request was refused",
                    ["code": problem.code.rawValue, "request": request?.id ?? "", "cause": cause])
            }
            return Self.response(problem, request)
        }
        // What is not meant for the caller goes to the log, beside an id that the caller can quote.
        let id = request?.id ?? BuildID.random().text
        log.error("internal error", ["request": id, "cause": error])
        return Self.response(
            Problem(
                .internalError, "internal error \(id)", hint: "look for this number in Slipway's log"),
            request)
    }

    private static func response(_ problem: Problem, _ request: Request?) -> GatewayResponse {
        var response = GatewayResponse(status: status(problem.code))
        response.headers = Answer.headers
        // A browser would put up its own dialog, which knows of no session and no way out.
        if problem.code == .unauthenticated, request?.isOfBrowser != true, request?.isOfWebServer != true {
            response.headers.append(("WWW-Authenticate", #"Basic realm="slipway", charset="UTF-8""#))
        }
        if let seconds = problem.retryAfter { response.headers.append(("Retry-After", String(seconds))) }
        response.body = .bytes(Answer.problem(problem))
        return response
    }

    /// HTTP's status for each code, as MLflow answers them (RFC 9110).
    package static func status(_ code: Problem.Code) -> Int {
        switch code {
        case .invalidParameterValue: 400
        case .unauthenticated: 401
        case .permissionDenied: 403
        case .resourceDoesNotExist: 404
        case .methodNotAllowed: 405
        case .resourceAlreadyExists, .invalidState: 409
        case .requestTooLarge: 413
        case .requestLimitExceeded: 429
        case .temporarilyUnavailable: 503
        case .internalError, .runnerLost, .hostRestarted, .buildFailed, .buildTimedOut, .verificationFailed,
            .pushFailed:
            500
        }
    }
}

extension Problem {
    static func noBuild(_ id: String) -> Problem {
        Problem(
            .resourceDoesNotExist, "there is no build \(id.printable(limit: 40))",
            hint: "GET \(BuildRoutes.base) lists all builds")
    }
}
