import Core
import Posix
import Settings
import Synchronization
import Testing

@testable import Builds

@Suite("A running build's disk") struct RunnerDiskTests {
    private let state: StateDirectory
    private let directory: BuildDirectory

    init() throws {
        state = try StateDirectory()
        directory = try History(state: state.path).accept(order())
    }

    private final class Reasons: Sendable {
        let all = Mutex<[Problem]>([])
    }

    private func record(_ reasons: Reasons, _ write: @escaping @Sendable (BuildStatus) throws -> Void) throws
        -> BuildRecord
    {
        let status = BuildStatus(id: directory.id, order: order())
        return BuildRecord(directory, status, .system, write: write) { problem in
            reasons.all.withLock { $0.append(problem) }
        }
    }

    @Test func `that loses what it took ends the build even where nobody asks`() throws {
        let reasons = Reasons()
        let record = try record(reasons) { _ in throw SystemError("fsync", errno: 5) }
        record.engineSteps([])
        #expect(
            reasons.all.withLock { $0.map(\.message) } == [
                "the state directory's disk did not keep the build's status: fsync: Input/output error"
            ])
        #expect(record.state == .queued)
    }

    @Test func `that is full for a moment does not`() throws {
        let reasons = Reasons()
        let record = try record(reasons) { _ in throw SystemError("write", errno: 28) }
        record.engineSteps([])
        #expect(reasons.all.withLock { $0.isEmpty })
        #expect(throws: SystemError.self) { try record.update { _, _ in } }
    }

    @Test func `shows that the runner lives, whatever it waits for, until the end`() throws {
        let written = Mutex<[BuildStatus]>([])
        let record = BuildRecord(
            directory, BuildStatus(id: directory.id, order: order()), .system,
            write: { status in written.withLock { $0.append(status) } }, giveUp: { _ in })
        try record.update { status, _ in status.runner = .own }
        try record.beat(every: .milliseconds(2))
        for _ in 0..<5000 where written.withLock({ $0.count < 4 }) { Threads.sleep(.milliseconds(2)) }
        try record.update { status, now in status.enter(.failed, at: now) }
        Threads.sleep(.milliseconds(20))
        let times = written.withLock { $0.map(\.updatedAt.milliseconds) }
        #expect(times.count >= 5 && times == times.sorted())
        #expect(written.withLock { $0.last?.state } == .failed)
    }

    @Test func `has room for the build's end until that is written`() throws {
        directory.reserveRoom()
        #expect(try Files.status("\(directory.path)/reserve")?.size == 256 << 10)
        directory.releaseRoom()
        #expect(try Files.status("\(directory.path)/reserve") == nil)
        // Whoever writes the end of a build whose runner is gone needs it too.
        directory.reserveRoom()
        try directory.write(
            BuildStatus(id: directory.id, order: order()).lost(at: Clock.system.now(), logEnd: nil))
        #expect(try Files.status("\(directory.path)/reserve") == nil)
    }

    @Test(arguments: [(0, nil), (1 << 40, "the disk of the state directory has ")] as [(Int, String?)])
    func `that reaches the floor is the reason of the end`(_ floor: Int, _ reason: String?) throws {
        var settings = try Settings(file: nil, environment: ["SLIPWAY_SERVER_STATE": state.path], cores: 2) {
            _ in ""
        }
        settings.builds.minFree = floor
        let stop = StopRequest(directory, settings)
        Threads.sleep(.milliseconds(250))
        #expect(stop.isRequested == (reason != nil))
        #expect(stop.reason?.message.hasPrefix(reason ?? "") == (reason == nil ? nil : true))
    }

    @Test func `is no reason where somebody wanted the end before`() throws {
        let settings = try Settings(file: nil, environment: ["SLIPWAY_SERVER_STATE": state.path], cores: 2) {
            _ in ""
        }
        let stop = StopRequest(directory, settings)
        try directory.requestCancel(by: "joe")
        Threads.sleep(.milliseconds(250))
        #expect(stop.isRequested)
        stop.giveUp(Problem(.internalError, "late"))
        #expect(stop.reason == nil)
    }
}
