import Core
import Posix
import Settings
import Testing

@testable import Builds

@Suite struct StatusTests {
    private func moment(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_700_000_000_000 + seconds * 1000)
    }

    @Test func `steps end where the next begins`() throws {
        var status = BuildStatus(id: .random(), order: order())
        status.enter(.preparing, at: moment(1))
        status.enter(.downloading, at: moment(3))
        status.enter(.succeeded, at: moment(10))
        #expect(status.steps.map(\.name) == [.preparing, .downloading])
        #expect(status.steps.map(\.seconds) == [2, 7])
        #expect(status.durationSeconds == 9)
        #expect(status.finishedAt == moment(10))
    }

    @Test func `a clock that steps back gives no negative time`() {
        var status = BuildStatus(id: .random(), order: order())
        status.enter(.preparing, at: moment(10))
        status.enter(.failed, at: moment(5))
        #expect(status.steps.first?.seconds == 0)
        #expect(status.durationSeconds == 0)
    }

    @Test func `what is written can be read again`() throws {
        var status = BuildStatus(id: .random(), order: order("ünï \"quoted\""))
        status.enter(.failed, at: moment(1))
        status.error = .init(
            Problem(.buildFailed, "no matching distribution", hint: "check requirements.txt:3"))
        let read = try BuildStatus.decode(status.encoded())
        #expect(try read.encoded() == status.encoded())
        #expect(read.error?.errorCode == "BUILD_FAILED")
    }

    @Test func `a directory that is taken is left alone`() throws {
        let state = try StateDirectory()
        let directory = BuildDirectory(state: state.path, id: .random())
        try Files.makeDirectory("\(state.path)/builds")
        #expect(try directory.create(order()))
        #expect(try !directory.create(order("other")))
        #expect(try directory.order().modelName == "churn")
    }

    @Test(arguments: [
        (#"{"a":["}]",{"b":"\""}]}"#, true), ("{}", true), ("{}}", false), ("{} ", false),
        (#"{"a":"#, false),
        (#"{"a":"}"#, false), ("[]", false), ("", false), (#"{"a":1"#, false),
    ])
    func `what was cut off is told from what is whole`(text: String, isWhole: Bool) {
        #expect(JSON.isObject(Array(text.utf8)) == isWhole)
    }

    @Test func `of a spoiled status the order and the index tell`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let build = try history.accept(order())
        for spoiled in ["", "{}", #"{"build_id":"\#(build.id)","state":"succ"#] {
            try Files.replace("\(build.path)/status.json", with: Array(spoiled.utf8))
            let bytes = try #require(try history.statusBytes(build.id))
            let told = try BuildStatus.decode(bytes)
            #expect(told.state == .queued && told.modelName == "churn" && told.warnings.count == 1)
            #expect(build.knownStatus?.state == .queued)
        }
        try history.withDatabase { try $0.execute("UPDATE builds SET state = 'failed'") }
        let failed = try BuildStatus.decode(try #require(try history.statusBytes(build.id)))
        #expect(failed.state == .failed && failed.error?.hint != nil)
        try build.mendWaiting()
        #expect(try build.status()?.state == .queued)
    }

    @Test func `one process holds the lease`() throws {
        let state = try StateDirectory()
        let directory = BuildDirectory(state: state.path, id: .random())
        try Files.makeDirectory(directory.path)
        let lease = try directory.takeLease()
        #expect(lease != nil)
        #expect(try directory.takeLease() == nil)
        withExtendedLifetime(lease) {}
    }

    @Test func `an end that was told is not changed by a runner that lives on, but garbage is`() throws {
        let state = try StateDirectory()
        let build = try History(state: state.path).accept(order())
        let record = BuildRecord(build, try #require(try build.status()), .system, giveUp: { _ in })
        try Files.replace("\(build.path)/status.json", with: Array("{garbage".utf8))
        try record.update { status, now in status.enter(.building, at: now) }
        let begun = try #require(try build.status())
        #expect(begun.state == .building)
        try build.write(begun.lost(at: moment(1), logEnd: nil))
        #expect(throws: Problem.self) {
            try record.update { status, now in status.enter(.succeeded, at: now) }
        }
        #expect(try build.status()?.state == .failed)
    }

    @Test func `a runner leaves alone what has ended, and what another has begun`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let settings = try Settings(file: nil, environment: [:], cores: 1, readSecret: { _ in "" })
        for (next, isDone) in [(BuildState.cancelled, true), (.building, false)] {
            let build = try history.accept(order())
            var status = try #require(try build.status())
            status.enter(next, at: moment(1))
            try build.write(status)
            let before = try build.statusBytes()
            let runner = Runner(
                directory: build, settings: settings, server: nil,
                engineWatch: EngineWatch(
                    state: state.path, preferred: "auto", doctor: Command("/bin/false", [], environment: [:])),
                environment: [:])
            #expect(try runner.run() == isDone)
            #expect(try build.statusBytes() == before)
        }
    }
}
