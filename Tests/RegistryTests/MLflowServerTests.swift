import Core
import Testing

@testable import HTTPClient
@testable import MLflow
@testable import Registry

@Suite("an MLflow server as registry")
struct MLflowServerTests {
    private let demo = "registered-models/get?name=demo"
    private static let latest =
        "model-versions/search?filter=name='demo'&order_by=version_number DESC&max_results=20"
    private static let staged =
        "model-versions/search?filter=name='demo'&order_by=version_number DESC&max_results=200"

    private func resolve(_ fake: FakeMLflow, _ selector: String, name: String = "demo") throws -> ModelVersion
    {
        try fake.registry().resolve(ModelName(name), VersionSelector(selector))
    }

    @Test("finds a version by its number in one request where the source is a path")
    func byNumber() throws {
        let fake = FakeMLflow(["model-versions/get?name=demo&version=2": one(version("2"))])
        let found = try resolve(fake, "2")
        #expect(found.version == 2)
        #expect(found.location == .proxied(path: "0/run/artifacts/model"))
        #expect(found.runID == "69016d21")
        #expect(fake.requests.withLock(\.count) == 1)
    }

    @Test("asks where a logged model lies")
    func loggedModel() throws {
        let fake = FakeMLflow([
            "model-versions/get?name=demo&version=1": one(version("1", source: "models:/m-11f0")),
            "model-versions/get-download-uri?name=demo&version=1":
                #"{"artifact_uri": "mlflow-artifacts:/0/models/m-11f0/artifacts"}"#,
        ])
        let found = try resolve(fake, "1")
        #expect(found.location == .proxied(path: "0/models/m-11f0/artifacts"))
        #expect(found.modelID == "m-11f0")
        #expect(found.source == "models:/m-11f0")
    }

    @Test("asks for the logged model itself where the version's place is not told")
    func loggedModelFallback() throws {
        let fake = FakeMLflow([
            "model-versions/get?name=demo&version=1": one(version("1", source: "models:/m-11f0")),
            "logged-models/m-11f0":
                #"{"model": {"info": {"name": "model", "artifact_uri": "mlflow-artifacts:/0/models/m-11f0/artifacts"}}}"#,
        ])
        #expect(try resolve(fake, "1").location == .proxied(path: "0/models/m-11f0/artifacts"))
    }

    @Test("finds a run's path among its models first, then among its files", arguments: [true, false])
    func run(hasModel: Bool) throws {
        let outputs = hasModel ? #", "outputs": {"model_outputs": [{"model_id": "m-11f0", "step": 0}]}"# : ""
        let fake = FakeMLflow([
            "model-versions/get?name=demo&version=1": one(version("1", source: "runs:/69016d21/model")),
            "runs/get?run_id=69016d21":
                #"{"run": {"info": {"artifact_uri": "mlflow-artifacts:/0/69016d21/artifacts"}\#(outputs)}}"#,
            "logged-models/m-11f0":
                #"{"model": {"info": {"name": "model", "artifact_uri": "mlflow-artifacts:/0/models/m-11f0/artifacts"}}}"#,
        ])
        let path = hasModel ? "0/models/m-11f0/artifacts" : "0/69016d21/artifacts/model"
        #expect(try resolve(fake, "1").location == .proxied(path: path))
    }

    @Test(
        "takes the highest ready version as the latest, by number",
        arguments: ["latest", "LATEST", "@latest"])
    func latestVersion(selector: String) throws {
        let fake = FakeMLflow([
            Self.latest: page([version("9"), version("10", status: "PENDING_REGISTRATION"), version("2")])
        ])
        #expect(try resolve(fake, selector).version == 9)
    }

    @Test("looks on the next page for a version that is ready")
    func pages() throws {
        let fake = FakeMLflow([
            Self.latest: page([version("10", status: "FAILED_REGISTRATION")], next: "abc"),
            Self.latest + "&page_token=abc": page([version("9")]),
        ])
        #expect(try resolve(fake, "latest").version == 9)
    }

    @Test("takes the highest ready version of a stage", arguments: ["Production", "production"])
    func stage(selector: String) throws {
        let fake = FakeMLflow([
            Self.staged: page([
                version("5", stage: "Staging"),
                version("4", status: "PENDING_REGISTRATION", stage: "Production"),
                version("3", stage: "Production"), version("2", stage: "Production"),
            ])
        ])
        #expect(try resolve(fake, selector).version == 3)
    }

    @Test("finds an alias")
    func alias() throws {
        let fake = FakeMLflow(["registered-models/alias?name=demo&alias=champion": one(version("7"))])
        #expect(try resolve(fake, "@champion").version == 7)
    }

    @Test(
        "asks for names in the quotes that they do not hold",
        arguments: [
            ("fraud model", "name='fraud model'"), ("50%25 off", "name='50%25 off'"),
            ("team/churn", "name='team/churn'"), ("a+b&c=d#e", "name='a+b&c=d#e'"), ("it's", "name=\"it's\""),
            ("5\" disk", "name='5\" disk'"), ("it's \"q\"", "name LIKE 'it_s _q_'"),
            ("'\u{301} x", "name=\"'\u{301} x\""),
        ])
    func names(name: String, filter: String) throws {
        let quoted = name.replacing("\"", with: "\\\"")
        let fake = FakeMLflow([
            "model-versions/search?filter=\(filter)&order_by=version_number DESC&max_results=20":
                page([version("9", of: "its _q_"), version("1", of: quoted)])
        ])
        #expect(try resolve(fake, "latest", name: name).version == 1)
    }

