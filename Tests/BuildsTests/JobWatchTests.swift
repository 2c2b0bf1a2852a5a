import Core
import Posix
import Schedulers
import Settings
import Testing

@testable import Builds

/// The scheduler is a script: it answers with what lies in files, and notes what it was asked.
@Suite("The watch over jobs")
struct JobWatchTests {
    private let state: StateDirectory
    private let history: History
    private let clock = TestClock()
    private let settings: Settings.Launcher
    private let scheduler: Scheduler
    private let dispatcher: Dispatcher

    init() throws {
        state = try StateDirectory()
        history = try History(state: state.path)
        dispatcher = Dispatcher(
            history: history, launcher: SchedulerLauncher(), maxParallel: 2, clock: clock.clock)
        let script = """
            #!/bin/sh
            cd '\(state.path)'
            echo "$*" >>asked
            [ -e "$1.fails" ] && { cat "$1.fails" >&2; exit 1; }
            [ ! -e "$1" ] || cat "$1"
            """
        let program = "\(state.path)/scheduler"
        let file = try Descriptor.open(program, .create, permissions: 0o700)
        try file.write(script.utf8)
        let yaml = """
            launcher:
              kind: slurm
              submit: ["\(program)", submit, "{id}"]
              find: ["\(program)", find, "{id}"]
              status: ["\(program)", status, "{job}"]
              cancel: ["\(program)", cancel, "{job}"]
              poll_seconds: 5
              grace_seconds: 30
            """
        settings = try Settings(
            file: ("slipway.yaml", Array(yaml.utf8)), environment: [:], cores: 2, readSecret: { _ in "" }
        ).launcher
        scheduler = try Scheduler(
            settings, state: state.path, program: "/p", arguments: [], environment: ["PATH": "/usr/bin:/bin"])
        try say("12", to: "submit")
        try say("PENDING Resources", to: "status")
    }

    private func say(_ answer: String, to question: String) throws {
        try Files.replace("\(state.path)/\(question)", with: Array("\(answer)\n".utf8), isLasting: false)
    }

