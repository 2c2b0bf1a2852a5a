import Core
import Posix
import Testing

@testable import Builds

@Suite("An old log") struct LogCompressionTests {
    private let state: StateDirectory
    private let history: History
    private let directory: BuildDirectory
    private static let text = (1...20_000).map { "line \($0)\n" }.joined()

    init() throws {
        state = try StateDirectory()
        history = try History(state: state.path)
        directory = try history.accept(order())
        try end(directory)
    }

    private func end(_ directory: BuildDirectory) throws {
        try Files.replace(directory.logPath, with: Self.text.utf8)
        try history.withDatabase { database in
            try database.execute("UPDATE builds SET launched_at = 1, state = 'failed'")
        }
    }

    private func compress(days: Int = 0, limit: Int = 10) throws -> Int {
        try makeService(state, history, ["SLIPWAY_BUILDS_COMPRESS_LOGS_AFTER_DAYS": "\(days)"])
            .compressLogs(limit: limit)
    }

    private func log() throws -> String {
        let log = try #require(try makeService(state, history).logFile(directory.id))
        let bytes = try log.file.read(at: 0, limit: log.size + 1)
        #expect(bytes.count == log.size)
        return String(decoding: bytes, as: UTF8.self)
    }

    private var files: [String] {
        get throws { try Files.names(in: directory.path).filter { $0.hasPrefix("build.log") } }
    }

    @Test func `is compressed once, and read as before`() throws {
        #expect(try compress() == 1)
        #expect(try files == ["build.log.gz"])
        #expect(try Files.status("\(directory.logPath).gz")?.size ?? .max < Self.text.utf8.count / 2)
        #expect(try log() == Self.text)
        #expect(try compress() == 0)
        #expect(try Files.names(in: state.path).allSatisfy { !$0.hasSuffix(".tmp") })
    }

    @Test func `is as old as the settings say, and no more are done than that`() throws {
        // It was submitted in 2023.
        #expect(try compress(days: 36_500) == 0)
        for _ in 0..<3 { try end(history.accept(order())) }
        #expect(try compress(days: 1, limit: 3) == 3)
        #expect(try compress(days: 1, limit: 3) == 1)
    }

    @Test func `of a build that has not ended, or whose runner still lives, is left alone`() throws {
        let lease = try directory.takeLease()
        #expect(try compress() == 0)
        withExtendedLifetime(lease) {}
        try history.withDatabase { database in try database.execute("UPDATE builds SET state = 'building'") }
        #expect(try compress() == 0)
        #expect(try files == ["build.log"])
    }

    @Test(arguments: [["build.log.gz.tmp"], ["build.log.gz"], ["build.log.gz", "build.log.gz.tmp"]])
    func `is read and compressed whatever a crash left beside it`(_ left: [String]) throws {
        for name in left { try Files.replace("\(directory.path)/\(name)", with: "half".utf8) }
        #expect(try log() == Self.text)
        #expect(try compress() == 1)
        #expect(try files == ["build.log.gz"])
        #expect(try log() == Self.text)
    }

    @Test func `that was compressed before its entry is is found so`() throws {
        #expect(try directory.compressLog())
        #expect(try compress() == 1 && compress() == 0)
        #expect(try log() == Self.text)
    }

    @Test func `that is damaged is not shown as if it were whole`() throws {
        #expect(try compress() == 1)
        let stream = try Files.read("\(directory.logPath).gz", limit: 1 << 20)
        try Files.replace("\(directory.logPath).gz", with: stream.dropLast(10))
        #expect(throws: (any Error).self) { try log() }
    }

    @Test func `that cannot be compressed stays and does not hold up the others`() throws {
        try Files.makeDirectory("\(directory.logPath).gz.tmp")
        try end(history.accept(order()))
        #expect(try compress() == 1)
        #expect(try compress() == 0)
        #expect(try log() == Self.text)
    }
}
