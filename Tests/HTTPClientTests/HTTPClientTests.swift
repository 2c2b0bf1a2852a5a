import Core
import HTTPClient
import TestSupport
import Testing

@Suite("An HTTP client")
struct HTTPClientTests {
    let server: StandInServer

    init() throws { server = try StandInServer.shared.get() }

    /// Request target and `Authorization` header as the server saw them.
    private func echo(_ response: HTTPClient.Response) -> [String] {
        String(decoding: response.body, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("encodes a query once and leaves the path as it is")
    func query() throws {
        let client = try server.client()
        let query = [("name", "a+b&c=d#e %25 \u{E4}"), ("x&y", ""), ("name", "2")]
        let response = try client.get("/echo/a%2Fb/../%20", query: query)
        #expect(
            echo(response) == [
                "/echo/a%2Fb/../%20?name=a%2Bb%26c%3Dd%23e%20%2525%20%C3%A4&x%26y=&name=2", "None",
            ])
        #expect(response.status == 200)
        #expect(response.contentType == "text/plain; charset=utf-8")
    }

    @Test("appends paths to the server's prefix")
    func prefix() throws {
        #expect(echo(try server.client(prefix: "/mlflow/").get("/echo")).first == "/mlflow/echo")
    }

    @Test("sends the credentials that it has")
    func credentials() throws {
        let basic = HTTPServer.Credentials.basic(user: "us\u{E9}r", password: Secret("a:b"))
        #expect(echo(try server.client(basic).get("/echo")).last == "Basic dXPDqXI6YTpi")
        let bearer = HTTPServer.Credentials.bearer(Secret("token"))
        #expect(echo(try server.client(bearer).get("/echo")).last == "Bearer token")
    }

    @Test("posts JSON with its credentials, and goes back to asking")
    func post() throws {
        let client = try server.client(.bearer(Secret("token")))
        for body in [#"{"a":"\u{E4}"}"#, "", String(repeating: "x", count: 100_000)] {
            let answer = try client.post("/echo", json: Array(body.utf8))
            #expect(
                String(decoding: answer.body, as: UTF8.self) == "/echo application/json Bearer token\n\(body)"
            )
        }
        #expect(echo(try client.get("/echo")).first == "/echo")
    }

    @Test("keeps its connection")
    func connection() throws {
        let client = try server.client()
        let ports = try (0..<3).map { _ in try client.get("/port").body }
        #expect(Set(ports).count == 1)
    }

    @Test("gives answers of any status", arguments: [201, 400, 401, 404, 500, 503])
    func statuses(_ status: Int) throws {
        let response = try server.client().get("/status/\(status)")
        #expect(response.status == status)
        #expect(response.body == Array("status \(status)".utf8))
    }

    @Test("follows no redirect, to get or to download")
    func redirect() throws {
        let response = try server.client().get("/redirect")
        #expect(response.status == 302)
        #expect(response.body == Array("elsewhere".utf8))
        var chunks = 0
        let downloaded = try server.client().download("/redirect") { _ in chunks += 1 }
        #expect(downloaded.status == 302)
        #expect(chunks == 0)
    }

    @Test("takes a body up to the limit and none that is longer")
    func limit() throws {
        let client = try server.client()
        #expect(try client.get("/bytes/100000", limit: 100_000).body.count == 100_000)
        let error = #expect(throws: HTTPError.self) { try client.get("/bytes/100001", limit: 100_000) }
        #expect(error?.kind == .tooLarge)
        // The client is as good as new after it.
        #expect(try client.get("/bytes/1").body == Array("x".utf8))
    }

    @Test("streams a download in parts")
    func download() throws {
        var parts: [Int] = []
        let response = try server.client().download("/bytes/3000000") { part in parts.append(part.count) }
        #expect(response.status == 200)
        #expect(response.body.isEmpty)
        #expect(parts.reduce(0, +) == 3_000_000)
        #expect(parts.count > 1)
        #expect((parts.max() ?? .max) < 100_000)
    }

    @Test("gives the beginning of what a download brought instead of a 200")
    func refusedDownload() throws {
        let client = try server.client()
        var chunks = 0
        let missing = try client.download("/status/404") { _ in chunks += 1 }
        #expect(missing.status == 404)
        #expect(missing.body == Array("status 404".utf8))
        let long = try client.download("/long-error") { _ in chunks += 1 }
        #expect(long.status == 500)
        #expect(long.body == Array(repeating: UInt8(ascii: "e"), count: 64 << 10))
        #expect(chunks == 0)
    }

