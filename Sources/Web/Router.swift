package import Accounts
internal import Builds
package import Core
package import FastCGI

/// Finds a request's route, lets only those through that it admits, and turns every error into an answer.
package struct Router: Sendable {
    private let routes: [Route]
    private let accounts: Accounts
    private let log = Log("web")

    package init(routes: [Route], accounts: Accounts) {
        self.routes = routes
        self.accounts = accounts
    }

    /// Answers any request; never fails.
    package func answer(_ gateway: GatewayRequest) -> GatewayResponse {
        do {
            return try route(try Request(gateway))
        } catch {
            return response(to: error)
        }
    }

    private func route(_ request: Request) throws -> GatewayResponse {
        let components = request.path.split(separator: "/", omittingEmptySubsequences: false)
        let candidates = routes.filter { $0.matches(components) }
        let method = request.method == "HEAD" ? "GET" : request.method
        guard let route = candidates.first(where: { $0.method == method }) else {
            // Whoever is not known learns only that something is refused, not what is there.
            _ = try admit(request, candidates.first?.access ?? .administrators)
            guard !candidates.isEmpty else {
                throw Problem(
                    .resourceDoesNotExist, "there is nothing at \(request.path.printable(limit: 120))",
                    hint: "the API begins at \(BuildRoutes.base)")
            }
            throw MethodNotAllowed(allowed: Self.allowed(candidates))
        }
        let caller = try admit(request, route.access)
        var id: BuildID?
        if let text = route.idText(components) {
            id = BuildID(text)
            guard id != nil else { throw Problem.noBuild(text) }
        }
        return try route.handle(request, .init(caller: caller, id: id))
    }

    private func admit(_ request: Request, _ access: Access) throws(Problem) -> Caller? {
        let caller: Caller?
        do throws(Problem) {
            caller = try accounts.caller(authorization: request.authorization)
        } catch {
            log.warning("a sign-in was refused", ["code": error.code.rawValue, "address": request.address])
            throw error
        }
        switch access {
        case .anyone: return caller
        case .localOrAdministrators where request.address == "127.0.0.1" || request.address == "::1":
            return caller
        case .administrators, .localOrAdministrators:
            guard let caller else {
                throw Problem(
                    .unauthenticated, "sign in to use this",
                    hint: "send user and password, as curl -u user:password")
            }
            guard caller.isAdministrator else {
                throw Problem(
                    .permissionDenied, "\(caller.user.printable(limit: 60)) is no administrator",
                    hint: "ask an administrator to add the name to auth.administrators in slipway.yaml")
            }
            return caller
        }
    }

    private struct MethodNotAllowed: Error { let allowed: String }

    private static func allowed(_ routes: [Route]) -> String {
        Set(routes.map(\.method)).flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }.sorted().joined(
            separator: ", ")
    }

    /// The one place that turns an error into a response.
    private func response(to error: any Error) -> GatewayResponse {
        if let refusal = error as? MethodNotAllowed {
            let problem = Problem(
                .methodNotAllowed, "this method is not allowed here", hint: "use \(refusal.allowed)")
            var response = Self.response(problem)
            response.headers.append(("Allow", refusal.allowed))
            return response
        }
        if let problem = error as? Problem, problem.code != .internalError {
            if let cause = problem.cause {
                log.warning("a request was refused", ["code": problem.code.rawValue, "cause": cause])
            }
            return Self.response(problem)
        }
        // What is not meant for the caller goes to the log, beside an id that the caller can quote.
        let id = BuildID.random()
        log.error("internal error", ["error_id": id, "cause": error])
        return Self.response(
            Problem(
                .internalError, "internal error \(id)", hint: "look for this number in Slipway's log"))
    }

    private static func response(_ problem: Problem) -> GatewayResponse {
        var response = GatewayResponse(status: status(problem.code))
        response.headers = Answer.headers
        if problem.code == .unauthenticated {
            response.headers.append(("WWW-Authenticate", #"Basic realm="slipway", charset="UTF-8""#))
        }
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
        case .internalError, .runnerLost, .buildFailed, .buildTimedOut: 500
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
