import Core
import FoundationEssentials
import Posix
import Testing

@testable import Artifacts

@Suite("fetching a model")
struct ModelFetcherTests {
    private let temporary: TemporaryDirectory
    private var destination: String { temporary.path + "/model" }

    init() throws { temporary = try TemporaryDirectory() }

    private func fetch(_ store: FakeStore, _ limits: FetchLimits = FetchLimits()) throws -> Fetched {
        try ModelFetcher(server: nil, limits: limits).fetch(from: store, to: destination) { _, _ in }
    }

    @Test("brings every file with its name and bytes, empty ones too")
    func everyFile() throws {
        let content: [String: [UInt8]] = [
            "artifacts/logistic regression/weights 100%.bin": Array(repeating: 7, count: 123_456),
            "artifacts/ä.txt": [1], "code/__init__.py": [],
            "50%25 off;+&#?.txt": [3],
            "a/b/c/d": [4], "model.pkl": [0, 255, 10, 13],
        ]
        let fetched = try fetch(FakeStore(content))
        #expect(fetched == Fetched(files: 7, bytes: 123_456 + 12 + 7))
        var expected = Dictionary(uniqueKeysWithValues: content.map { ("model/\($0)", $1) })
        expected["model/MLmodel"] = Array("flavors: {}\n".utf8)
        #expect(try temporary.files(in: "model") == expected)
    }

    @Test("composes and decomposes no accents", arguments: ["\u{E4}.txt", "a\u{308}.txt"])
    func accents(name: String) throws {
        _ = try fetch(FakeStore([name: [1]]))
        #expect(try Files.names(in: destination).map { Array($0.utf8) }.contains(Array(name.utf8)))
    }

    @Test("makes files and directories that others can read")
    func modes() throws {
        _ = try fetch(FakeStore(["code/x.py": [1]]))
        let attributes = {
            try FileManager.default.attributesOfItem(atPath: destination + $0)[.posixPermissions]
        }
        #expect(try attributes("/code/x.py") as? Int == 0o644)
        #expect(try attributes("/code") as? Int == 0o755)
        #expect(try attributes("") as? Int == 0o755)
    }

    @Test("tells its progress, and at the end all of it")
    func progress() throws {
        let store = FakeStore(["a": Array(repeating: 1, count: 5000)])
        var last: (Int, Int?)?
        _ = try ModelFetcher(server: nil).fetch(from: store, to: destination) { last = ($0, $1) }
        #expect(last?.0 == 5012)
        #expect(last?.1 == 5012)
    }

    @Test(
        "takes nothing else in a file's place, and leaves nothing behind",
        arguments: [
            (
                FakeStore.File(bytes: [], listed: 3_000_000, type: "application/octet-stream"), "0 bytes",
                "3000000"
            ),
            (
                .init(bytes: Array("<html>sign in</html>".utf8), listed: 10, type: "text/html"),
                "20 bytes of text/html", "10"
            ),
            (
                .init(bytes: Array("<html>sign in</html>".utf8), listed: nil, type: "text/html; x"),
                "text/html", "a file"
            ),
            (.init(bytes: [1, 2, 3], listed: 2), "3 bytes", "2 bytes"),
            (.init(bytes: [1, 2, 3], listed: 4), "3 bytes", "4 bytes"),
            (.init(bytes: Array(repeating: 1, count: 200_000), listed: 4), "bytes", "4 bytes"),
            (.init(bytes: [1, 2, 3], listed: 3, breaks: [1, 2, 0]), "3 attempts", "connection reset"),
        ] as [(FakeStore.File, String, String)])
    func foreignBody(file: FakeStore.File, arrived: String, listed: String) throws {
        var store = FakeStore(["x": [1]])
        store.add("code/weights.bin", file)
        let problem = #expect(throws: Problem.self) { try fetch(store) }
        #expect(problem?.code == .temporarilyUnavailable)
        #expect(problem?.message.contains("\"code/weights.bin\"") == true)
        #expect(problem?.message.contains(arrived) == true)
        #expect(problem?.message.contains(listed) == true)
        #expect(try Files.status(destination) == nil)
    }