    @Test("ends a download with the error of whoever takes it")
    func sinkFails() throws {
        struct Full: Error {}
        #expect(throws: Full.self) { try server.client().download("/bytes/100000") { _ in throw Full() } }
    }

    @Test(
        "calls an answer that ends early an interruption",
        arguments: ["/short/1000", "/short-chunks", "/silent"])
    func interrupted(_ path: String) throws {
        let client = try server.client()
        let error = #expect(throws: HTTPError.self) { try client.get(path) }
        #expect(error?.kind == .interrupted)
        var received: [UInt8] = []
        let downloading = #expect(throws: HTTPError.self) { try client.download(path) { received += $0 } }
        #expect(downloading?.kind == .interrupted)
        #expect(received == (path == "/silent" ? [] : Array("half".utf8)))
    }

    @Test("gives up when no answer comes in time")
    func timeout() throws {
        let client = HTTPClient(try HTTPServer(url: server.url, field: "url"), timeoutSeconds: 1)
        let error = #expect(throws: HTTPError.self) { try client.get("/slow") }
        #expect(error?.kind == .timedOut)
    }

    @Test("names a server that cannot be reached by its address, without credentials")
    func unreachable() throws {
        let credentials = HTTPServer.Credentials.basic(user: "alice", password: Secret("hunter2"))
        // A reserved port that nothing listens on.
        let nobody = try HTTPServer(url: "http://127.0.0.1:1/x/", field: "url", credentials: credentials)
        let error = #expect(throws: HTTPError.self) {
            try HTTPClient(nobody).get("/echo", query: [("q", "v")])
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.address == "http://127.0.0.1:1/x")
        let shown = "\(error.debugDescription) \(error?.description ?? "")"
        #expect(shown.contains("http://127.0.0.1:1/x: "))
        #expect(!shown.contains("alice") && !shown.contains("hunter2"))
        #expect(!"\(nobody)".contains("hunter2"))
    }

    @Test("tells TLS that fails from a server that is away")
    func tls() throws {
        let secure = try HTTPServer(url: "https://127.0.0.1:\(server.port)", field: "url")
        let error = #expect(throws: HTTPError.self) { try HTTPClient(secure).get("/echo") }
        #expect(error?.kind == .tls)
        let directory = try TemporaryDirectory()
        let bundle = try HTTPServer(
            url: secure.address, field: "url", caBundle: directory.file("missing.pem"))
        let badBundle = #expect(throws: HTTPError.self) { try HTTPClient(bundle).get("/echo") }
        #expect(badBundle?.kind == .tls)
    }
}

@Suite("An HTTP server's address")
struct HTTPServerTests {
    @Test(
        "is http or https, without a closing slash",
        arguments: [
            ("http://mlflow.example.com", "http://mlflow.example.com"),
            ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
            ("https://mlflow.example.com/a/b//", "https://mlflow.example.com/a/b"),
            ("HTTPS://mlflow.example.com", "HTTPS://mlflow.example.com"),
            ("http://[::1]:5000", "http://[::1]:5000"),
        ])
    func address(_ url: String, _ address: String) throws {
        #expect(try HTTPServer(url: url, field: "uri").address == address)
    }

    @Test(
        "that holds anything else is refused, naming the setting but not what stands in it",
        arguments: [
            "", "mlflow.example.com", "ftp://hunter2.example.com", "file:///hunter2", "http:/hunter2",
            "http://",
            "https:///", "http:///hunter2", "http://:5000", "http://?hunter2",
            "http://user:hunter2@mlflow.example.com",
            "http://hunter2@mlflow.example.com", "http://a/?token=hunter2", "http://a/#hunter2", "http://a b",
            "http://a\r\nHost: hunter2", "http://a\\hunter2", "http://a/\"hunter2\"", "http://a/{hunter2}",
            " http://hunter2.example.com", "http://a\u{202E}hunter2",
        ])
    func refused(_ url: String) {
        let problem = #expect(throws: Problem.self) { try HTTPServer(url: url, field: "registry.uri") }
        #expect(problem?.code == .invalidParameterValue)
        #expect(problem?.message.hasPrefix("registry.uri: ") == true)
        #expect(problem?.description.contains("hunter2") == false)
    }
}
