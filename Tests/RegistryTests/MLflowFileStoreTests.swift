import Core
import FoundationEssentials
import Posix
import Testing

@testable import Registry

@Suite("MLflow's file store as registry")
struct MLflowFileStoreTests {
    private let store: Store

    init() throws { store = try Store() }

    private func resolve(_ selector: String, name: String = "demo", allowed: [String] = []) throws
        -> ModelVersion
    {
        try MLflowFileStore(root: store.root, allowedRoots: allowed)
            .resolve(ModelName(name), VersionSelector(selector))
    }

    @Test(
        "finds versions by number, latest, alias and stage",
        arguments: [
            ("1", 1), ("latest", 9), ("@champion", 2), ("Production", 2), ("production", 2),
        ])
    func finds(selector: String, number: Int) throws {
        try store.version(1)
        try store.version(2, "current_stage: Production")
        try store.version(9)
        try store.version(10, "status: PENDING_REGISTRATION")
        try store.version(11, "current_stage: Deleted_Internal")
        try store.version(12, "status: PENDING_REGISTRATION\ncurrent_stage: Production")
        try store.write("models/demo/aliases/champion", "2")
        let found = try resolve(selector)
        #expect(found.version == number)
        #expect(found.location == .directory(path: store.root + "/0/run1/artifacts/model", root: store.root))
    }

    @Test(
        "keeps names as they are",
        arguments: ["fraud model", "it's \"q\"", "ünï", "a+b&c=d#e", "a\\b", "50%25 off"])
    func names(name: String) throws {
        try store.version(1, of: name)
        #expect(try resolve("1", name: name).name.text == name)
    }

    @Test(
        "finds where MLflow 2 and 3 put a model",
        arguments: [
            ("source: ROOT/0/run1/artifacts/model", "/0/run1/artifacts/model", nil),
            (
                "source: file://ROOT/0/run1/artifacts/model\nstorage_location: null",
                "/0/run1/artifacts/model", nil
            ),
            (
                "source: models:/m-11f0\nmodel_id: m-11f0\nstorage_location: file://ROOT/0/models/m-11f0/artifacts",
                "/0/models/m-11f0/artifacts", "m-11f0"
            ),
            ("source: runs:/run1/model", "/0/models/m-11f0/artifacts", nil),
            ("source: runs:/run1/other", "/0/run1/artifacts/other", nil),
        ] as [(String, String, String?)])
    func sources(meta: String, place: String, modelID: String?) throws {
        try store.directory("0/models/m-11f0/artifacts")
        try store.directory("0/run1/artifacts/other")
        try store.write(
            "0/run1/meta.yaml", "artifact_uri: file://\(store.root)/0/run1/artifacts\nrun_id: run1\n")
        try store.write(
            "0/models/m-11f0/meta.yaml",
            "artifact_location: file://\(store.root)/0/models/m-11f0/artifacts\nname: model\nsource_run_id: run1\n"
        )
        try store.version(1, meta.replacing("ROOT", with: store.root))
        let found = try resolve("1")
        #expect(found.location == .directory(path: store.root + place, root: store.root))
        #expect(found.modelID == modelID)
    }

    @Test(
        "refuses what lies outside of the allowed roots, whether it exists or not",
        arguments: [
            "/etc", "/no/such/directory", "file:///etc", "ROOT/../outside", "file://ROOT/%2e%2e/outside",
            "ROOT/link",
            "s3://bucket/model", "mlflow-artifacts:/0/run1/artifacts/model", "models:/m-11f0",
            "relative/path",
        ])
    func outside(source: String) throws {
        try store.directory("../outside")
        try store.link("link", to: "../outside")
        try store.version(1, "source: \(source.replacing("ROOT", with: store.root))")
        let problem = #expect(throws: Problem.self) { try resolve("1") }
        #expect(problem?.code == .invalidState)
        #expect(problem?.description.contains("outside/") == false)
    }

