package import Core
internal import FoundationEssentials
package import HTTPClient

/// What `MLflowAPI` needs of an HTTP client; tests answer in its place.
protocol HTTPExchange {
    func get(_ path: String, query: [(String, String)], limit: Int) throws(HTTPError) -> HTTPClient.Response
    func post(_ path: String, json: [UInt8], limit: Int) throws(HTTPError) -> HTTPClient.Response
    func download(_ path: String, query: [(String, String)], into sink: ([UInt8]) throws -> Void) throws
        -> HTTPClient.Response
}

extension HTTPClient: HTTPExchange {}

/// MLflow's REST API on one server, one request after another; use one a thread.
///
/// Answers are JSON; refusals carry `error_code` and `message`
/// (https://mlflow.org/docs/latest/rest-api.html). Whatever else comes back, such as the page of a sign-in
/// proxy, ends as a `Refusal` too.
package final class MLflowAPI {
    /// What came back in place of what was asked for.
    package struct Refusal: Error, Sendable {
        /// The answer's HTTP status; nil where there was no whole answer.
        package let status: Int?
        /// MLflow's own error code, such as `RESOURCE_DOES_NOT_EXIST`; nil where not MLflow answered.
        package let errorCode: String?
        /// The same for a person.
        package let problem: Problem
    }

    private let server: HTTPServer
    private let exchange: any HTTPExchange

    /// - Parameters:
    ///   - server: where it is and how to log in there.
    ///   - timeoutSeconds: for a whole answer but a download.
    package init(_ server: HTTPServer, timeoutSeconds: Int = 30) {
        self.server = server
        exchange = HTTPClient(server, timeoutSeconds: timeoutSeconds)
    }

    init(_ server: HTTPServer, exchange: any HTTPExchange) {
        self.server = server
        self.exchange = exchange
    }

    /// Asks for a resource and decodes it.
    ///
    /// - Parameters:
    ///   - path: beneath `/api/2.0/`, percent-encoded, such as `mlflow/model-versions/get`.
    ///   - query: names and values as they are; they are encoded once.
    ///   - type: its fields are named as MLflow's are, but in camel case: `runId` for `run_id`.
    /// - Returns: the body of a 200.
    /// - Throws: `Refusal` for whatever else comes back.
    package func get<Answer: Decodable>(
        _ path: String, _ query: [(String, String)], as type: Answer.Type
    ) throws(Refusal) -> Answer {
        let response: HTTPClient.Response
        do throws(HTTPError) {
            response = try exchange.get("/api/2.0/\(path)", query: query, limit: 16 << 20)
        } catch {
            throw Refusal(status: nil, errorCode: nil, problem: error.problem)
        }
        guard response.status == 200 else { throw refusal(response) }
        do {
            return try Self.decoder.decode(type, from: Data(response.body))
        } catch {
            throw refusal(response)
        }
    }

    /// Changes something, where the answer tells nothing but that.
    ///
    /// - Parameters:
    ///   - path: beneath `/api/2.0/`, such as `mlflow/model-versions/set-tag`.
    ///   - fields: of the body, named as MLflow's are.
    /// - Throws: `Refusal` for whatever is no 200.
    package func post(_ path: String, _ fields: [String: String]) throws(Refusal) {
        let response: HTTPClient.Response
        do throws(HTTPError) {
            // Texts can always be encoded.
            let body = (try? JSONEncoder().encode(fields)) ?? Data("{}".utf8)
            response = try exchange.post("/api/2.0/\(path)", json: Array(body), limit: 1 << 20)
        } catch {
            throw Refusal(status: nil, errorCode: nil, problem: error.problem)
        }
        guard response.status == 200 else { throw refusal(response) }
    }

    /// Streams a file into `sink`.
    ///
    /// - Parameters:
    ///   - path: beneath `/api/2.0/`, percent-encoded.
    ///   - sink: given the bytes as they come; what it throws ends the request.
    /// - Returns: the answer's content type.
    /// - Throws: `Refusal`, `HTTPError` with kind `interrupted` where a second try makes sense, or what `sink` throws.
    package func download(_ path: String, into sink: ([UInt8]) throws -> Void) throws -> String? {
        let response: HTTPClient.Response
        do {
            response = try exchange.download("/api/2.0/\(path)", query: [], into: sink)
        } catch let error as HTTPError where error.kind != .interrupted {
            throw Refusal(status: nil, errorCode: nil, problem: error.problem)
        }
        guard response.status == 200 else { throw refusal(response) }
        return response.contentType
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private struct ErrorBody: Decodable {
        let errorCode: String
        let message: String?
    }

    private func refusal(_ response: HTTPClient.Response) -> Refusal {
        let body = try? Self.decoder.decode(ErrorBody.self, from: Data(response.body))
        return Refusal(
            status: response.status, errorCode: body?.errorCode,
            problem: problem(response, body, words: response.words))
    }

    /// The caller of Slipway is never told that it is unauthenticated: these are Slipway's own credentials.
    private func problem(_ response: HTTPClient.Response, _ body: ErrorBody?, words: String) -> Problem {
        let name = "the MLflow server \(server.address)"
        func unavailable(_ text: String, hint: String) -> Problem {
            Problem(.temporarilyUnavailable, "\(name) \(text)", hint: hint)
        }
        switch response.status {
        case 401:
            return unavailable(
                "refuses \(server.credentials.words) (401)",
                hint: "check registry.username and registry.password_file, or registry.token_file")
        case 403 where words.contains("Invalid Host header"):
            return unavailable(
                "does not accept the host name by which it was asked (403)",
                hint: "start MLflow with --allowed-hosts naming that host, or use an address that it accepts")
        case 403:
            return unavailable(
                "forbids this to \(server.credentials.words) (403): \(words)",
                hint: "give the user that Slipway has there permission to read the model")
        case let status where (300..<400).contains(status) || status == 200 && response.isWebPage:
            return unavailable(
                "answered \(response.summary), not JSON: \(words)",
                hint: "a sign-in page or proxy seems to stand in front: "
                    + "set registry.uri to an address that reaches MLflow itself")
        case 200:
            return unavailable(
                "answered \(response.summary) that is not what MLflow answers: \(words)",
                hint: "check that registry.uri is the address of an MLflow server")
        case 404 where body == nil:
            return unavailable(
                "knows no such route (404)",
                hint:
                    "check registry.uri, with its path prefix if it has one, and that MLflow is 2.3 or newer")
        default: break
        }
        let text = body?.message.map { $0.printable(limit: 300) } ?? words
        switch body?.errorCode {
        case "RESOURCE_DOES_NOT_EXIST":
            return Problem(.resourceDoesNotExist, "\(name) answered \(response.status): \(text)")
        case "INVALID_PARAMETER_VALUE":
            return Problem(.invalidParameterValue, "\(name) answered \(response.status): \(text)")
        default:
            return unavailable("failed (\(response.status)): \(text)", hint: "look at that server's log")
        }
    }
}

extension HTTPError {
    /// The same for a person, with the server's address and what to check.
    package var problem: Problem {
        let (text, hint) = words
        return Problem(
            .temporarilyUnavailable, "the MLflow server \(address) \(text): \(message)", hint: hint)
    }

    private var words: (text: String, hint: String) {
        switch kind {
        case .unreachable:
            ("cannot be reached", "check registry.uri, and that the server runs and this machine reaches it")
        case .timedOut: ("did not answer in time", "check that it runs, and its load")
        case .tls:
            (
                "cannot be asked over TLS",
                "set registry.ca_bundle to the authority that signed its certificate, if it speaks https at all"
            )
        case .tooLarge:
            ("answered too much", "check that registry.uri is the address of an MLflow server")
        case .interrupted:
            ("broke off its answer", "try again, and look at that server's log if it happens again")
        }
    }
}

extension HTTPServer.Credentials? {
    /// Whose credentials these are, without the secret.
    fileprivate var words: String {
        switch self {
        case nil: "requests without credentials"
        case .basic(let user, _): "the user \(user.printable(limit: 80)) that Slipway logs in as"
        case .bearer: "the token that Slipway logs in with"
        }
    }
}

extension HTTPClient.Response {
    fileprivate var isWebPage: Bool { contentType?.hasPrefix("text/html") == true }

    /// Status and content type.
    fileprivate var summary: String {
        "\(status) with \(contentType.map { $0.printable(limit: 60) } ?? "no content type")"
    }

    /// The body's first words without markup, safe to quote.
    fileprivate var words: String {
        var text = ""
        var isMarkup = false
        for character in String(decoding: body.prefix(2000), as: UTF8.self) {
            switch character {
            case "<": isMarkup = true
            case ">":
                isMarkup = false
                text.append(" ")
            default: if !isMarkup { text.append(character.isWhitespace ? " " : character) }
            }
        }
        let words = text.split(separator: " ").joined(separator: " ").printable(limit: 200)
        return words.isEmpty ? "(nothing)" : "\"\(words)\""
    }
}
