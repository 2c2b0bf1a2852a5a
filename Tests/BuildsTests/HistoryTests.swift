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
