import Accounts
import Builds
import Core
import Crypto
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
    let routes: [Route]
    let accounts: Accounts
    private let router: Router

    init(_ site: Site = Site()) throws {
        state = "/tmp/slipway-web-tests-\(BuildID.random())"
        try Files.makeDirectory(state)
        let users = try ["admin", "joe", "vera", "bert"].map {
            "\($0):\(try PasswordHash.bcrypt(Secret("right"), cost: 4))\n"
        }
        try Files.replace("\(state)/htpasswd", with: users.joined().utf8)
        let history = try History(state: state)
        let settings = try Settings(
            file: nil,
            environment: ["SLIPWAY_SERVER_STATE": state, "SLIPWAY_REGISTRY_URI": "\(state)/mlruns"],
            cores: 2
        ) { _ in "" }
        let dispatcher = Dispatcher(
            history: history, launcher: LocalLauncher(program: "/bin/true", arguments: [], environment: [:]),
            maxParallel: 1)
        // No engine: the doctor has nothing to say.
        let watch = EngineWatch(
            state: state, preferred: "auto", doctor: Command("/bin/false", [], environment: [:]))
        let builds = BuildService(
            history: history, dispatcher: dispatcher, source: try ModelSource(settings),
            engineWatch: watch, settings: settings)
        func member(_ name: String) -> Member { Member(name) ?? .everybody }
        accounts = Accounts(
            stores: [try HtpasswdStore(path: "\(state)/htpasswd")],
            roles: Roles(
                administrators: [member("admin")], viewers: [member("vera")],
                builders: [(member("bert"), [NamePattern("fraud-*")])]),
            database: try AccountsDatabase(state: state), limits: .init(idle: 10, absolute: 1),
            refusalGrid: .milliseconds(1))
        try Files.makeDirectory("\(state)/mlruns")
        let services = API.Services(
            builds: builds, accounts: accounts, site: site, streams: try EventStreams(limit: 1)
        ) { SystemReport(checks: []) }
        routes = API.routes(services)
        router = Router(routes: routes, accounts: accounts, site: site)
    }

    deinit { try? Files.remove(state) }

    func send(
        _ method: String, _ target: String, user: String? = "admin", password: String = "right",
        headers: [String: String] = [:], body: String? = ""
    ) -> GatewayResponse {
        var parameters = [
            "REQUEST_METHOD": method, "REQUEST_URI": target, "HTTP_HOST": "slipway.test",
            // Each from another network: no request makes another wait.
            "REMOTE_ADDR":
                "2001:db8:\(String(UInt16.random(in: 0 ... .max), radix: 16)):\(String(UInt16.random(in: 0 ... .max), radix: 16))::7",
        ]
        if let user {
            let credentials = Data("\(user):\(password)".utf8).base64EncodedString()
            parameters["HTTP_AUTHORIZATION"] = "Basic \(credentials)"
        }
        parameters.merge(headers) { $1 }
        return router.answer(GatewayRequest(parameters: parameters, body: body.map { Array($0.utf8) }))
    }

    /// Signs in, as a page of this site does.
    ///
    /// - Returns: what a browser would send as `Cookie` from then on.
    func signIn(_ user: String, password: String = "right", headers: [String: String] = [:]) -> (
        cookie: String, GatewayResponse
    ) {
        let response = send(
            "POST", "/slipway/login", user: nil,
            headers: ["CONTENT_TYPE": "application/json", "HTTP_ORIGIN": "http://slipway.test"].merging(
                headers
            ) { $1 },
            body: #"{"user":"\#(user)","password":"\#(password)"}"#)
        let cookie = response.header("Set-Cookie").map { String($0.prefix { $0 != ";" }) } ?? ""
        return (cookie, response)
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

/// Every route of the table, so that a new one cannot be forgotten, against everybody who could call, in every way.
@Suite struct AccessMatrixTests {
    private enum Who: CaseIterable { case nobody, wrongPassword, stranger, viewer, builder, administrator }
    private enum How: CaseIterable { case basic, session }
    private enum From: CaseIterable { case own, foreign, unsaid, browserUnsaid }

    private static let users: [Who: String] = [
        .stranger: "joe", .viewer: "vera", .builder: "bert", .administrator: "admin",
    ]

    /// What each route answers to an empty object about a build that is not there; a route that is missing fails.
    private static let admitted = [
        "POST ": 400, "GET ": 200, "GET /defaults": 400, "POST /batch": 400, "GET /audit": 200,
        "GET /events": 200, "GET /{id}": 404, "GET /{id}/events": 404,
        "GET /{id}/log": 404, "GET /{id}/dockerfile": 404, "GET /{id}/sbom": 404, "POST /{id}/cancel": 404,
        "POST /{id}/retry": 404, "DELETE /{id}": 404,
        "POST /slipway/login": 400, "POST /slipway/logout": 200, "GET /slipway/me": 200,
        "GET /slipway/sessions": 200, "GET /slipway/healthz": 200, "GET /slipway/metrics": 200,
        "GET /slipway/models": 200, "GET /slipway/models/versions": 400, "GET /slipway/system": 200,
    ]

    private static func name(_ route: Route) -> String {
        route.path.replacing(base.replacing("/api/", with: "/ajax-api/"), with: "").replacing(base, with: "")
    }

    /// What the rules say; nil where the request gets through to the route.
    private func refusal(_ route: Route, _ who: Who, _ how: How, _ from: From) -> Int? {
        let isChange = !["GET", "HEAD"].contains(route.method)
        // Who signs in shows who they are by that alone.
        let isUnheard = route.action == .signIn && how == .basic
        if who == .wrongPassword, how == .basic, !isUnheard { return 401 }
        let isKnown = who != .nobody && who != .wrongPassword && !isUnheard
        let isAdmitted =
            switch route.access {
            case .anyone: true
            case .signedIn: isKnown
            case .readers: [.viewer, .builder, .administrator].contains(who)
            case .builders: [.builder, .administrator].contains(who)
            case .administrators, .localOrAdministrators: who == .administrator
            // For all but nginx there is no such route, as only those learn who may read.
            case .webServer: false
            }
        guard isAdmitted else {
            if route.access == .webServer, [.viewer, .builder, .administrator].contains(who) { return 404 }
            return isKnown ? 403 : 401
        }
        guard isChange else { return nil }
        switch from {
        case .own: return nil
        case .foreign, .browserUnsaid: return 403
        case .unsaid: return how == .session && isKnown ? 403 : nil
        }
    }

    @Test func `each route admits whom its access names, however and from wherever they come`() throws {
        let api = try TestAPI()
        #expect(
            Set(api.routes.map(\.access)).isSuperset(of: [.anyone, .readers, .builders, .administrators]))
        var cookies = Self.users.mapValues { api.signIn($0).cookie }
        var cells = 0
        for route in api.routes {
            for who in Who.allCases {
                for how in How.allCases {
                    for from in From.allCases {
                        var headers = ["CONTENT_TYPE": "application/json"]
                        switch from {
                        case .own: headers["HTTP_ORIGIN"] = "https://slipway.test"
                        case .foreign: headers["HTTP_ORIGIN"] = "https://evil.test"
                        case .unsaid: break
                        case .browserUnsaid: headers["HTTP_USER_AGENT"] = "Mozilla/5.0"
                        }
                        var user: String?
                        switch (who, how) {
                        case (.nobody, .basic): break
                        case (.nobody, .session): headers["HTTP_COOKIE"] = "other=1"
                        case (.wrongPassword, .basic): user = "admin"
                        case (.wrongPassword, .session):
                            headers["HTTP_COOKIE"] = "slipway_session=\(String(repeating: "A", count: 43))"
                        case (_, .basic): user = Self.users[who]
                        case (_, .session): headers["HTTP_COOKIE"] = cookies[who]
                        }
                        let status = api.send(
                            route.method, route.path.replacing("{id}", with: "deadbeef"), user: user,
                            password: who == .wrongPassword ? "wrong" : "right", headers: headers, body: "{}"
                        ).status
                        cells += 1
                        let place = "\(route.method) \(route.path) \(who) \(how) \(from)"
                        if let refusal = refusal(route, who, how, from) {
                            #expect(status == refusal, "\(place)")
                        } else {
                            #expect(
                                status == Self.admitted["\(route.method) \(Self.name(route))"], "\(place)")
                        }
                        // The route may have ended the session that the next cell needs.
                        if route.action == .signOut, let name = Self.users[who] {
                            cookies[who] = api.signIn(name).cookie
                        }
                    }
                }
            }
        }
        #expect(cells == api.routes.count * 48)
    }
}

