import Core
import Posix
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
