import Core
import Posix
import Testing

@testable import Registry

/// All pages of a listing.
private func all<Item>(size: Int, _ ask: (PageRequest) throws -> Page<Item>) throws -> [[Item]] {
    var pages: [[Item]] = []
    var token: String?
    repeat {
        let page = try ask(PageRequest(size: size, token: token))
        pages.append(page.items)
        token = page.nextToken
    } while token != nil && pages.count < 20
    return pages
}

@Suite("What a file store holds")
struct StoredListingTests {
    private let store: Store
    private let registry: MLflowFileStore

    init() throws {
        store = try Store()
        registry = MLflowFileStore(root: store.root, allowedRoots: [])
    }

    @Test("is listed by name, page by page, whatever else lies there")
    func models() throws {
        for name in ["beta", "Alpha", "a b%2F", "ünï", "<b>"] { try store.version(3, of: name) }
        try store.version(12, of: "beta")
        try store.write(
            "models/beta/meta.yaml", "name: beta\ndescription: two\nlast_updated_timestamp: 1700000000000\n")
        try store.write("models/no-model/readme", "")
        try store.write("models/stray", "")
        try store.write("models/broken/meta.yaml", ": [")
        let pages = try all(size: 2) { try registry.models(matching: "", $0) }
        let names = pages.flatMap { $0 }.map(\.name)
        #expect(names == ["<b>", "Alpha", "a b%2F", "beta", "ünï"].sorted())
        #expect(pages.allSatisfy { $0.count <= 2 })
        let beta = try #require(pages.flatMap { $0 }.first { $0.name == "beta" })
        #expect(beta.latestVersion == 12)
        #expect(beta.description == "two")
        #expect(beta.updatedAt?.milliseconds == 1_700_000_000_000)
        #expect(
            try registry.models(matching: "ALPH", PageRequest(size: 5, token: nil)).items.map(\.name) == [
                "Alpha"
            ])
    }

    @Test("is listed version by version, with aliases, without what was deleted")
    func versions() throws {
        for number in [1, 2, 9, 10] { try store.version(number) }
        try store.version(11, "current_stage: Deleted_Internal")
        try store.version(12, "status: PENDING_REGISTRATION\ncurrent_stage: Production")
        try store.write("models/demo/aliases/champion", "9")
        try store.write("models/demo/aliases/best", "9\n")
        let pages = try all(size: 2) { try registry.versions(of: ModelName("demo"), $0) }
        #expect(pages.map { $0.map(\.version) } == [[12, 10], [9, 2], [1]])
        #expect(pages[0][0].status == "PENDING_REGISTRATION")
        #expect(pages[0][0].stage == "Production")
        #expect(pages[1][0].aliases == ["best", "champion"])
        #expect(pages[1][0].stage == nil)
    }

    @Test(
        "refuses tokens of no listing, and names models that there are",
        arguments: ["x", "%", "%FF", " ", "é"])
    func nonsense(token: String) throws {
        try store.version(1)
        #expect(throws: Problem.self) {
            try registry.versions(of: ModelName("demo"), PageRequest(size: 1, token: token))
        }
        #expect(throws: Problem.self) {
            try registry.versions(of: ModelName("other"), PageRequest(size: 1, token: nil))
        }
        #expect(throws: Problem.self) { try PageRequest(size: 0, token: nil) }
        #expect(throws: Problem.self) { try PageRequest(size: 201, token: nil) }
    }
}

@Suite("What an MLflow server holds")
struct RemoteListingTests {
    @Test("is asked for in its own pages")
    func models() throws {
        let fake = FakeMLflow([
            "registered-models/search?order_by=name ASC&max_results=2&filter=name ILIKE '%it_s%'":
                """
            {"registered_models": [{"name": "it's", "description": "", "last_updated_timestamp": "1700000000000",
            "latest_versions": [{"version": "9"}, {"version": "10"}]}, {"name": "its"}], "next_page_token": "T=="}
            """,
            "registered-models/search?order_by=name ASC&max_results=2&filter=name ILIKE '%it_s%'&page_token=T==":
                "{}",
        ])
        let pages = try all(size: 2) { try fake.registry().models(matching: "it's", $0) }
        #expect(pages.map { $0.map(\.name) } == [["it's", "its"], []])
        #expect(pages[0][0].latestVersion == 10)
        #expect(pages[0][0].updatedAt?.milliseconds == 1_700_000_000_000)
        #expect(pages[0][0].description == nil)
    }

    @Test("says a version's aliases, which the model knows")
    func versions() throws {
        let fake = FakeMLflow([
            "registered-models/get?name=demo":
                #"{"registered_model": {"name": "demo", "aliases": [{"alias": "champion", "version": "2"}]}}"#,
            "model-versions/search?filter=name='demo'&order_by=version_number DESC&max_results=50":
                page([version("2", stage: "Staging"), version("x"), version("3", of: "demos")], next: ""),
        ])
        let answer = try fake.registry().versions(of: ModelName("demo"), PageRequest(size: 50, token: nil))
        #expect(answer.items.map(\.version) == [2])
        #expect(answer.items[0].aliases == ["champion"])
        #expect(answer.items[0].stage == "Staging")
        #expect(answer.items[0].createdAt?.milliseconds == 1_795_591_857_441)
        #expect(answer.nextToken == nil)
    }
}