@Suite struct SignInTests {
    private static let shared = Result { try TestAPI() }
    private let api: TestAPI

    init() throws { api = try Self.shared.get() }

    @Test func `a session begins with a cookie that no script can read`() throws {
        let (cookie, response) = api.signIn("vera")
        #expect(response.status == 200)
        #expect(response.text.contains(#""auth":"session""#))
        let attributes = try #require(response.header("Set-Cookie"))
        #expect(attributes.hasSuffix("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"))
        #expect(cookie.wholeMatch(of: /slipway_session=[A-Za-z0-9_-]{43}/) != nil)
        #expect(api.send("GET", base, user: nil, headers: ["HTTP_COOKIE": cookie]).status == 200)
    }

    @Test func `over TLS the cookie is one that no other host can set`() {
        let (cookie, response) = api.signIn(
            "vera", headers: ["REQUEST_SCHEME": "https", "HTTP_ORIGIN": "https://slipway.test"])
        #expect(cookie.hasPrefix("__Host-slipway_session="))
        #expect(response.header("Set-Cookie")?.hasSuffix("; Secure") == true)
        // Nor is the plain name believed there, nor that one on a plain connection.
        let plain = cookie.replacing("__Host-", with: "")
        let tls = ["REQUEST_SCHEME": "https"]
        #expect(
            api.send("GET", base, user: nil, headers: tls.merging(["HTTP_COOKIE": cookie]) { $1 }).status
                == 200)
        #expect(
            api.send("GET", base, user: nil, headers: tls.merging(["HTTP_COOKIE": plain]) { $1 }).status
                == 401)
        #expect(api.send("GET", base, user: nil, headers: ["HTTP_COOKIE": cookie]).status == 401)
    }

    @Test func `two cookies of the name are none`() {
        let cookie = api.signIn("vera").cookie
        let other = api.signIn("admin").cookie
        for cookies in ["\(cookie); \(other)", "\(cookie); \(cookie)", "\(cookie);slipway_session="] {
            #expect(api.send("GET", base, user: nil, headers: ["HTTP_COOKIE": cookies]).status == 401)
        }
        #expect(
            api.send("GET", base, user: nil, headers: ["HTTP_COOKIE": "a=1; \(cookie); b=2"]).status == 200)
    }

    @Test func `a sign-out ends the session for good`() {
        let cookie = api.signIn("vera").cookie
        let headers = [
            "HTTP_COOKIE": cookie, "HTTP_ORIGIN": "http://slipway.test", "CONTENT_TYPE": "application/json",
        ]
        let response = api.send("POST", "/slipway/logout", user: nil, headers: headers, body: "{}")
        #expect(response.status == 200)
        #expect(response.header("Set-Cookie")?.contains("slipway_session=; Path=/; Max-Age=0") == true)
        #expect(api.send("GET", base, user: nil, headers: ["HTTP_COOKIE": cookie]).status == 401)
        // Once more is no error: the page may not know yet.
        #expect(api.send("POST", "/slipway/logout", user: nil, headers: headers, body: "{}").status == 200)
    }

    @Test func `sessions can be listed and ended from another one`() {
        let (first, second) = (api.signIn("bert").cookie, api.signIn("bert").cookie)
        func headers(_ cookie: String) -> [String: String] {
            ["HTTP_COOKIE": cookie, "HTTP_ORIGIN": "http://slipway.test", "CONTENT_TYPE": "application/json"]
        }
        let listed = api.send("GET", "/slipway/sessions", user: nil, headers: headers(first)).text
        #expect(listed.components(separatedBy: #""id":"#).count == 3)
        #expect(!listed.contains(first.dropFirst("slipway_session=".count)))
        let others = api.send(
            "POST", "/slipway/logout", user: nil, headers: headers(first),
            body: #"{"all":"true","user":"vera"}"#)
        #expect(others.status == 403)
        for wrong in [
            #"{"all":"true","session_id":"x"}"#, #"{"store":"pam","all":"true"}"#, #"{"all":"no"}"#,
        ] {
            let response = api.send(
                "POST", "/slipway/logout", headers: ["CONTENT_TYPE": "application/json"], body: wrong)
            #expect(response.status == 400)
        }
        #expect(
            api.send("POST", "/slipway/logout", user: nil, headers: headers(first), body: #"{"all":"true"}"#)
                .text
                == #"{"ended":2}"#)
        #expect(api.send("GET", base, user: nil, headers: headers(second)).status == 401)
        let again = api.signIn("bert").cookie
        let byAdmin = api.send(
            "POST", "/slipway/logout", headers: ["CONTENT_TYPE": "application/json"],
            body: #"{"all":"true","user":"bert","store":"htpasswd"}"#)
        #expect(byAdmin.text == #"{"ended":1}"#)
        #expect(api.send("GET", base, user: nil, headers: headers(again)).status == 401)
    }

    @Test(arguments: [
        ("{", "JSON"), ("[]", "JSON"), (#"{"user":1}"#, "JSON"),
        (#"{"user":"a","password":"b","x":"y"}"#, "x: is no field"),
        (#"{"password":"b"}"#, "user"), (#"{"user":"-a","password":"b"}"#, "user"),
        (#"{"user":"a\u0000","password":"b"}"#, "user"),
        (#"{"user":"a:b","password":"b"}"#, "user"),
    ])
    func `a sign-in that is wrong says why, and not what was sent`(body: String, named: String) {
        let response = api.send(
            "POST", "/slipway/login", user: nil,
            headers: ["CONTENT_TYPE": "application/json", "HTTP_ORIGIN": "http://slipway.test"], body: body)
        #expect(response.status == 400)
        #expect(response.text.contains(named))
    }

    @Test func `a form of another site cannot sign anybody in`() {
        let form = api.send(
            "POST", "/slipway/login", user: nil,
            headers: [
                "CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_ORIGIN": "https://evil.test",
            ],
            body: "user=vera&password=right")
        #expect(form.status == 403)
        #expect(api.signIn("vera", headers: ["HTTP_ORIGIN": "null"]).1.status == 403)
        #expect(api.signIn("vera", headers: ["HTTP_SEC_FETCH_SITE": "cross-site"]).1.status == 403)
        #expect(api.signIn("vera", headers: ["HTTP_SEC_FETCH_SITE": "same-site"]).1.status == 403)
        #expect(api.signIn("vera", headers: ["HTTP_SEC_FETCH_SITE": "same-origin"]).1.status == 200)
    }

    @Test func `only programs are shown the challenge that browsers make a dialog of`() {
        #expect(api.send("GET", base, user: nil).header("WWW-Authenticate")?.hasPrefix("Basic") == true)
        let browsers = [["HTTP_USER_AGENT": "Mozilla/5.0 (X11)"], ["HTTP_SEC_FETCH_SITE": "same-origin"]]
        for headers in browsers {
            let response = api.send("GET", base, user: nil, headers: headers)
            #expect(response.status == 401)
            #expect(response.header("WWW-Authenticate") == nil)
        }
    }

    @Test func `builders may build the models that are theirs`() {
        func submit(_ user: String, _ model: String) -> Int {
            api.send(
                "POST", base, user: user, headers: ["CONTENT_TYPE": "application/json"],
                body: #"{"model_name":"\#(model)","model_version":"1"}"#
            ).status
        }
        #expect(submit("bert", "churn") == 403)
        // Past the question who may: there is no engine in these tests.
        #expect(submit("bert", "fraud-1") == 503)
        #expect(submit("vera", "fraud-1") == 403)
    }

    @Test func `the web server learns who calls, and nobody else is told there`() {
        let asked = ["SLIPWAY_INTERNAL": "1"]
        let known = api.send("GET", "/slipway/auth", headers: asked)
        #expect(known.status == 200)
        #expect(known.header("X-Slipway-User") == "admin")
        #expect(known.header("X-Slipway-Admin") == "1")
        #expect(known.header("X-Slipway-Authorization") == "")
        #expect(
            api.send("GET", "/slipway/auth", user: "vera", headers: asked).header("X-Slipway-Admin") == "0")
        let unknown = api.send("GET", "/slipway/auth", user: nil, headers: asked)
        #expect(unknown.status == 401)
        #expect(unknown.header("WWW-Authenticate") == nil)
        // A header of that name is not the web server's word.
        #expect(api.send("GET", "/slipway/auth", headers: ["HTTP_SLIPWAY_INTERNAL": "1"]).status == 404)
    }

    @Test func `what changes something stands in the audit, with who and from where`() throws {
        let headers = [
            "CONTENT_TYPE": "application/json", "REMOTE_ADDR": "192.0.2.99", "REQUEST_ID": "0123456789abcdef",
        ]
        _ = api.send(
            "POST", base, user: "vera", headers: headers, body: #"{"model_name":"m1","model_version":"1"}"#)
        _ = api.send("POST", base, headers: headers, body: #"{"model_name":"m2","model_version":"1"}"#)
        _ = api.send("GET", base, user: "mallory", password: "hunter2", headers: headers)
        let text = api.send("GET", "\(base)/audit?address=192.0.2.99").text
        #expect(text.contains(#""action":"request","address":"192.0.2.99""#))
        #expect(text.contains(#""target":"m2 1""#))
        #expect(text.contains(#""request_id":"0123456789abcdef""#))
        #expect(text.contains(#""action":"sign-in","address":"192.0.2.99""#))
        #expect(!text.contains("mallory"))
        #expect(!text.contains("hunter2") && !text.contains("right"))
        #expect(api.send("GET", "\(base)/audit?action=nope").status == 400)
        #expect(api.send("GET", "\(base)/audit?max_results=1").text.contains("next_page_token"))
    }
}

@Suite struct SiteTests {
    private func request(_ parameters: [String: String]) throws -> Request {
        try Request(GatewayRequest(parameters: ["REQUEST_URI": "/"].merging(parameters) { $1 }))
    }

    @Test(arguments: [
        ("gzip", true), ("gzip, deflate, br, zstd", true), ("br;q=1.0, GZIP ; q=0.1", true),
        ("gzip;q=1", true),
        ("", false), ("br", false), ("gzip;q=0", false), ("gzip;q=0.000", false), ("xgzip", false),
        ("identity, *", false), ("gzip;q=", false), ("gzip\u{301}", false), ("gzip;gzip", false),
        ("gzip;q=0." + String(repeating: "1", count: 8000) + "x", true),
        (String(repeating: "g,", count: 4000), false),
    ])
    func `who asks for gzip gets it`(header: String, accepts: Bool) throws {
        #expect(try request(["HTTP_ACCEPT_ENCODING": header]).acceptsGzip == accepts)
    }

    @Test(
        arguments: [
            // Nobody is trusted unless named.
            ([], "192.0.2.1", "198.51.100.1", "192.0.2.1"),
            (["192.0.2.0/24"], "192.0.2.1", "198.51.100.1", "198.51.100.1"),
            // What stands before the last proxy's word is the client's own.
            (["192.0.2.0/24"], "192.0.2.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"),
            (["192.0.2.0/24"], "192.0.2.1", "198.51.100.1, 192.0.2.7", "198.51.100.1"),
            (["192.0.2.1"], "192.0.2.2", "198.51.100.1", "192.0.2.2"),
            (["192.0.2.1"], "192.0.2.1", "nonsense", "192.0.2.1"),
            (["192.0.2.1"], "192.0.2.1", "", "192.0.2.1"),
            (["::1", "10.0.0.0/8"], "::ffff:10.1.2.3", "2001:DB8::1", "2001:db8::1"),
        ] as [([String], String, String, String)])
    func `the caller's address comes from proxies that are trusted`(
        trusted: [String], peer: String, forwarded: String, expected: String
    ) throws {
        let site = Site(trustedProxies: trusted.compactMap { NetworkRange($0) })
        let address = site.address(try request(["REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded]))
        #expect(address?.description == expected)
    }

    @Test(arguments: [
        ("slipway.test", "http://slipway.test", Site.Origin.same),
        ("slipway.test", "https://slipway.test", .same),
        ("slipway.test:8443", "https://slipway.test:8443", .same),
        ("slipway.test:443", "https://slipway.test", .same),
        ("SLIPWAY.test", "http://slipway.TEST:80", .same),
        ("slipway.test", "http://slipway.test:8080", .foreign),
        ("slipway.test", "http://slipway.test.evil", .foreign), ("slipway.test", "http://evil", .foreign),
        ("slipway.test", "null", .foreign), ("slipway.test", "", .foreign), ("", "http://", .foreign),
        ("slipway.test", "ftp://slipway.test", .foreign), ("slipway.test", "https://public.test", .foreign),
    ])
    func `a page's own site is told from others`(host: String, origin: String, expected: Site.Origin) throws {
        #expect(Site().origin(try request(["HTTP_HOST": host, "HTTP_ORIGIN": origin])) == expected)
        let crossSite = ["HTTP_HOST": host, "HTTP_ORIGIN": origin, "HTTP_SEC_FETCH_SITE": "cross-site"]
        #expect(Site().origin(try request(crossSite)) == .foreign)
    }

    @Test func `with a public address no other is this site's`() throws {
        let site = Site(publicURL: "HTTPS://public.test")
        func origin(_ origin: String) throws -> Site.Origin {
            site.origin(try request(["HTTP_HOST": "rebound.test", "HTTP_ORIGIN": origin]))
        }
        #expect(try origin("https://public.test") == .same)
        #expect(try origin("http://rebound.test") == .foreign)
        #expect(site.isSecure(try request([:])))
    }

    @Test func `what hides in a header of addresses does not make its sender the proxy`() throws {
        let site = Site(trustedProxies: ["192.0.2.1"].compactMap { NetworkRange($0) })
        for junk in [String(repeating: "x", count: 5000), "\u{600}", "\u{301}", "127.0.0.1,,"] {
            let forwarded = "\(junk), 203.0.113.50"
            let address = site.address(
                try request(["REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded]))
            #expect(address?.description == "203.0.113.50")
        }
        for (entry, expected) in [
            ("203.0.113.50:4711", "203.0.113.50"), ("[2001:db8::1]:4711", "2001:db8::1"),
        ] {
            let address = site.address(
                try request(["REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": entry]))
            #expect(address?.description == expected)
        }
    }

    @Test func `a caller is local who came through no proxy`() throws {
        #expect(Site().isLocal(try request(["REMOTE_ADDR": "127.0.0.1"])))
        #expect(
            !Site().isLocal(try request(["REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"])))
        #expect(!Site().isLocal(try request(["REMOTE_ADDR": "192.0.2.1"])))
        #expect(!Site().isLocal(try request([:])))
    }
}

@Suite struct RouterTests {
    /// One for all tests, since a password's hash takes its time; none of them changes it.
    private static let shared = Result { try TestAPI() }

    private let api: TestAPI

    init() throws { api = try Self.shared.get() }

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
            api.send("GET", "/slipway/me", user: nil).text
                == #"{"auth":null,"is_admin":false,"models":[],"role":null,"store":null,"user":null}"#)
        #expect(
            api.send("GET", "/slipway/me").text
                == #"{"auth":"basic","is_admin":true,"models":["*"],"role":"administrator","store":"htpasswd","user":"admin"}"#
        )
    }

    @Test(arguments: [("PUT", base, "GET, HEAD, POST"), ("PATCH", "\(base)/deadbeef", "DELETE, GET, HEAD")])
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
