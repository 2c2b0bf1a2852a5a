import Builders
import Core
import Posix
import Testing

@testable import Builds

@Suite struct BuildServiceTests {
    private let state: StateDirectory
    private let history: History

    init() throws {
        state = try StateDirectory()
        history = try History(state: state.path)
    }

    @Test func `what an accepted build does stays as it was when the settings change`() throws {
        let site = ["SLIPWAY_IMAGES_PUSH": "true", "SLIPWAY_IMAGES_PUSH_REGISTRY": "reg.test"]
        let usual = try makeService(state, history, site).submit()
        let own = try makeService(state, history, site).submit(
            #","push":false,"smoke_test":false,"force":true"#)
        #expect(try history.directory(usual.id).order().options.push == true)
        #expect(try history.directory(usual.id).order().options.smokeTest == true)
        #expect(try history.directory(own.id).order().options.push == false)
        #expect(try history.directory(own.id).order().options.smokeTest == false)
        // Said or settled is one and the same.
        #expect(try makeService(state, history, site).submit(#","push":true"#).id == usual.id)
    }

    @Test func `a label is not taken for the build's own state`() throws {
        let service = try makeService(state, history, [:])
        _ = try service.submit()
        let waiting = try service.submit(#","labels":{"state":"failed"},"build_args":{"state":"succeeded"}"#)
        #expect(String(decoding: waiting.build, as: UTF8.self).contains(#""queue_position":1"#))
    }

    @Test func `a build that is accepted and not there yet is not gone`() throws {
        let service = try makeService(state, history, [:])
        let directory = history.directory(.random())
        guard case .gone = service.glimpse(directory.id) else { throw Unexpected() }
        #expect(try directory.draft(order()))
        guard case .notYet = service.glimpse(directory.id) else { throw Unexpected() }
        try directory.establish()
        guard case .status = service.glimpse(directory.id) else { throw Unexpected() }
        try Files.replace("\(directory.path)/status.json", with: Array("{".utf8))
        guard case .unreadable = service.glimpse(directory.id) else { throw Unexpected() }
    }

    private struct Unexpected: Error {}

    // What removes images, in the words that it prints.
    private func removing(_ output: String, status: Int = 0) -> Command {
        Command("/bin/sh", ["-c", "echo '\(output)'; exit \(status)"], environment: [:])
    }

    private func ended() throws -> BuildDirectory {
        let directory = try history.accept(order())
        var status = BuildStatus(id: directory.id, order: order())
        status.enter(.succeeded, at: Clock.system.now())
        try directory.write(status)
        try history.withDatabase { database in
            try database.execute("UPDATE builds SET launched_at = 1, state = 'succeeded'")
        }
        return directory
    }

    @Test func `a build goes with its image, and without it unless that is asked`() throws {
        let answer = #"{"message":"gone","removed":true}"#
        let service = try makeService(state, history, images: removing(answer))
        let first = try service.remove(ended().id, withImage: true)
        #expect(first?.image?.isRemoved == true && first?.image?.message == "gone")
        #expect(try service.remove(ended().id)?.image == nil)
        #expect(try service.remove(.random(), withImage: true) == nil)
    }

    @Test(arguments: [
        (#"{"error_code":"INVALID_STATE","message":"in use"}"#, Problem.Code.invalidState),
        ("nonsense", .temporarilyUnavailable),
    ])
    func `a build stays whose image cannot go`(_ output: String, _ code: Problem.Code) throws {
        let directory = try ended()
        let pruning = ["SLIPWAY_BUILDS_REMOVE_IMAGES": "true"]
        let service = try makeService(state, history, pruning, images: removing(output, status: 1))
        let problem = #expect(throws: Problem.self) { try service.remove(directory.id, withImage: true) }
        #expect(problem?.code == code)
        #expect(try service.prune(days: nil, count: 0).isEmpty)
        #expect(try directory.status()?.state == .succeeded)
        // The image is nobody's business unless somebody says so.
        #expect(try makeService(state, history).prune(days: nil, count: 0) == [directory.id])
    }

    @Test func `a build whose files are gone, or cannot go, keeps no other from being pruned`() throws {
        let (gone, stuck, last) = (try ended(), try ended(), try ended())
        try Files.remove(gone.path)
        // A name that is taken.
        try Files.makeDirectory("\(state.path)/builds/.\(stuck.id).removed/x")
        let service = try makeService(state, history)
        #expect(try service.prune(days: nil, count: 0) == [gone.id, last.id])
        #expect(try history.page(HistoryQuery([])).ids == [stuck.id])
        #expect(try stuck.status()?.state == .succeeded)
    }

    @Test(arguments: [-1, 36_501, 999_999_999_999, Int.max])
    func `an age that no build can have prunes none`(_ days: Int) throws {
        _ = try ended()
        let service = try makeService(state, history)
        let problem = #expect(throws: Problem.self) { try service.prune(days: days, count: 0) }
        #expect(problem?.hint == "say a number of days from 0 to 36500")
        #expect(try service.prune(days: 36_500, count: nil).isEmpty)
    }

    @Test func `no engine is looked for where a build made no image`() throws {
        func engine() throws -> Engine { throw Problem(.temporarilyUnavailable, "none is installed") }
        let directory = try ended()
        let removal = try directory.removeImage(by: engine(), history, environment: [:])
        #expect(!removal.isRemoved && removal.message == "the build made no image")
        var status = try #require(try directory.status())
        status.image = .init(
            reference: status.imageName, id: "sha256:1", digest: nil, sizeBytes: 1, engine: "", run: [])
        try directory.write(status)
        #expect(throws: Problem.self) {
            try directory.removeImage(by: engine(), history, environment: [:])
        }
    }

    @Test func `an image that another build made too is that build's`() throws {
        let (first, second) = (try ended(), try ended())
        for directory in [first, second] {
            var status = try #require(try directory.status())
            status.image = .init(
                reference: status.imageName, id: "sha256:1", digest: nil, sizeBytes: 1, engine: "", run: [])
            try directory.write(status)
        }
        #expect(try history.other(than: first.id, made: "sha256:1", as: "slipway/churn:1") == second.id)
        #expect(try history.other(than: first.id, made: "sha256:2", as: "slipway/churn:1") == nil)
        #expect(try history.remove(second.id))
        #expect(try history.other(than: first.id, made: "sha256:1", as: "slipway/churn:1") == nil)
    }

    /// A build that began `ago` seconds ago and took so many, where it ended.
    @discardableResult
    private func build(_ model: String, began ago: Int, took seconds: Int?, _ end: BuildState = .succeeded)
        throws
        -> BuildDirectory
    {
        let now = Clock.system.now().milliseconds
        let directory = try history.accept(order(model))
        var status = BuildStatus(id: directory.id, order: order(model))
        status.enter(.preparing, at: Timestamp(milliseconds: now - Int64(ago) * 1000))
        status.baseImage = "base:1"
        if let seconds { status.enter(end, at: Timestamp(milliseconds: now + Int64(seconds - ago) * 1000)) }
        try directory.write(status)
        try history.withDatabase { database in
            try database.execute(
                "UPDATE builds SET launched_at = ? WHERE launched_at IS NULL", [.integer(Int(now))])
        }
        return directory
    }

    @Test func `a running build says how long it takes yet`() throws {
        let service = try makeService(state, history)
        func eta(_ directory: BuildDirectory) throws -> Double? {
            try BuildStatus.decode(service.list(try HistoryQuery([("text", directory.id.text)])).builds[0])
                .etaSeconds
        }
        let first = try build("churn", began: 10, took: nil)
        #expect(try eta(first) == nil)
        for seconds in [900, 40, 60, 50, 45, 55] { try build("churn", began: 1000, took: seconds) }
        try build("churn", began: 1000, took: 1, .failed)
        // The median of the last five is 50.
        let left = try #require(try eta(first))
        #expect(left > 38 && left <= 40)
        // Another model on the same base image: the last five of all.
        try build("other", began: 1000, took: 10)
        let third = try #require(try eta(build("third", began: 1, took: nil)))
        #expect(third > 47 && third <= 49)
        // One that takes longer than usual says nothing, and one that has ended neither.
        #expect(try eta(build("churn", began: 51, took: nil)) == nil)
        #expect(try eta(build("churn", began: 10, took: 5)) == nil)
        #expect(try !String(decoding: first.statusBytes() ?? [], as: UTF8.self).contains("eta"))
    }

    @Test func `tags of a registry that has none are refused at once`() throws {
        let service = try makeService(state, history)
        let problem = #expect(throws: Problem.self) { try service.submit(#","write_tags":true"#) }
        #expect(problem?.code == .invalidParameterValue && problem?.message.hasPrefix("write_tags: ") == true)
        #expect(
            try history.directory(service.submit(#","write_tags":false"#).id).order().options.writeTags
                == false)
    }
}
