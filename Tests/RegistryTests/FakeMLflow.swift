import Core
import Synchronization

@testable import HTTPClient
@testable import MLflow
@testable import Registry

/// Answers in an MLflow server's place, as MLflow 3.17 did when it was asked for real; unknown requests get its 404.
final class FakeMLflow: Sendable {
    /// What came in, each as `path?name=value&…` beneath `/api/2.0/mlflow/`.
    let requests = Mutex<[String]>([])
    private let answers: [String: HTTPClient.Response]

    init(_ answers: [String: HTTPClient.Response]) { self.answers = answers }

    convenience init(_ answers: KeyValuePairs<String, String>) {
        self.init(
            Dictionary(answers.map { ($0, .json(200, $1)) }, uniquingKeysWith: { first, _ in first }))
    }

    func tags() throws -> VersionTags {
        let server = try HTTPServer(url: "http://mlflow.test:5000", field: "uri")
        return VersionTags { MLflowAPI(server, exchange: Exchange(fake: self)) }
    }

    func registry(allowedRoots: [String] = []) throws -> MLflowServer {
        let server = try HTTPServer(url: "http://mlflow.test:5000", field: "uri")
        return MLflowServer(server, allowedRoots: allowedRoots) {
            MLflowAPI(server, exchange: Exchange(fake: self))
        }
    }

    private struct Exchange: HTTPExchange {
        let fake: FakeMLflow

        func get(_ path: String, query: [(String, String)], limit: Int) throws(HTTPError)
            -> HTTPClient.Response
        {
            let text = query.map { "\($0)=\($1)" }.joined(separator: "&")
            let request = path.replacing("/api/2.0/mlflow/", with: "") + (text.isEmpty ? "" : "?\(text)")
            fake.requests.withLock { $0.append(request) }
            return fake.answers[request] ?? .missing
        }

        func post(_ path: String, json: [UInt8], limit: Int) throws(HTTPError) -> HTTPClient.Response {
            let request =
                "\(path.replacing("/api/2.0/mlflow/", with: "")) \(String(decoding: json, as: UTF8.self))"
            fake.requests.withLock { $0.append(request) }
            return fake.answers[String(request.prefix { $0 != " " })] ?? .missing
        }

        func download(
            _ path: String, query: [(String, String)], into sink: ([UInt8]) throws -> Void
        ) throws -> HTTPClient.Response { .missing }
    }
}

extension HTTPClient.Response {
    static func json(_ status: Int, _ text: String) -> HTTPClient.Response {
        HTTPClient.Response(status: status, contentType: "application/json", body: Array(text.utf8))
    }

    static let missing = json(
        404, #"{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found", "sqlstate": "KAM00"}"#)
}

/// A version as `model-versions/get` answers it.
func version(
    _ number: String, of name: String = "demo", source: String = "mlflow-artifacts:/0/run/artifacts/model",
    status: String = "READY", stage: String = "None"
) -> String {
    """
    {"name": "\(name)", "version": "\(number)", "creation_timestamp": 1795591857441, "current_stage": "\(stage)",
     "description": "", "source": "\(source)", "run_id": "69016d21", "status": "\(status)", "run_link": ""}
    """
}

func one(_ version: String) -> String { #"{"model_version": \#(version)}"# }

func page(_ versions: [String], next: String? = nil) -> String {
    let token = next.map { #", "next_page_token": "\#($0)""# } ?? ""
    return #"{"model_versions": [\#(versions.joined(separator: ","))]\#(token)}"#
}
