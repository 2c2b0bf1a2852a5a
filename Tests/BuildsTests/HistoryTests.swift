import Core
import Posix
import Testing

@testable import Builds

@Suite struct HistoryTests {
    private func ids(_ history: History, _ fields: [(name: String, value: String)]) throws -> [BuildID] {
        try history.page(HistoryQuery(fields)).ids
    }

    @Test func `the newest build comes first, and pages join without gap or repeat`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let all = try (1...7).map { try history.accept(order(version: $0)).id }
        var seen: [BuildID] = []
        var token: String? = ""
        while let next = token {
            let page = try history.page(HistoryQuery([("max_results", "3"), ("page_token", next)]))
            seen += page.ids
            token = page.nextPageToken
        }
        #expect(seen == all.reversed())
        #expect(try ids(history, [("order_by", "created_at ASC")]) == all)
    }

    @Test func `filters narrow, and what looks like a pattern is taken as text`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let plain = try history.accept(order("churn", by: "ann")).id
        let percent = try history.accept(order("50% off", version: 2, by: "bob")).id
        let late = Timestamp(milliseconds: 1_800_000_000_000)
        let newest = try history.accept(order("churn", version: 3, at: late)).id
        #expect(try ids(history, [("model_name", "churn")]) == [newest, plain])
        #expect(try ids(history, [("model_name", "churn"), ("model_version", "1")]) == [plain])
        #expect(try ids(history, [("user", "bob")]) == [percent])
        #expect(try ids(history, [("text", "50%")]) == [percent])
        #expect(try ids(history, [("text", "%")]) == [percent])
        #expect(try ids(history, [("text", "'; DROP TABLE builds; --")]) == [])
        #expect(try ids(history, [("created_after", "2027-01-01T00:00:00Z")]) == [newest])
        #expect(try ids(history, [("created_before", "2027-01-01T00:00:00.5Z")]) == [percent, plain])
        #expect(try ids(history, [("state", "queued")]).count == 3)
        #expect(try ids(history, [("state", "failed")]) == [])
    }

    @Test(arguments: [
        ("nope", "1"), ("state", "done"), ("created_after", "yesterday"), ("order_by", "state"),
        ("max_results", "0"), ("max_results", "1001"), ("page_token", "x"),
    ])
    func `a wrong query names its field`(name: String, value: String) throws {
        let problem = try #require(throws: Problem.self) { try HistoryQuery([(name, value)]) }
        #expect(problem.message.hasPrefix(name))
    }

    @Test func `a field that stands twice is refused, and an empty one left out`() throws {
        #expect(throws: Problem.self) { try HistoryQuery([("state", "queued"), ("state", "failed")]) }
        #expect(throws: Problem.self) { try HistoryQuery([("nope", "")]) }
        _ = try HistoryQuery([("state", ""), ("text", "")])
    }

    @Test func `builds that ended are entered as ended, in the order of their making`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let late = history.directory(.random())
        _ = try late.create(order(at: Timestamp(milliseconds: 1_800_000_000_000)))
        let early = history.directory(.random())
        _ = try early.create(order(at: Timestamp(milliseconds: 1_600_000_000_000)))
        var status = try #require(try early.status())
        status.enter(.succeeded, at: Timestamp(milliseconds: 1_600_000_001_000))
        try early.write(status)
        try history.adoptStrays()
        #expect(try ids(history, []) == [late.id, early.id])
        #expect(try ids(history, [("state", "succeeded")]) == [early.id])
    }

    @Test func `builds whose row is missing are entered again`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let directory = history.directory(.random())
        _ = try directory.create(order())
        try Files.makeDirectory("\(state.path)/builds/not-a-build")
        #expect(try ids(history, []).isEmpty)
        try history.adoptStrays()
        try history.adoptStrays()
        #expect(try ids(history, []) == [directory.id])
    }

    @Test func `a draft is no build until it is accepted, and goes where it never is`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let (refused, accepted) = (history.directory(.random()), history.directory(.random()))
        for directory in [refused, accepted] { #expect(try directory.draft(order())) }
        #expect(try !refused.draft(order()))
        try history.add(accepted.id, order())
        try history.adoptStrays()
        #expect(try ids(history, []) == [accepted.id])
        let names = try Files.names(in: "\(state.path)/builds")
        for name in names { try Files.setTimes("\(state.path)/builds/\(name)", seconds: 1_700_000_000) }
        try history.tidy()
        #expect(try Files.names(in: "\(state.path)/builds") == [".\(accepted.id).draft"])
        try accepted.establish()
        try accepted.establish()
        #expect(try accepted.status()?.state == .queued)
    }

    @Test func `a young draft and the context of a build at work are left alone`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let (atWork, ended) = (try history.accept(order()), try history.accept(order(version: 2)))
        for directory in [atWork, ended] { try Files.makeDirectory("\(directory.contextPath)/model") }
        try history.withDatabase {
            try $0.execute("UPDATE builds SET state = 'failed' WHERE id = ?", [.text(ended.id.text)])
        }
        let draft = history.directory(.random())
        _ = try draft.draft(order())
        try history.tidy()
        try draft.establish()
        #expect(try draft.status() != nil)
        #expect(try Files.status(atWork.contextPath) != nil)
        #expect(try Files.status(ended.contextPath) == nil)
    }

    @Test func `places in the queue are counted from one`() throws {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let first = try history.accept(order()).id
        let second = try history.accept(order()).id
        #expect(try history.queuePosition(of: first) == 1)
        #expect(try history.queuePosition(of: second) == 2)
        #expect(try history.queuePosition(of: .random()) == nil)
    }
}

