import Core
import Synchronization
import Testing

@testable import Artifacts
@testable import HTTPClient
@testable import MLflow

@Suite("artifacts that an MLflow server passes on")
struct ProxiedStoreTests {
    private func reader(_ exchange: FakeExchange) throws -> any ArtifactReader {
        let server = try HTTPServer(url: "http://mlflow.test:5000", field: "uri")
        return ProxiedStore(path: "0/my model 100%/artifacts") { MLflowAPI(server, exchange: exchange) }
            .reader()
    }

    @Test("lists a directory as MLflow 3.17 and 2.22 answer it")
    func lists() throws {
        let exchange = FakeExchange(
            200, "application/json",
            #"""
            {"files": [{"path": "MLmodel", "is_dir": false, "file_size": 1266}, {"path": "a b", "is_dir": true},
             {"path": "\u00e4.txt", "is_dir": false, "file_size": 10}, {"path": "empty.txt", "is_dir": false}]}
            """#)
        let entries = try reader(exchange).entries(in: "code/ä")
        #expect(
            entries == [
                ArtifactEntry(name: "MLmodel", kind: .file(size: 1266)),
                ArtifactEntry(name: "a b", kind: .directory),
                ArtifactEntry(name: "ä.txt", kind: .file(size: 10)),
                ArtifactEntry(name: "empty.txt", kind: .file(size: nil)),
            ])
        #expect(exchange.asked.path == "/api/2.0/mlflow-artifacts/artifacts")
        #expect(exchange.asked.query == ["path=0/my model 100%/artifacts/code/ä"])
    }

    @Test("takes MLflow's answer for what is not there as an empty directory")
    func emptyListing() throws {
        #expect(try reader(FakeExchange(200, "application/json", "{}")).entries(in: "").isEmpty)
    }

    @Test(
        "says why a directory cannot be listed",
        arguments: [
            (
                503, "text/html", "disabled due to the mlflow server running with `--no-serve-artifacts`",
                "serve-artifacts"
            ),
            (200, "text/html", "<title>Sign in</title>", "not JSON"),
            (401, "text/html", "<b>no</b>", "401"),
            (200, "application/json", #"{"files": [{"path": 7}]}"#, "not what MLflow answers"),
        ])
    func refusals(status: Int, type: String, body: String, message: String) throws {
        let exchange = FakeExchange(status, type, body)
        let problem = #expect(throws: Problem.self) { try reader(exchange).entries(in: "") }
        #expect(problem?.code == .temporarilyUnavailable)
        #expect(problem?.message.contains(message) == true)
        #expect(problem?.message.contains("<") == false)
    }

    @Test("encodes each part of a file's path once")
    func downloads() throws {
        let exchange = FakeExchange(200, "text/plain", "abc")
        var bytes: [UInt8] = []
        #expect(try reader(exchange).read("code/weights 50%25;ä&+#?.bin") { bytes += $0 } == "text/plain")
        #expect(bytes == Array("abc".utf8))
        #expect(
            exchange.asked.path == "/api/2.0/mlflow-artifacts/artifacts/0/my%20model%20100%25/artifacts"
                + "/code/weights%2050%2525%3B%C3%A4%26%2B%23%3F.bin")
    }

    @Test(
        "names a file that is not sent, and its status",
        arguments: [
            (
                404, "application/json",
                #"{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No such artifact: 'x'"}"#
            ),
            (
                500, "application/json",
                #"{"error_code": "INTERNAL_ERROR", "message": "[Errno 2] No such file"}"#
            ),
            (403, "text/plain", "Permission denied"),
        ])
    func missing(status: Int, type: String, body: String) throws {
        let exchange = FakeExchange(status, type, body)
        let problem = #expect(throws: Problem.self) { try reader(exchange).read("code/x.py") { _ in } }
        #expect(problem?.code == .temporarilyUnavailable)
        #expect(problem?.message.contains("\"code/x.py\"") == true)
        #expect(problem?.message.contains(String(status)) == true)
    }

    @Test("tells a file that broke off from one that cannot be had")
    func interruptions() throws {
        #expect(throws: ReadInterrupted.self) { try reader(FakeExchange(.interrupted)).read("x") { _ in } }
        #expect(throws: Problem.self) { try reader(FakeExchange(.unreachable)).read("x") { _ in } }
    }
}

/// Gives one answer, and remembers what was asked last.
private final class FakeExchange: HTTPExchange, Sendable {
    private let response: HTTPClient.Response
    private let error: HTTPError?
    private let last = Mutex<(path: String, query: [String])>(("", []))

    var asked: (path: String, query: [String]) { last.withLock { $0 } }

    init(_ status: Int, _ type: String, _ body: String) {
        response = HTTPClient.Response(status: status, contentType: type, body: Array(body.utf8))
        error = nil
    }

    init(_ kind: HTTPError.Kind) {
        response = HTTPClient.Response(status: 0, contentType: nil, body: [])
        error = HTTPError(kind: kind, message: "gone", address: "http://mlflow.test:5000")
    }

    func get(_ path: String, query: [(String, String)], limit: Int) throws(HTTPError) -> HTTPClient.Response {
        last.withLock { $0 = (path, query.map { "\($0)=\($1)" }) }
        if let error { throw error }
        return response
    }

    func post(_ path: String, json: [UInt8], limit: Int) throws(HTTPError) -> HTTPClient.Response {
        .init(status: 404, contentType: nil, body: [])
    }

    func download(
        _ path: String, query: [(String, String)], into sink: ([UInt8]) throws -> Void
    ) throws -> HTTPClient.Response {
        let response = try get(path, query: query, limit: 0)
        if response.status == 200 { try sink(response.body) }
        return response
    }
}
