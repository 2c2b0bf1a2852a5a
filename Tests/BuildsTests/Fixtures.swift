import Core
import FoundationEssentials
import Posix
import Settings
import Synchronization

@testable import Builds

/// A state directory that goes with the test.
final class StateDirectory: Sendable {
    let path: String

    init() throws {
        path = "/tmp/slipway-builds-tests-\(BuildID.random())"
        try Files.makeDirectory(path)
    }

    deinit { try? Files.remove(path) }
}

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
    private let now: Mutex<Timestamp>

    init() { now = Mutex(Timestamp(milliseconds: 1_700_000_000_000)) }

    func advance(seconds: Int) {
        now.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + Int64(seconds) * 1000) }
    }

    var clock: Clock { Clock { self.now.withLock { $0 }.date } }
}

func order(
    _ model: String = "churn", version: Int = 1, by user: String = "admin", at moment: Timestamp? = nil
)
    -> BuildOrder
{
    BuildOrder(
        modelName: model, modelVersion: version, source: "models:/m-1", location: .proxied(path: "1/m-1"),
        runID: nil, modelID: nil, imageName: "slipway/\(model):\(version)", options: BuildOptions(),
        timeoutSeconds: 60,
        createdAt: moment ?? Timestamp(milliseconds: 1_700_000_000_000), createdBy: user)
}

extension BuildDirectory {
    /// Makes a build's directory at once.
    func create(_ order: BuildOrder) throws -> Bool {
        guard try draft(order) else { return false }
        try establish()
        return true
    }
}

extension History {
    /// Accepts a build as a submit does.
    @discardableResult
    func accept(_ order: BuildOrder) throws -> BuildDirectory {
        let directory = directory(.random())
        _ = try directory.create(order)
        try add(directory.id, order)
        return directory
    }
}

/// What the API acts on, over a file store that holds version 1 of the model demo and an engine that is said to answer.
///
/// Runners are /bin/true: builds stay where a submit puts them.
func makeService(
    _ state: StateDirectory, _ history: History, _ settings: [String: String] = [:], images: Command? = nil
) throws
    -> BuildService
{
    let model = "\(state.path)/mlruns/0/run1/artifacts/model"
    try Files.makeDirectory(model)
    try Files.makeDirectory("\(state.path)/mlruns/models/demo/version-1")
    try Files.replace("\(state.path)/mlruns/models/demo/meta.yaml", with: "name: demo\n".utf8)
    try Files.replace(
        "\(state.path)/mlruns/models/demo/version-1/meta.yaml",
        with: "name: demo\nversion: 1\nrun_id: run1\nstatus: READY\ncurrent_stage: None\nsource: \(model)\n"
            .utf8)
    let now = Clock.system.now()
    try Files.replace(
        "\(state.path)/engine.json",
        with: """
            {"engine":{"kind":"docker","path":"/bin/false","version":"1","mounts":true,"limits":[],
            "sharesNetwork":false,"remarks":[]},"preferred":"auto","detected_at":"\(now)","advice":[],"checked_at":"\(now)"}
            """.utf8)
    let settings = try Settings(
        file: nil,
        environment: [
            "SLIPWAY_SERVER_STATE": state.path, "SLIPWAY_REGISTRY_URI": "\(state.path)/mlruns",
            "SLIPWAY_BUILDS_MIN_FREE_MB": "0",
        ].merging(settings) { $1 }, cores: 2
    ) { _ in "" }
    return BuildService(
        history: history,
        dispatcher: Dispatcher(
            history: history, launcher: LocalLauncher(program: "/bin/true", arguments: [], environment: [:]),
            maxParallel: 1),
        source: try ModelSource(settings),
        engineWatch: EngineWatch(
            state: state.path, preferred: "auto", doctor: Command("/bin/false", [], environment: [:])),
        images: images.map { command in ImageKeeper { _ in command } }, settings: settings)
}

extension BuildService {
    /// Submits version 1 of the model demo.
    func submit(_ more: String = "") throws -> Accepted {
        let json = #"{"model_name":"demo","model_version":"1"\#(more)}"#
        return try submit(Submission(json: Array(json.utf8)), by: "admin")
    }
}
