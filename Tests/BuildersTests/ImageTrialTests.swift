import Core
import FoundationEssentials
import Posix
import TestSupport
import Testing

@testable import Builders

@Suite struct ImageTrialTests {
    private let directory: TemporaryDirectory
    private let engines: Engines

    init() throws {
        engines = try Engines()
        directory = engines.directory
    }

    /// A container is a file of its pid; what removes it ends it.
    private func engine(_ kind: Engine.Kind = .docker, run: String, exec: String) throws -> Engine {
        let container = directory.file("container")
        let path = try engines.add(
            kind.rawValue,
            """
            rm*) echo "$*" >>\(directory.file("removals"))
                [ -f \(container) ] && kill -KILL $(cat \(container)); rm -f \(container);;
            *"run --rm"*) echo "$*" >\(directory.file("arguments")); echo $$ >\(container); \(run);;
            inspect*) if [ -f \(container) ]; then echo true; else echo false; fi;;
            exec*) echo "$*" >\(directory.file("question")); \(exec);;
            """)
        return Engine(kind: kind, path: path, version: "1", mounts: true, limits: ["--ulimit", "nofile=1:1"])
    }

    private func trial(_ engine: Engine, seconds: Double = 20, shouldStop: () -> Bool = { false }) throws
        -> Trial
    {
        try engine.trial(
            TrialRequest(
                image: "sha256:abc", name: "slipway-verify-1", question: ["python3", "/x.py", "try", "20"],
                seconds: seconds),
            environment: ["PATH": "/usr/bin:/bin", "HOME": directory.path, "SLIPWAY_X": "secret"],
            log: LogWriter(try Descriptor.open(directory.file("log"), .append)), shouldStop: shouldStop)
    }

    private static let options =
        "run --rm --name slipway-verify-1 --network none --read-only --tmpfs /tmp:rw,exec,mode=1777 "
        + "--workdir /tmp --cap-drop ALL --security-opt no-new-privileges --log-driver none --no-healthcheck "
        + "--env MLFLOW_MODELS_WORKERS=1"

    @Test func `a container is started without network, asked, and removed`() throws {
        let engine = try engine(
            run: "echo started; echo failing >&2; sleep 60",
            exec:
                "while ! grep -q failing \(directory.file("log")); do sleep 0.01; done; echo noise; echo '{\"a\":1}'"
        )
        let trial = try trial(engine)
        #expect(trial.answer.map { String(decoding: $0, as: UTF8.self) } == #"{"a":1}"#)
        #expect(trial.end == nil)
        #expect(trial.output == "started\nfailing\n")
        #expect(try directory.read("log").hasPrefix("| started\n| failing\n"))
        #expect(try directory.read("arguments") == "\(Self.options) sha256:abc\n")
        #expect(try directory.read("question") == "exec slipway-verify-1 python3 /x.py try 20\n")
        let removal = "rm --force --volumes slipway-verify-1\n"
        #expect(try directory.read("removals") == removal + removal)
        #expect(try Files.status(directory.file("container")) == nil)
    }

    @Test func `a second question is asked after the first was answered`() throws {
        let engine = try engine(
            run: "sleep 60",
            exec: "case \"$*\" in *list) echo noise >&2; echo '{\"b\":2}';; *) echo '{\"a\":1}';; esac")
        var request = TrialRequest(image: "i", name: "slipway-verify-1", question: ["a"], seconds: 20)
        request.secondQuestion = ["list"]
        let trial = try engine.trial(
            request, environment: ["PATH": "/usr/bin:/bin"],
            log: LogWriter(try Descriptor.open(directory.file("log"), .append)), shouldStop: { false })
        #expect(trial.answer.map { String(decoding: $0, as: UTF8.self) } == #"{"a":1}"#)
        #expect(trial.secondAnswer.map { String(decoding: $0, as: UTF8.self) } == #"{"b":2}"#)
        #expect(trial.end == nil)
    }

    @Test func `podman gets what the machine needs, and hands no proxies on`() throws {
        let podman = Engine(
            kind: .podman, path: "/p", version: "4", mounts: true, runtime: "/runc",
            limits: ["--ulimit", "x"])
        let request = TrialRequest(image: "i", name: "slipway-verify-1", question: [], seconds: 300)
        #expect(
            podman.trialOptions(request).joined(separator: " ")
                == "--runtime /runc \(Self.options) --ulimit x --http-proxy=false --stop-timeout 0 --timeout 420"
        )
    }

    @Test func `buildah's images are started by podman, where that is installed`() throws {
        let buildah = Engine(kind: .buildah, path: "/b", version: "1", mounts: true, runtime: "/runc")
        #expect(buildah.runner(environment: ["PATH": directory.path]) == nil)
        let podman = try engines.add("podman", "x) ;;")
        let runner = buildah.runner(environment: ["PATH": directory.file("bin")])
        #expect(
            runner?.kind == .podman && runner?.path == podman
                && runner?.runtimeOption == ["--runtime", "/runc"])
    }

    @Test func `a container that ends says how, and with what words`() throws {
        let engine = try engine(
            run: "echo 'ValueError: x'; rm \(directory.file("container")); exit 3", exec: "exit 1")
        let trial = try trial(engine)
        #expect(trial.answer == nil && trial.end == .exited(3) && trial.output == "ValueError: x\n")
    }

    @Test func `a container whose client is killed is removed all the same`() throws {
        let mark = directory.file("started")
        let engine = try engine(run: "touch \(mark); kill -KILL $$", exec: "sleep 60")
        let begin = ContinuousClock.now
        let trial = try trial(engine)
        #expect(trial.answer == nil && trial.end == .exited(137))
        #expect(ContinuousClock.now - begin < .seconds(10))
        let removals = try directory.read("removals").split(separator: "\n")
        #expect(removals.count == 2)
    }

    @Test func `a stop and a silent model end it, and leave nothing`() throws {
        let engine = try engine(run: "sleep 60", exec: "sleep 60")
        var asked = 0
        let stopped = #expect(throws: Problem.self) {
            try trial(engine) {
                asked += 1
                return asked > 3
            }
        }
        #expect(stopped?.code == .invalidState)
        #expect(try Files.status(directory.file("container")) == nil)
        let begin = ContinuousClock.now
        let silent = try trial(engine, seconds: -13)
        #expect(silent.answer == nil && silent.end == nil)
        #expect(ContinuousClock.now - begin < .seconds(20))
        #expect(try Files.status(directory.file("container")) == nil)
    }

    @Test func `a model that writes without end fills neither log nor memory`() throws {
        let done = directory.file("done")
        let engine = try engine(
            run: "head -c 30000000 /dev/zero | tr '\\0' x; yes | head -c 3000000; touch \(done); sleep 60",
            exec: "while ! [ -f \(done) ]; do sleep 0.01; done; yes { | head -c 5000000; echo; echo '{}'")
        let trial = try trial(engine)
        #expect(trial.answer.map { String(decoding: $0, as: UTF8.self) } == "{}")
        #expect(trial.output.utf8.count <= 128 << 10)
        let size = try #require(try Files.status(directory.file("log"))?.size)
        #expect(size < 1_300_000)
        #expect(try directory.read("log").hasSuffix("[slipway] what else the container writes is left out\n"))
    }
}
