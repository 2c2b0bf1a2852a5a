import Accounts
import Builds
import Core
import FastCGI
import FoundationEssentials
import Posix
import Registry
import Settings
import Testing

@testable import Web

/// A whole API without a socket: requests go in as nginx would pass them on.
private final class TestAPI: Sendable {
    let state: String
    private let router: Router

    init() throws {
        state = "/tmp/slipway-web-tests-\(BuildID.random())"
        try Files.makeDirectory(state)
        let htpasswd = HtpasswdFile(path: "\(state)/htpasswd")
        try htpasswd.set("admin", Secret("right"))
        try htpasswd.set("joe", Secret("right"))
        let history = try History(state: state)
        let settings = try Settings(
            file: nil,
            environment: ["SLIPWAY_SERVER_STATE": state, "SLIPWAY_REGISTRY_URI": "\(state)/mlruns"],
            cores: 2
        ) { _ in "" }
        let dispatcher = Dispatcher(
            history: history, launcher: Launcher(program: "/bin/true", arguments: [], environment: [:]),
            maxParallel: 1)
        // No engine: the doctor has nothing to say.
        let watch = EngineWatch(
            state: state, preferred: "auto", doctor: Command("/bin/false", [], environment: [:]))
        let builds = BuildService(
            history: history, dispatcher: dispatcher, source: try ModelSource(settings),
            engineWatch: watch, settings: settings)
        router = Router(
            routes: API.routes(builds),
            accounts: try Accounts(htpasswd: Htpasswd(path: "\(state)/htpasswd"), administrators: ["admin"]))
    }

    deinit { try? Files.remove(state) }

    func send(
        _ method: String, _ target: String, user: String? = "admin", password: String = "right",
        headers: [String: String] = [:], body: String? = ""
    ) -> GatewayResponse {
        var parameters = ["REQUEST_METHOD": method, "REQUEST_URI": target, "REMOTE_ADDR": "192.0.2.7"]
        if let user {
            let credentials = Data("\(user):\(password)".utf8).base64EncodedString()
            parameters["HTTP_AUTHORIZATION"] = "Basic \(credentials)"
        }
        parameters.merge(headers) { $1 }
        return router.answer(GatewayRequest(parameters: parameters, body: body.map { Array($0.utf8) }))
    }
}

