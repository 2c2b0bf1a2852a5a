import Core
import FoundationEssentials
import Testing

@testable import HTTPClient
@testable import Registry

@Suite("A model version's tags") struct VersionTagsTests {
    private let tags = [(name: "slipway.state", value: "failed"), (name: "b", value: "\"quoted\" ü")]

    @Test func `are set one by one, whatever is in them`() throws {
        let fake = FakeMLflow(["model-versions/set-tag": "{}"])
        try fake.tags().set(tags, of: "fraud & co", version: 3)
        let sent = try fake.requests.withLock { $0 }.map { request in
            try JSONDecoder().decode([String: String].self, from: Data(request.drop { $0 != " " }.utf8))
        }
        #expect(
            sent == tags.map { ["name": "fraud & co", "version": "3", "key": $0.name, "value": $0.value] })
    }

    @Test func `that the server refuses are its words, and no more are tried`() throws {
        let fake = FakeMLflow([
            "model-versions/set-tag": .json(403, #"{"error_code":"PERMISSION_DENIED","message":"no"}"#)
        ])
        let problem = #expect(throws: Problem.self) { try fake.tags().set(tags, of: "a", version: 1) }
        #expect(problem?.message.contains("forbids this") == true)
        #expect(fake.requests.withLock { $0.count } == 1)
    }
}
