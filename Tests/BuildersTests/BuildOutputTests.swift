import Core
import Posix
import TestSupport
import Testing

@testable import Builders

@Suite("The engine's output") struct BuildOutputTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func read(_ lines: String, at times: [Int] = []) -> [EngineStep] {
        var reader = StepReader()
        for (index, line) in lines.split(separator: "\n").enumerated() {
            _ = reader.read(String(line), at: Timestamp(milliseconds: 1000 * Int64(index)))
        }
        reader.finish(at: Timestamp(milliseconds: 100_000))
        return reader.steps
    }

    @Test func `of BuildKit tells steps that overlap`() {
        let steps = read(
            """
            #1 [internal] load build definition from Dockerfile
            #1 DONE 0.1s
            #5 [stage-1 1/4] FROM docker.io/library/python:3.11-slim
            #5 CACHED
            #6 [build 2/3] RUN --mount=type=bind,source=a,target=/b     SLIPWAY_X=1     sh /run/install.sh
            #6 0.512 hello #7 [x] DONE
            #7 [2/4] COPY model /opt/ml/model
            #7 DONE 0.4s
            #6 DONE 12.5s
            #8 [3/4] RUN false
            #8 ERROR: process "/bin/sh" did not complete
            """)
        #expect(
            steps.map(\.name) == [
                "FROM docker.io/library/python:3.11-slim", "RUN sh /run/install.sh",
                "COPY model /opt/ml/model", "RUN false",
            ])
        #expect(steps.map(\.seconds) == [0, 12.5, 0.4, 1])
        #expect(steps.map(\.cached) == [true, false, false, false])
    }

    @Test func `of the others tells steps one by one`() {
        let steps = read(
            "STEP 1/3: FROM a\nSTEP 2/3: RUN b\nout\n--> Using cache 0123\n[2/2] STEP 3/3: COPY c d")
        #expect(steps.map(\.name) == ["FROM a", "RUN b", "COPY c d"])
        #expect(steps.map(\.seconds) == [1, 3, 96])
        #expect(steps.map(\.cached) == [false, true, false])
        #expect(read("Step 1/2 : FROM a\n ---> 0123\nStep 2/2 : RUN b").map(\.name) == ["FROM a", "RUN b"])
    }

    @Test func `of a step that writes as an engine does is not believed without end`() {
        let lines = (1...300).map { "STEP \($0)/300: RUN x" } + ["#1 [1/1] RUN y", "#1 DONE 1.0s"]
        #expect(read(lines.joined(separator: "\n")).count == 200)
    }

    @Test(arguments: [1, 3, 7, 1000])
    func `shows no secret, however it is cut`(_ size: Int) throws {
        let log = try Descriptor.open(directory.file("log"), .append)
        var output = BuildOutput(log: LogWriter(log), secrets: ["px:q7!", "q7!", "a", "***"]) { _ in }
        let text = Array("to http://px:q7!@proxy q7!\nlast q7!".utf8)
        for start in stride(from: 0, to: text.count, by: size) {
            try output.take(
                Array(text[start..<min(start + size, text.count)]), at: Timestamp(milliseconds: 0))
        }
        try output.finish(at: Timestamp(milliseconds: 0))
        #expect(try directory.read("log") == "to http://***@proxy ***\nlast ***\n")
    }

    @Test func `of a line without end is handed on all the same`() throws {
        let log = try Descriptor.open(directory.file("log"), .append)
        var output = BuildOutput(log: LogWriter(log), secrets: ["secret"]) { _ in }
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 50_000)
        for _ in 0..<4 { try output.take(piece, at: Timestamp(milliseconds: 0)) }
        #expect(try log.regularFileSize() ?? 0 > 60_000)
        try output.finish(at: Timestamp(milliseconds: 0))
        #expect(try log.regularFileSize() == 200_001)
    }

    /// The log's lines, times out.
    private func lines() throws -> [String] {
        try directory.read("log").split(separator: "\n").map {
            $0.hasPrefix("[slipway 2") ? "[slipway]" + ($0.drop { $0 != "]" }.dropFirst()) : String($0)
        }
    }

    private static let fullLog = "[slipway] the log has 20 bytes: what else is printed is left out"

    @Test func `beyond the log's limit is left out of it, and still tells what failed`() throws {
        try directory.write("start\n", to: "log")
        let log = LogWriter(try Descriptor.open(directory.file("log"), .append), limit: 20)
        var steps: [EngineStep] = []
        var output = BuildOutput(log: log, secrets: []) { steps = $0 }
        let now = Timestamp(milliseconds: 0)
        try output.take(Array("one\n".utf8), at: now)
        try output.take(Array("two\nthree, which is too much\n".utf8), at: now)
        try output.take(Array("STEP 1/1: FROM x\nERROR: no\n".utf8), at: now)
        try output.finish(at: now)
        #expect(try lines() == ["start", "one", "two", Self.fullLog])
        #expect(log.leftOut == 25 + 27)
        #expect(steps.map(\.name) == ["FROM x"])
        #expect(BuildLog(output.end).problem(.exited(1)).message == "ERROR: no")
    }

    @Test func `that goes on in a line without end leaves Slipway's own line apart`() throws {
        let log = LogWriter(try Descriptor.open(directory.file("log"), .append), limit: 20)
        for _ in 0..<4 { try log.write(Array("endless ".utf8)) }
        #expect(try lines() == ["endless endless ", Self.fullLog])
        #expect(log.leftOut == 16)
    }

    @Test func `cuts a very long line where the log ends, and no character with it`() throws {
        let log = LogWriter(try Descriptor.open(directory.file("log"), .append), limit: 10_000)
        try log.write(Array(("first\n" + String(repeating: "船", count: 20_000)).utf8))
        let shown = try lines()
        #expect(shown.count == 3)
        #expect(shown[0] == "first")
        #expect(shown[1].allSatisfy { $0 == "船" })
        #expect((9990...10_000).contains(6 + shown[1].utf8.count))
    }

    @Test func `fills a log to its last byte before anything is left out`() throws {
        let log = LogWriter(try Descriptor.open(directory.file("log"), .append), limit: 20)
        try log.write(Array("nine more\n".utf8))
        try log.write(Array("nine more\n".utf8))
        #expect(try lines() == ["nine more", "nine more"] && log.leftOut == 0)
        try log.write(Array("\n".utf8))
        #expect(try lines() == ["nine more", "nine more", Self.fullLog] && log.leftOut == 1)
    }
}

@Suite("A platform") struct PlatformTests {
    @Test(arguments: ["linux/arm64", "linux/amd64", "linux/arm/v7", "linux/s390x"])
    func `is read`(_ text: String) throws {
        #expect(try Platform(text, field: "platform").description == text)
    }

    @Test(arguments: [
        "", "linux", "windows/amd64", "linux/x86", "linux/arm64/", "linux/arm64 --x", "linux/arm/v9",
    ])
    func `is refused`(_ text: String) {
        #expect(throws: Problem.self) { try Platform(text, field: "platform") }
    }

    @Test func `that this machine cannot run is said with what to install`() throws {
        let arm = try Platform("linux/arm64", field: "platform")
        let problem = #expect(throws: Problem.self) { try arm.checkCanRun(own: "amd64") { _ in false } }
        #expect(problem?.hint?.contains("qemu-user-static") == true)
        #expect(throws: Never.self) { try arm.checkCanRun(own: "arm64") { _ in false } }
        #expect(throws: Never.self) {
            try arm.checkCanRun(own: "amd64") { $0 == "/proc/sys/fs/binfmt_misc/qemu-aarch64" }
        }
    }
}