@Suite struct EnteringTests {
    private let state: StateDirectory
    private let history: History

    init() throws {
        state = try StateDirectory()
        history = try History(state: state.path)
    }

    /// Enters an order as a submit does.
    private func enter(_ order: BuildOrder, isForced: Bool = false, maxQueued: Int = 100) throws -> (
        BuildDirectory, BuildID?
    ) {
        let directory = history.directory(.random())
        _ = try directory.create(order)
        return (directory, try history.add(directory.id, order, isForced: isForced, maxQueued: maxQueued))
    }

    @Test func `the same order is entered once until it has ended`() throws {
        let (first, _) = try enter(order())
        #expect(try enter(order(by: "somebody else")).1 == first.id)
        #expect(try enter(order(version: 2)).1 == nil)
        #expect(try enter(order(), isForced: true).1 == nil)
        var status = try #require(try first.status())
        status.enter(.failed, at: order().createdAt)
        try first.write(status)
        try history.withDatabase { try $0.execute("UPDATE builds SET state = 'failed'") }
        #expect(try enter(order()).1 == nil)
    }

    @Test func `no more wait than may`() throws {
        for version in 1...3 { #expect(try enter(order(version: version), maxQueued: 3).1 == nil) }
        let problem = #expect(throws: Problem.self) { try enter(order(version: 4), maxQueued: 3) }
        #expect(problem?.code == .requestLimitExceeded)
        #expect(problem?.retryAfter == 60)
        // What is there already takes no place.
        #expect(try enter(order(version: 1), maxQueued: 3).1 != nil)
    }

    @Test func `a build that has ended can be removed, one that has not cannot`() throws {
        let (build, _) = try enter(order())
        #expect(try !history.remove(build.id))
        #expect(try build.status() != nil)
        try history.withDatabase { try $0.execute("UPDATE builds SET state = 'failed'") }
        #expect(try history.remove(build.id))
        #expect(try Files.status(build.path) == nil)
        try history.adoptStrays()
        #expect(try history.page(HistoryQuery([])).ids.isEmpty)
        #expect(try Files.names(in: "\(history.state)/builds").isEmpty)
    }

    @Test func `a repeated order is the same but for who gave it and when`() throws {
        let again = order().repeated(
            of: try #require(BuildID("0a1b2c3d")), at: Timestamp(milliseconds: 5), by: "bob")
        #expect(again.retryOf == "0a1b2c3d")
        #expect(try again.mark == order().mark)
        #expect(try again.mark != order(version: 2).mark)
    }

    @Test func `old builds are those before a moment, and those behind enough newer ones`() throws {
        let builds = try (1...6).map { version in
            try enter(order(version: version, at: Timestamp(milliseconds: Int64(version) * 1000))).0.id
        }
        // The last has not ended.
        try history.withDatabase { database in
            for id in builds.dropLast() {
                try database.execute("UPDATE builds SET state = 'failed' WHERE id = ?", [.text(id.text)])
            }
        }
        #expect(try history.old(before: nil, keeping: nil).isEmpty)
        #expect(try history.old(before: Timestamp(milliseconds: 3000), keeping: nil) == Array(builds[0...1]))
        #expect(try history.old(before: nil, keeping: 1) == Array(builds[0...3]))
        #expect(try history.old(before: Timestamp(milliseconds: 3000), keeping: 2) == Array(builds[0...2]))
        #expect(try history.old(before: Timestamp(milliseconds: 99_000), keeping: 0) == Array(builds[0...4]))
    }
}
