import Core
import Posix
import Testing

@testable import Builds

/// Runners here are /bin/true: they end at once without a word, as a runner that was killed does.
@Suite struct DispatcherTests {
    private let state: StateDirectory
    private let history: History
    private let clock = TestClock()

    init() throws {
        state = try StateDirectory()
        history = try History(state: state.path)
    }

    private func dispatcher(places: Int, program: String = "/bin/true") -> Dispatcher {
        Dispatcher(
            history: history, launcher: LocalLauncher(program: program, arguments: [], environment: [:]),
            maxParallel: places, clock: clock.clock)
    }

    private func wasLaunched(_ directory: BuildDirectory) throws -> Bool {
        try Files.status(directory.logPath) != nil
    }

    @Test func `the oldest builds get the free places`() throws {
        let builds = try (1...3).map { try history.accept(order(version: $0)) }
        try dispatcher(places: 2).dispatch()
        #expect(try builds.map(wasLaunched) == [true, true, false])
        #expect(try history.queuePosition(of: builds[2].id) == 1)
        try dispatcher(places: 2).dispatch()
        #expect(try !wasLaunched(builds[2]))
    }

    @Test func `refreshing starts nothing`() throws {
        let build = try history.accept(order())
        for _ in 0..<1000 { try dispatcher(places: 2).refresh() }
        #expect(try !wasLaunched(build))
    }

    @Test func `a place is free again once a status is terminal`() throws {
        let builds = try (1...2).map { try history.accept(order(version: $0)) }
        try dispatcher(places: 1).dispatch()
        var status = try #require(try builds[0].status())
        status.enter(.succeeded, at: clock.clock.now())
        try builds[0].write(status)
        try dispatcher(places: 1).dispatch()
        #expect(try wasLaunched(builds[1]))
        #expect(try history.page(HistoryQuery([("state", "succeeded")])).ids == [builds[0].id])
    }

    @Test func `a runner that is gone is lost after the grace period, and its context removed`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1).dispatch()
        try Files.makeDirectory(build.contextPath)
        clock.advance(seconds: 3)
        try dispatcher(places: 1).refresh()
        #expect(try build.status()?.state == .queued)
        clock.advance(seconds: 3)
        try dispatcher(places: 1).refresh()
        let status = try #require(try build.status())
        #expect(status.state == .failed)
        #expect(status.error?.errorCode == "RUNNER_LOST")
        #expect(try Files.status(build.contextPath) == nil)
    }

    @Test func `a runner that holds its lease is never lost`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1).dispatch()
        let lease = try build.takeLease()
        clock.advance(seconds: 100_000)
        try dispatcher(places: 1).refresh()
        #expect(try build.status()?.state == .queued)
        withExtendedLifetime(lease) {}
    }

    @Test func `a clock that was set back does not keep a lost build alive for ever`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1).dispatch()
        clock.advance(seconds: -3600)
        try dispatcher(places: 1).refresh()
        #expect(try build.status()?.state == .queued)
        clock.advance(seconds: 6)
        try dispatcher(places: 1).refresh()
        #expect(try build.status()?.state == .failed)
    }

    @Test func `a build whose status is garbage frees its place`() throws {
        let build = try history.accept(order())
        let next = try history.accept(order(version: 2))
        try dispatcher(places: 1).dispatch()
        try Files.replace("\(build.path)/status.json", with: Array("{garbage".utf8))
        clock.advance(seconds: 10)
        try dispatcher(places: 1).dispatch()
        #expect(try wasLaunched(next))
    }

    @Test func `a runner that cannot be started leaves the build queued`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1, program: "/nonexistent/slipway").dispatch()
        #expect(try history.queuePosition(of: build.id) == 1)
    }

    @Test func `a queued build whose files are gone does not hold up the others`() throws {
        let broken = try history.accept(order())
        let next = try history.accept(order(version: 2))
        try Files.remove(broken.path)
        for _ in 0..<2 { try dispatcher(places: 1).dispatch() }
        #expect(try wasLaunched(next))
        #expect(try history.page(HistoryQuery([("state", "failed")])).ids == [broken.id])
    }

    @Test func `who finds a runner gone fills its place`() throws {
        let lost = try history.accept(order())
        let next = try history.accept(order(version: 2))
        try dispatcher(places: 1).dispatch()
        clock.advance(seconds: 6)
        try dispatcher(places: 1).refresh()
        #expect(try lost.status()?.state == .failed)
        #expect(try wasLaunched(next))
    }

    @Test func `what the log ends with is told where a runner is lost`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1).dispatch()
        try Files.replace(build.logPath, with: Array("step 1\nout of memory\n".utf8))
        clock.advance(seconds: 6)
        try dispatcher(places: 1).refresh()
        #expect(try build.status()?.error?.message.hasSuffix("out of memory") == true)
    }

    @Test func `a build of a batch lets single ones go first`() throws {
        var batched = order()
        batched.batchID = "0a1b2c3d"
        let first = try history.accept(batched)
        let single = try history.accept(order(version: 2))
        #expect(try history.queuePosition(of: single.id) == 1)
        #expect(try history.queuePosition(of: first.id) == 2)
        try dispatcher(places: 1).dispatch()
        #expect(try [first, single].map(wasLaunched) == [false, true])
    }

    @Test func `a cancelled build that waits ends at once`() throws {
        let build = try history.accept(order())
        #expect(try dispatcher(places: 1).cancel(build.id, by: "alice"))
        #expect(try build.status()?.state == .cancelled)
        #expect(try history.queuePosition(of: build.id) == nil)
        try dispatcher(places: 1).dispatch()
        #expect(try !wasLaunched(build))
        #expect(try !dispatcher(places: 1).cancel(build.id, by: "alice"))
    }

    @Test func `a cancel is kept for a runner that is at work or has yet to begin`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1).dispatch()
        let lease = try build.takeLease()
        #expect(try dispatcher(places: 1).cancel(build.id, by: "alice"))
        #expect(try build.status()?.state == .queued)
        #expect(build.isCancelRequested)
        withExtendedLifetime(lease) {}
    }

    @Test func `who was to be cancelled and is gone was cancelled`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1).dispatch()
        #expect(try dispatcher(places: 1).cancel(build.id, by: "alice"))
        clock.advance(seconds: 6)
        try dispatcher(places: 1).refresh()
        let status = try #require(try build.status())
        #expect(status.state == .cancelled)
        #expect(status.error == nil)
    }

    @Test func `a build of an earlier start of the machine says so`() throws {
        let build = try history.accept(order())
        try dispatcher(places: 1).dispatch()
        var status = try #require(try build.status())
        status.runner = .init(host: ThisProcess.hostName, bootID: "another", pid: 1)
        status.enter(.preparing, at: clock.clock.now())
        try build.write(status)
        clock.advance(seconds: 6)
        try dispatcher(places: 1).refresh()
        #expect(try build.status()?.error?.errorCode == "HOST_RESTARTED")
    }
}