extension GatewayResponse {
    fileprivate var text: String {
        guard case .bytes(let bytes) = body else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    fileprivate func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

private let base = "/api/2.0/mlflow/models/build-docker"

@Suite struct RouterTests {
    /// One for all tests, since a password's hash takes its time; none of them changes it.
    private static let shared = Result { try TestAPI() }

    private let api: TestAPI

    init() throws { api = try Self.shared.get() }

    /// Every route of the table against everybody who could call, so that a new route cannot be forgotten.
    @Test func `each route admits whom its access names`() throws {
        let routes = API.routes(try service())
        #expect(routes.count == 12)
        for route in routes {
            let target = route.path.replacing("{id}", with: "deadbeef")
            let statuses = [
                api.send(route.method, target, user: nil).status,
                api.send(route.method, target, password: "wrong").status,
                api.send(route.method, target, user: "nobody").status,
                api.send(route.method, target, user: "joe").status,
            ]
            let admin = api.send(route.method, target).status
            switch route.access {
            case .anyone: #expect(statuses == [200, 401, 401, 200], "\(route.path)")
            case .administrators, .localOrAdministrators:
                #expect(statuses == [401, 401, 401, 403], "\(route.path)")
            }
            #expect(admin != 401 && admin != 403, "\(route.path)")
        }
    }

    private func service() throws -> BuildService {
        let settings = try Settings(
            file: nil, environment: ["SLIPWAY_SERVER_STATE": api.state], cores: 1
        ) { _ in "" }
        let history = try History(state: api.state)
        return BuildService(
            history: history,
            dispatcher: Dispatcher(
                history: history, launcher: Launcher(program: "/bin/true", arguments: [], environment: [:]),
                maxParallel: 1), source: try ModelSource(settings),
            engineWatch: EngineWatch(
                state: api.state, preferred: "auto", doctor: Command("/bin/false", [], environment: [:])),
            settings: settings)
    }

    @Test func `health is for this machine without credentials`() {
        #expect(
            api.send("GET", "/slipway/healthz", user: nil, headers: ["REMOTE_ADDR": "127.0.0.1"]).status
                == 200)
        #expect(api.send("GET", "/slipway/healthz", user: nil, headers: ["REMOTE_ADDR": "::1"]).status == 200)
    }

    @Test func `an identity that the client claims changes nothing`() {
        let claims = [
            "HTTP_X_SLIPWAY_USER": "admin", "HTTP_X_SLIPWAY_ADMIN": "1", "HTTP_REMOTE_USER": "admin",
        ]
        #expect(api.send("GET", base, user: nil, headers: claims).status == 401)
        let spoofed = ["HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_REMOTE_ADDR": "127.0.0.1"]
        #expect(api.send("GET", "/slipway/healthz", user: nil, headers: spoofed).status == 401)
    }

    @Test func `both prefixes lead to the same API`() {
        #expect(api.send("GET", base).text == #"{"builds":[]}"#)
        #expect(api.send("GET", base.replacing("/api/", with: "/ajax-api/")).text == #"{"builds":[]}"#)
    }

    @Test func `me tells who calls`() {
        #expect(
            api.send("GET", "/slipway/me", user: nil).text == #"{"auth":null,"is_admin":false,"user":null}"#)
        #expect(api.send("GET", "/slipway/me").text == #"{"auth":"basic","is_admin":true,"user":"admin"}"#)
    }

    @Test(arguments: [("PUT", base, "GET, HEAD, POST"), ("DELETE", "\(base)/deadbeef", "GET, HEAD")])
    func `a wrong method is answered with the right ones`(method: String, target: String, allowed: String) {
        let response = api.send(method, target)
        #expect(response.status == 405)
        #expect(response.header("Allow") == allowed)
    }

    @Test(arguments: [
        "\(base)/deadbeef", "\(base)/DEADBEEF", "\(base)/../../etc", "\(base)/deadbeef/",
        "\(base)/deadbeef/log",
        "\(base)/%64eadbeef", "\(base)/", "/slipway/nope", "//slipway/me", "/",
    ])
    func `what does not exist is not found`(target: String) {
        let response = api.send("GET", target)
        #expect(response.status == 404)
        #expect(response.text.contains(#""error_code":"RESOURCE_DOES_NOT_EXIST""#))
    }

    @Test(
        arguments: [
            (nil, #"{"model_name":"a","model_version":"1"}"#, "Content-Type"),
            ("text/plain", #"{"model_name":"a","model_version":"1"}"#, "Content-Type"),
            ("application/json", "{", "JSON"),
            ("application/json; charset=utf-8", #"{"model_name":"a"}"#, "model_version"),
        ] as [(String?, String, String)])
    func `a submit that is wrong says why`(type: String?, body: String, named: String) {
        let headers = type.map { ["CONTENT_TYPE": $0] } ?? [:]
        let response = api.send("POST", base, headers: headers, body: body)
        #expect(response.status == 400)
        #expect(response.text.contains(named))
    }

    @Test func `a body over the limit is too large`() {
        let response = api.send("POST", base, headers: ["CONTENT_TYPE": "application/json"], body: nil)
        #expect(response.status == 413)
    }

    @Test func `a submit without an engine says so and leaves nothing behind`() throws {
        let response = api.send(
            "POST", base, headers: ["CONTENT_TYPE": "application/json"],
            body: #"{"model_name":"a","model_version":"1"}"#)
        #expect(response.status == 503)
        #expect(try Files.names(in: "\(api.state)/builds").isEmpty)
    }

    @Test(arguments: ["state=done", "nope=1", "max_results=x", "text=%zz", "text=%ff"])
    func `a wrong query is refused`(query: String) {
        #expect(api.send("GET", "\(base)?\(query)").status == 400)
    }

    @Test func `every answer is JSON that nobody may keep or guess at`() {
        for response in [api.send("GET", base), api.send("GET", base, user: nil), api.send("GET", "/x")] {
            #expect(response.header("Content-Type") == "application/json")
            #expect(response.header("Cache-Control") == "no-store")
            #expect(response.header("X-Content-Type-Options") == "nosniff")
        }
    }
}