    @Test("reads from an allowed root, links to it resolved")
    func allowed() throws {
        try store.directory("../outside/model")
        try store.link("link", to: "../outside")
        try store.version(1, "source: \(store.root)/link/model")
        let outside = try Files.canonical(store.root + "/../outside")
        #expect(
            try resolve("1", allowed: [outside]).location
                == .directory(path: outside + "/model", root: outside))
    }

    @Test("follows no link within the store")
    func links() throws {
        try store.version(1)
        try store.link("models/alias", to: "demo")
        let problem = #expect(throws: Problem.self) { try resolve("1", name: "alias") }
        #expect(problem?.code == .invalidState)
    }

    @Test(
        "says what is missing and what there is",
        arguments: [
            ("7", "demo", "no version 7", "it has 2, 1"), ("@nope", "demo", "alias \"nope\"", "champion"),
            ("@..", "demo", "alias \"..\"", "champion"), ("Staging", "demo", "stage Staging", "in no stage"),
            ("1", "nope", "\"nope\"", "\"demo\""), ("1", "..", "\"..\"", "\"demo\""),
            ("1", "a/b", "\"a/b\"", "\"demo\""),
            ("1", "a/\u{301}b", "no registered model", "\"demo\""),
        ])
    func missing(selector: String, name: String, message: String, hint: String) throws {
        try store.version(1)
        try store.version(2)
        try store.write("models/demo/aliases/champion", "2")
        let problem = #expect(throws: Problem.self) { try resolve(selector, name: name) }
        #expect(problem?.code == .resourceDoesNotExist)
        #expect(problem?.message.contains(message) == true)
        #expect(problem?.hint?.contains(hint) == true)
    }

    @Test("refuses a version that is not ready, and says its status", arguments: ["1", "latest"])
    func notReady(selector: String) throws {
        try store.version(1, "status: PENDING_REGISTRATION")
        let problem = #expect(throws: Problem.self) { try resolve(selector) }
        #expect(problem?.code == .invalidState)
        #expect(problem?.message.contains("PENDING_REGISTRATION") == true)
    }

    @Test("names the line of a file that cannot be read")
    func brokenFile() throws {
        try store.version(1)
        try store.write("models/demo/version-1/meta.yaml", "name: demo\nversion: [1\n")
        let problem = #expect(throws: Problem.self) { try resolve("1") }
        #expect(problem?.message.contains("models/demo/version-1/meta.yaml:") == true)
    }

    @Test("says that the store cannot be read")
    func noStore() {
        let problem = #expect(throws: Problem.self) {
            try MLflowFileStore(root: "/no/such/store", allowedRoots: []).resolve(ModelName("demo"), .latest)
        }
        #expect(problem?.code == .temporarilyUnavailable)
    }
}

/// A file store in a temporary directory, laid out as MLflow lays it out.
final class Store: Sendable {
    let root: String
    private let parent: String

    init() throws {
        parent = try Files.canonical(FileManager.default.temporaryDirectory.path) + "/slipway-\(UUID())"
        root = parent + "/mlruns"
        try directory("0/run1/artifacts/model")
    }

    deinit { try? Files.remove(parent) }

    func directory(_ path: String) throws { try Files.makeDirectory("\(root)/\(path)") }

    func write(_ path: String, _ text: String) throws {
        try directory(Files.parent(of: path))
        try Files.replace("\(root)/\(path)", with: Array(text.utf8))
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(root)/\(path)", withDestinationPath: target)
    }

    /// Adds a version; `meta` holds lines of its `meta.yaml` in place of the usual ones.
    func version(_ number: Int, of name: String = "demo", _ meta: String = "") throws {
        var lines = ["name: '\(name.replacing("'", with: "''"))'", "version: \(number)", "run_id: run1"]
        let usual = ["status: READY", "current_stage: None", "source: \(root)/0/run1/artifacts/model"]
        lines += usual.filter { line in !meta.contains(line.prefix { $0 != ":" } + ":") }
        try write("models/\(name)/meta.yaml", "name: demo\n")
        try write("models/\(name)/version-\(number)/meta.yaml", (lines + [meta, ""]).joined(separator: "\n"))
    }
}