    @Test("takes a file whose size is not told")
    func unknownSize() throws {
        var store = FakeStore()
        store.add("page.html", .init(bytes: [1, 2], listed: nil, type: "text/html"))
        store.add("__init__.py", .init(bytes: [], listed: nil, type: "text/plain"))
        var total: Int? = 0
        let fetched = try ModelFetcher(server: nil).fetch(from: store, to: destination) { total = $1 }
        #expect(fetched.bytes == 14)
        #expect(total == nil)
    }

    @Test("begins a file again that broke off")
    func secondAttempt() throws {
        var store = FakeStore()
        store.add("w", .init(bytes: [1, 2, 3], listed: 3, breaks: [2, 3]))
        #expect(try fetch(store).bytes == 15)
        #expect(try temporary.files(in: "model")["model/w"] == [1, 2, 3])
    }

    @Test(
        "refuses names that could lead elsewhere",
        arguments: [
            "..", ".", "", "a/b", "/etc/passwd", "../x", "a\\b", "..\\x", "a\0b", "a\nb", "/\u{301}x",
            "..\u{2028}",
        ])
    func unsafeNames(name: String) throws {
        for kind in [ArtifactEntry.Kind.file(size: 1), .directory] {
            var store = FakeStore(["code/x": [1]])
            store.directories["code"]?.append(ArtifactEntry(name: name, kind: kind))
            let problem = #expect(throws: Problem.self) { try fetch(store) }
            #expect(problem?.code == .invalidState)
            #expect(try Files.names(in: temporary.path).isEmpty)
        }
    }

    @Test(
        "refuses more than its limits before it fetches",
        arguments: [
            (FetchLimits(files: 3), "more than 3 files"), (FetchLimits(bytes: 1000), "bytes"),
            (FetchLimits(depth: 2), "2 deep"),
        ])
    func limits(limits: FetchLimits, message: String) throws {
        let store = FakeStore(["a/b/c/d": [1], "w": Array(repeating: 1, count: 995)])
        let problem = #expect(throws: Problem.self) { try fetch(store, limits) }
        #expect(problem?.code == .invalidState)
        #expect(problem?.message.contains(message) == true)
    }

    @Test("stops at its limit where sizes are not told")
    func unlistedSize() throws {
        var store = FakeStore()
        for name in ["v", "w"] { store.add(name, .init(bytes: Array(repeating: 1, count: 700), listed: nil)) }
        let problem = #expect(throws: Problem.self) { try fetch(store, FetchLimits(bytes: 1000)) }
        #expect(problem?.message.contains("more than 1000 bytes") == true)
        #expect(try Files.status(destination) == nil)
    }

    @Test("refuses sizes that are no sizes", arguments: [-1, Int.min, Int.max])
    func oddSizes(size: Int) {
        var store = FakeStore()
        store.add("x", .init(bytes: [1], listed: size))
        store.add("y", .init(bytes: [1], listed: size))
        #expect(throws: Problem.self) { try fetch(store) }
    }

    @Test("says that there is no model", arguments: [true, false])
    func noModel(isEmpty: Bool) {
        var store = FakeStore()
        store.directories[""] = isEmpty ? [] : [ArtifactEntry(name: "weights.bin", kind: .file(size: 1))]
        let problem = #expect(throws: Problem.self) { try fetch(store) }
        #expect(problem?.code == .resourceDoesNotExist)
        #expect(problem?.hint?.contains(isEmpty ? "deleted" : "weights.bin") == true)
    }

    @Test("stops when it is told to, and leaves nothing behind")
    func stops() throws {
        let store = FakeStore(["w": Array(repeating: 1, count: 100_000_000)])
        let stop = { true }
        let problem = #expect(throws: Problem.self) {
            try ModelFetcher(server: nil).fetch(
                from: store, to: destination, shouldStop: stop, progress: { _, _ in })
        }
        #expect(problem?.message.contains("stopped") == true)
        #expect(try Files.status(destination) == nil)
    }

    @Test("touches no directory that is there already")
    func existing() throws {
        try temporary.write("model/mine", [1])
        #expect(throws: Problem.self) { try fetch(FakeStore()) }
        #expect(try temporary.files(in: "model") == ["model/mine": [1]])
    }
}
