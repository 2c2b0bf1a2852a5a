import Core
import Posix
import Testing

@testable import Artifacts

@Suite("fetching a model from a directory")
struct LocalStoreTests {
    private let temporary: TemporaryDirectory

    init() throws {
        temporary = try TemporaryDirectory()
        try temporary.write("store/model/MLmodel", [1])
        try temporary.write("store/model/code/weights 100%.bin", Array(repeating: 9, count: 3_000_000))
        try temporary.write("secret", [42])
    }

    private func fetch(_ path: String = "store/model", beneath root: String = "store") throws -> Fetched {
        try ModelFetcher(server: nil).fetch(
            .directory(path: "\(temporary.path)/\(path)", root: "\(temporary.path)/\(root)"),
            to: temporary.path + "/copy"
        ) { _, _ in }
    }

    @Test("copies it", arguments: ["store", "store/model"])
    func copies(root: String) throws {
        #expect(try fetch(beneath: root) == Fetched(files: 2, bytes: 3_000_001))
        let copied = try temporary.files(in: "copy")
        #expect(copied["copy/code/weights 100%.bin"] == Array(repeating: 9, count: 3_000_000))
    }

    @Test(
        "refuses symbolic links, by name",
        arguments: [
            ("store/model/link", "../../secret"), ("store/model/code/link", "/etc/passwd"),
            ("store/model/link", "."),
            ("store/model/code/link", "weights 100%.bin"), ("store/model/link", "nowhere"),
        ])
    func links(path: String, target: String) throws {
        try temporary.link(path, to: target)
        let problem = #expect(throws: Problem.self) { try fetch() }
        #expect(problem?.code == .invalidState)
        #expect(problem?.message.contains("symbolic link") == true)
        #expect(problem?.message.contains("link\"") == true)
        #expect(try Files.status(temporary.path + "/copy") == nil)
    }

    @Test(
        "does not leave the directory that it was given",
        arguments: [
            ("store/../outside", "store"), ("outside", "store"), ("store/link", "store"),
            ("storelike/model", "store"),
        ])
    func leaves(path: String, root: String) throws {
        try temporary.write("outside/MLmodel", [1])
        try temporary.write("storelike/model/MLmodel", [1])
        try temporary.link("store/link", to: "../outside")
        #expect(throws: Problem.self) { try fetch(path, beneath: root) }
        #expect(try Files.status(temporary.path + "/copy") == nil)
    }

    @Test("says that it does not exist")
    func missing() {
        let problem = #expect(throws: Problem.self) { try fetch("store/none") }
        #expect(problem?.code == .temporarilyUnavailable)
    }
}