    /// What the scheduler was asked since the last call.
    private func asked() throws -> [String] {
        let path = "\(state.path)/asked"
        guard try Files.status(path) != nil else { return [] }
        let lines = String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self)
        try Files.remove(path)
        return lines.split(separator: "\n").map(String.init)
    }

    private func round(_ watch: inout JobWatch, at seconds: Int) throws {
        watch.round(scheduler, settings, at: .seconds(seconds))
        try dispatcher.dispatch()
    }

    private func begin(_ build: BuildDirectory, beat seconds: Int = 0) throws {
        var status = try #require(try build.status())
        status.runner = .init(host: "node", bootID: "b", pid: 1)
        if status.state == .queued { status.enter(.building, at: clock.clock.now()) }
        status.updatedAt = Timestamp(milliseconds: status.updatedAt.milliseconds + Int64(seconds) * 1000)
        try build.write(status)
    }

    /// A build that was handed over, and a watch that has seen so at second 0.
    private func handedOver() throws -> (BuildDirectory, JobWatch) {
        let build = try history.accept(order())
        try dispatcher.dispatch()
        var watch = JobWatch(history: history)
        try round(&watch, at: 0)
        return (build, watch)
    }

    @Test func `hands builds over once, and notes what the scheduler calls them`() throws {
        let builds = try (1...3).map { try history.accept(order(version: $0)) }
        try dispatcher.dispatch()
        var watch = JobWatch(history: history)
        for second in 0..<4 { try round(&watch, at: second) }
        // Two places: the third waits in Slipway's own queue.
        #expect(try asked() == builds.prefix(2).map { "submit \($0.id)" })
        #expect(builds.map { $0.job?.number } == ["12", "12", nil])
        #expect(try history.queuePosition(of: builds[2].id) == 1)
    }

    @Test func `asks every few seconds and shows what the scheduler says`() throws {
        var (build, watch) = try handedOver()
        for second in 1...11 { try round(&watch, at: second) }
        #expect(try asked() == ["submit \(build.id)", "status 12", "status 12"])
        let service = try service()
        let shown = try BuildStatus.decode(try #require(try service.show(build.id)))
        #expect(shown.scheduler == .init(try #require(build.job)))
        #expect(shown.scheduler?.job == "12" && shown.scheduler?.state == "PENDING (Resources)")
    }

    private func service() throws -> BuildService {
        var whole = try Settings(file: nil, environment: [:], cores: 2, readSecret: { _ in "" })
        whole.server.state = state.path
        whole.registry.uri = .fileStore(state.path)
        return BuildService(
            history: history, dispatcher: dispatcher, source: try ModelSource(whole),
            engineWatch: EngineWatch(
                state: state.path, preferred: "auto", doctor: Command("/bin/false", [], environment: [:])),
            settings: whole)
    }

    @Test func `after a crash looks for the job before it hands over another`() throws {
        let build = try history.accept(order())
        try dispatcher.dispatch()
        var job = Job()
        job.wasTried = true
        try build.write(job)
        try say("77", to: "find")
        var watch = JobWatch(history: history)
        try round(&watch, at: 0)
        #expect(try asked() == ["find \(build.id)"])
        #expect(build.job?.number == "77")
    }

    @Test func `hands over again what the scheduler refused and does not know`() throws {
        let build = try history.accept(order())
        try dispatcher.dispatch()
        try say("invalid partition", to: "submit.fails")
        var watch = JobWatch(history: history)
        for second in 0...5 { try round(&watch, at: second) }
        #expect(try asked() == ["submit \(build.id)", "find \(build.id)", "submit \(build.id)"])
        #expect(build.job?.complaint?.hasSuffix("invalid partition") == true)
        try Files.remove("\(state.path)/submit.fails")
        try round(&watch, at: 10)
        #expect(build.job?.number == "12" && build.job?.complaint == nil)
        #expect(try build.status()?.state == .queued)
    }

    @Test func `a doubtful job waits for a scheduler that answers`() throws {
        let build = try history.accept(order())
        try dispatcher.dispatch()
        var job = Job()
        job.wasTried = true
        try build.write(job)
        try say("unreachable", to: "find.fails")
        var watch = JobWatch(history: history)
        for second in stride(from: 0, to: 1000, by: 10) { try round(&watch, at: second) }
        #expect(try !asked().contains { $0.hasPrefix("submit") })
        #expect(try build.status()?.state == .queued)
    }

    @Test(
        "gives up what has ended and shown no sign of life for the grace period, and says why",
        arguments: [
            (
                "TIMEOUT TimeLimit", false,
                "the build's runner never began: the scheduler says TIMEOUT (TimeLimit) of job 12"
            ),
            (
                "NODE_FAIL NodeDown", true,
                "the build's runner came to no end: the scheduler says NODE_FAIL (NodeDown) of job 12"
            ),
            (
                "OUT_OF_MEMORY", true,
                "the build's runner came to no end: the scheduler says OUT_OF_MEMORY of job 12"
            ),
            ("", true, "the build's runner came to no end: the scheduler knows job 12 no more"),
        ])
    func loss(_ word: String, _ hasBegun: Bool, _ message: String) throws {
        var (build, watch) = try handedOver()
        if hasBegun { try begin(build) }
        try round(&watch, at: 5)
        try say(word, to: "status")
        for second in 10...39 { try round(&watch, at: second) }
        #expect(try build.status()?.state == (hasBegun ? .building : .queued))
        try round(&watch, at: 40)
        let status = try #require(try build.status())
        #expect(status.state == .failed)
        #expect(status.error?.errorCode == "RUNNER_LOST")
        #expect(status.error?.message == message)
    }

    @Test func `a runner whose lease is held, or whose status still changes, is not lost`() throws {
        var (build, watch) = try handedOver()
        try say("NODE_FAIL NodeDown", to: "status")
        // Not to be seen, but it beats.
        for beat in 1...20 {
            try begin(build, beat: beat)
            try round(&watch, at: beat * 15)
        }
        #expect(try build.status()?.state == .building)
        let lease = try build.takeLease()
        for second in 301..<400 { try round(&watch, at: second) }
        #expect(try build.status()?.state == .building)
        withExtendedLifetime(lease) {}
    }

    @Test func `a scheduler that does not answer loses nothing, however long`() throws {
        var (build, watch) = try handedOver()
        try begin(build)
        try say("Unable to contact slurm controller", to: "status.fails")
        for second in stride(from: 5, to: 10_000, by: 50) { try round(&watch, at: second) }
        #expect(try build.status()?.state == .building)
        // And what it says then begins a grace period of its own.
        try Files.remove("\(state.path)/status.fails")
        try say("", to: "status")
        try round(&watch, at: 10_000)
        #expect(try build.status()?.state == .building)
        for second in 10_001...10_030 { try round(&watch, at: second) }
        #expect(try build.status()?.state == .failed)
    }

    @Test func `a scheduler that does not answer in time keeps no build from its turn`() throws {
        let builds = try (1...2).map { try history.accept(order(version: $0)) }
        try dispatcher.dispatch()
        try say("down", to: "submit.fails")
        try say("down", to: "find.fails")
        var watch = JobWatch(history: history)
        // Each round takes so long that the first build is due again.
        for second in stride(from: 0, to: 40, by: 10) { try round(&watch, at: second) }
        #expect(builds.allSatisfy { $0.job?.complaint != nil })
    }

    @Test func `a scheduler that forgets a job does not make its last word untrue`() throws {
        var (build, watch) = try handedOver()
        try say("TIMEOUT TimeLimit", to: "status")
        try round(&watch, at: 5)
        try say("", to: "status")
        for second in 6...40 { try round(&watch, at: second) }
        #expect(try build.status()?.error?.message.contains("TIMEOUT") == true)
    }

    @Test func `a runner that left by itself needs no patience`() throws {
        var (build, watch) = try handedOver()
        try begin(build)
        var status = try #require(try build.status())
        status.runner = nil
        try build.write(status)
        try say("TIMEOUT TimeLimit", to: "status")
        try round(&watch, at: 5)
        #expect(try build.status()?.state == .failed)
    }

    @Test func `a cancelled build that the scheduler has not got yet ends at once`() throws {
        let build = try history.accept(order())
        try dispatcher.dispatch()
        #expect(try dispatcher.cancel(build.id, by: "alice"))
        var watch = JobWatch(history: history)
        try round(&watch, at: 0)
        #expect(try build.status()?.state == .cancelled)
        #expect(try asked().isEmpty)
    }

    @Test func `a cancelled build that waits at the scheduler is taken back`() throws {
        var (build, watch) = try handedOver()
        #expect(try dispatcher.cancel(build.id, by: "alice"))
        for second in 1...5 { try round(&watch, at: second) }
        #expect(try asked().suffix(2) == ["cancel 12", "status 12"])
        #expect(try build.status()?.state == .queued)
        try say("CANCELLED", to: "status")
        try round(&watch, at: 6)
        #expect(try build.status()?.state == .cancelled)
    }

    @Test func `a runner at work is left to end by itself, and the scheduler not asked to end it`() throws {
        var (build, watch) = try handedOver()
        try begin(build)
        let lease = try build.takeLease()
        #expect(try dispatcher.cancel(build.id, by: "alice"))
        for second in 1...10 { try round(&watch, at: second) }
        #expect(try !asked().contains { $0.hasPrefix("cancel") })
        withExtendedLifetime(lease) {}
    }

    @Test func `a job that cannot be cancelled is asked for all the same`() throws {
        var (build, watch) = try handedOver()
        try say("no", to: "cancel.fails")
        #expect(try dispatcher.cancel(build.id, by: "alice"))
        try say("CANCELLED", to: "status")
        try round(&watch, at: 5)
        #expect(try build.status()?.state == .cancelled)
    }

    @Test func `an index that was lost finds jobs where they were`() throws {
        let (build, _) = try handedOver()
        _ = try asked()
        let other = try History(state: state.path, database: "\(state.path)/other")
        try other.adoptStrays()
        try Dispatcher(history: other, launcher: SchedulerLauncher(), maxParallel: 2, clock: clock.clock)
            .dispatch()
        var watch = JobWatch(history: other)
        watch.round(scheduler, settings, at: .zero)
        #expect(try asked() == ["status 12"])
        #expect(build.job?.number == "12")
    }

    @Test func `a job that cannot be read for a moment is not lost`() throws {
        var (build, watch) = try handedOver()
        let (path, aside) = ("\(build.path)/job.json", "\(build.path)/aside")
        try Files.move(path, to: aside)
        try Files.makeDirectory(path)
        clock.advance(seconds: 6)
        try round(&watch, at: 6)
        #expect(throws: SystemError.self) { try SchedulerLauncher().launch(build) }
        #expect(try build.status()?.state == .queued)
        try Files.remove(path)
        try Files.move(aside, to: path)
        try round(&watch, at: 12)
        #expect(try asked() == ["submit \(build.id)", "status 12"])
    }

    @Test func `a job that makes no sense is a build's end`() throws {
        let (build, _) = try handedOver()
        try Files.replace("\(build.path)/job.json", with: Array("{garbage".utf8))
        clock.advance(seconds: 6)
        try dispatcher.dispatch()
        #expect(try build.status()?.state == .failed)
    }
}