    @Test("says which versions there are")
    func unknownVersion() {
        let fake = FakeMLflow([
            "model-versions/search?filter=name='demo'&order_by=version_number DESC&max_results=100":
                page((1...9).reversed().map { version("\($0)") })
        ])
        let problem = #expect(throws: Problem.self) { try resolve(fake, "99") }
        #expect(problem?.code == .resourceDoesNotExist)
        #expect(problem?.message == "the model \"demo\" has no version 99")
        #expect(problem?.hint == "it has 9, 8, 7, 6, 5")
    }

    @Test("says which models there are", arguments: ["1", "latest", "@champion", "Staging"])
    func unknownModel(selector: String) {
        let fake = FakeMLflow([
            Self.latest: "{}", Self.staged: "{}",
            "model-versions/search?filter=name='demo'&order_by=version_number DESC&max_results=100": "{}",
            "registered-models/search?max_results=6":
                #"{"registered_models": [{"name": "churn"}, {"name": "iris"}]}"#,
        ])
        let problem = #expect(throws: Problem.self) { try resolve(fake, selector) }
        #expect(problem?.code == .resourceDoesNotExist)
        #expect(problem?.message == "no registered model is named \"demo\"")
        #expect(problem?.hint == "the registry holds \"churn\", \"iris\"")
    }

    @Test("says which aliases there are, where MLflow calls an unknown one an invalid value")
    func unknownAlias() {
        let fake = FakeMLflow([
            "registered-models/alias?name=demo&alias=nope": .json(
                400,
                #"{"error_code": "INVALID_PARAMETER_VALUE", "message": "Registered model alias nope not found."}"#
            ),
            demo: .json(
                200,
                #"{"registered_model": {"name": "demo", "aliases": [{"alias": "champion", "version": "1"}]}}"#
            ),
        ])
        let problem = #expect(throws: Problem.self) { try resolve(fake, "@nope") }
        #expect(problem?.code == .resourceDoesNotExist)
        #expect(problem?.hint == "its aliases are champion")
    }

    @Test("says which stages are in use")
    func emptyStage() {
        let fake = FakeMLflow([Self.staged: page([version("2", stage: "Production"), version("1")])])
        let problem = #expect(throws: Problem.self) { try resolve(fake, "Staging") }
        #expect(problem?.code == .resourceDoesNotExist)
        #expect(problem?.hint == "the stages in use are Production")
    }

    @Test("refuses a version that is not ready, and says its status", arguments: ["10", "latest"])
    func notReady(selector: String) {
        let pending = version("10", status: "PENDING_REGISTRATION")
        let fake = FakeMLflow([
            "model-versions/get?name=demo&version=10": one(pending), Self.latest: page([pending]),
        ])
        let problem = #expect(throws: Problem.self) { try resolve(fake, selector) }
        #expect(problem?.code == .invalidState)
        #expect(problem?.message.contains("10") == true)
        #expect(problem?.message.contains("PENDING_REGISTRATION") == true)
    }

    @Test(
        "never blames the caller, and never passes markup on, for an answer that is not MLflow's",
        arguments: [
            (200, "text/html", "<!DOCTYPE html><title>Sign in</title>", "sign-in page"),
            (302, "text/html", "", "sign-in page"),
            (401, "text/html", "<html>You are not authenticated</html>", "registry.username"),
            (401, "text/plain", "", "registry.username"),
            (403, "text/plain", "Invalid Host header - possible DNS rebinding", "--allowed-hosts"),
            (403, "text/html", "Permission denied", "permission to read"),
            (404, "text/html", "<h1>Not Found</h1>", "registry.uri"),
            (502, "text/html", "<h1>Bad Gateway</h1>", "log"),
            (200, "application/json", "[1]", "registry.uri"),
            (200, nil, "", "registry.uri"),
            (200, "application/json", "\0\u{FFFD}{", "registry.uri"),
        ] as [(Int, String?, String, String)])
    func foreignAnswers(status: Int, type: String?, body: String, hint: String) {
        let response = HTTPClient.Response(status: status, contentType: type, body: Array(body.utf8))
        let fake = FakeMLflow(["model-versions/get?name=demo&version=1": response])
        let problem = #expect(throws: Problem.self) { try resolve(fake, "1") }
        #expect(problem?.code == .temporarilyUnavailable)
        #expect(problem?.hint?.contains(hint) == true)
        #expect(problem?.message.contains("http://mlflow.test:5000") == true)
        #expect(problem?.message.contains("<") == false)
    }

    @Test(
        "refuses numbers that cannot be a version's",
        arguments: ["0", "-1", "1.0", "x", "99999999999999999999", ""])
    func oddNumbers(number: String) {
        let fake = FakeMLflow(["model-versions/get?name=demo&version=1": one(version(number))])
        #expect(throws: Problem.self) { try resolve(fake, "1") }
    }

    @Test("names the server when it cannot be reached")
    func unreachable() throws {
        let server = try HTTPServer(url: "http://127.0.0.1:1", field: "uri")
        let problem = #expect(throws: Problem.self) {
            try MLflowServer(server, allowedRoots: []).resolve(ModelName("demo"), .number(1))
        }
        #expect(problem?.code == .temporarilyUnavailable)
        #expect(problem?.message.contains("http://127.0.0.1:1") == true)
    }
}
