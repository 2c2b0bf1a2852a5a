import Core
import FoundationEssentials
import Posix
import TestSupport
import Testing

@testable import Builders

@Suite struct EngineBuildTests {
    private let directory: TemporaryDirectory
    private let engines: Engines

    init() throws {
        engines = try Engines()
        directory = engines.directory
    }

    private func request(_ secrets: [String: String] = [:]) throws -> BuildRequest {
        var request = BuildRequest(
            context: directory.file("context"), dockerfile: directory.file("Dockerfile"),
            tags: [try ImageReference("team/churn:3", field: "")])
        request.secrets = secrets
        return request
    }

    private func build(_ engine: Engine, seconds: Double = 20, shouldStop: () -> Bool = { false }) throws
        -> BuiltImage
    {
        try engine.build(
            try request(),
            environment: ["PATH": "/usr/bin:/bin", "HOME": directory.path, "SLIPWAY_X": "secret"],
            log: LogWriter(try Descriptor.open(directory.file("log"), .append)), seconds: seconds,
            shouldStop: shouldStop
        )
    }

    /// What every stand-in does with `--iidfile FILE CONTEXT`, its last arguments.
    private static let succeed = """
        for last; do id=$file; file=$option; option=$last; done
        printf 'sha256:abc' > "$file"; echo "#1 DONE"; env > "$file.env"
        """

    @Test func `docker is asked for plain progress and BuildKit, and says what it built`() throws {
        let path = try engines.add(
            "docker",
            """
            build*) \(Self.succeed);;
            "image inspect sha256:abc") echo '[{"Id":"sha256:abc","Size":123,"RepoDigests":["a@sha256:1"]}]';;
            """)
        let image = try build(Engine(kind: .docker, path: path, version: "1", mounts: true))
        #expect(image == BuiltImage(id: "sha256:abc", digest: "sha256:1", sizeBytes: 123))
        #expect(try directory.read("log") == "#1 DONE\n")
        let environment = try directory.read("Dockerfile.id.env")
        #expect(environment.contains("DOCKER_BUILDKIT=1\n"))
        #expect(!environment.contains("SLIPWAY"))
        #expect(try Files.status(directory.file("Dockerfile.id")) == nil)
    }

    @Test func `buildah's sizes are read as people write them`() throws {
        let path = try engines.add(
            "buildah",
            """
            bud*) \(Self.succeed);;
            "images --json team/churn:3") echo '[{"id":"a","digest":"sha256:2","size":"820 MB"}]';;
            """)
        let image = try build(Engine(kind: .buildah, path: path, version: "1", mounts: true))
        #expect(image == BuiltImage(id: "sha256:abc", digest: "sha256:2", sizeBytes: 820_000_000))
        #expect(Engine.bytes("1.46 GB") == 1_460_000_000)
        #expect(Engine.bytes("some") == nil)
        // Cache mounts of this user's own.
        #expect(try directory.read("Dockerfile.id.env").contains("TMPDIR=\(directory.path)/.cache/slipway\n"))
    }

    @Test func `a failed step speaks for itself`() throws {
        let path = try engines.add(
            "docker", "build*) echo '#5 1.2 ERROR: No matching distribution found for nope==9'; exit 1;;")
        try directory.write("#1 ERROR: an earlier build's complaint\n", to: "log")
        let problem = #expect(throws: Problem.self) {
            try build(Engine(kind: .docker, path: path, version: "1", mounts: true))
        }
        #expect(problem?.code == .buildFailed)
        #expect(problem?.message == "ERROR: No matching distribution found for nope==9")
        #expect(problem?.hint?.contains("requirements") == true)
    }

    @Test func `a stop and a timeout end the engine and its children`() throws {
        let path = try engines.add("docker", "build*) sleep 60 & echo $!; wait;;")
        let engine = Engine(kind: .docker, path: path, version: "1", mounts: true)
        #expect(throws: Problem.self) { try build(engine, shouldStop: { true }) }
        let problem = #expect(throws: Problem.self) { try build(engine, seconds: 0.2) }
        #expect(problem?.code == .buildTimedOut)
        for pid in try directory.read("log").split(separator: "\n") {
            var isGone = false
            // A signal is sent at once and received when the receiver's turn comes.
            for _ in 0..<500 where !isGone {
                let state = try? directory.read("../../proc/\(pid)/stat")
                isGone = state == nil || state?.contains(") Z ") == true
                if !isGone { Threads.sleep(.milliseconds(10)) }
            }
            #expect(isGone)
        }
    }

    @Test func `an image that the engine does not have is no success`() throws {
        let path = try engines.add("docker", "build*) \(Self.succeed);;\n\"image inspect\"*) exit 1;;")
        let problem = #expect(throws: Problem.self) {
            try build(Engine(kind: .docker, path: path, version: "1", mounts: true))
        }
        #expect(problem?.hint?.contains("docker buildx use default") == true)
    }

    private func build(with builder: String, _ arms: String) throws -> BuiltImage {
        let path = try engines.add("docker", arms)
        var request = try request()
        request.builder = builder
        return try Engine(kind: .docker, path: path, version: "1", mounts: true).build(
            request, environment: ["PATH": "/usr/bin:/bin", "HOME": directory.path],
            log: LogWriter(try Descriptor.open(directory.file("log"), .append)), seconds: 20,
            shouldStop: { false })
    }

    @Test func `a builder by its name builds and gives the image to docker`() throws {
        let image = try build(
            with: "farm",
            """
            "buildx inspect farm") echo 'Name: farm'; echo 'Status:   running';;
            "buildx build --load --builder farm --progress plain"*) \(Self.succeed);;
            "image inspect sha256:abc") echo '[{"Id":"sha256:abc","Size":123}]';;
            """)
        #expect(image.id == "sha256:abc")
    }

    @Test func `a builder that is gone is told apart from a build that fails`() throws {
        let silent = #expect(throws: Problem.self) {
            try build(with: "farm", "\"buildx inspect farm\") echo 'Status:   inactive';;")
        }
        #expect(silent?.code == .temporarilyUnavailable)
        #expect(silent?.message == "the builder farm does not answer")
        let missing = #expect(throws: Problem.self) {
            try build(
                with: "farm", "\"buildx inspect farm\") echo 'ERROR: no builder \"farm\" found' >&2; exit 1;;"
            )
        }
        #expect(missing?.message == "there is no builder farm: ERROR: no builder \"farm\" found")
        #expect(missing?.hint?.contains("docker buildx create --name farm") == true)
        let broken = #expect(throws: Problem.self) {
            try build(
                with: "farm",
                """
                "buildx inspect farm") echo 'Status:   running';;
                "buildx build"*) echo 'ERROR: no such thing'; exit 1;;
                """)
        }
        #expect(broken?.code == .buildFailed)
    }

    @Test func `a build's secrets, tags, platform and arguments reach the engine as they should`() throws {
        let path = try engines.add(
            "docker",
            """
            build*) \(Self.succeed); echo "$*" > "$file.args"; echo 'through px:word@proxy';;
            "image inspect sha256:abc") echo '[{"Id":"sha256:abc","Size":123}]';;
            """)
        var request = try request(["netrc": "/etc/netrc"])
        request.buildArguments = ["CMAKE_ARGS": "-DX=1 -DY=2"]
        request.platform = try Platform("linux/amd64", field: "")
        request.environment = ["https_proxy": "http://px:word@proxy"]
        let engine = Engine(
            kind: .docker, path: path, version: "1", mounts: true, host: "unix:///elsewhere")
        _ = try engine.build(
            request, environment: ["PATH": "/usr/bin:/bin"],
            log: LogWriter(try Descriptor.open(directory.file("log"), .append)), seconds: 20,
            shouldStop: { false })
        let arguments = try directory.read("Dockerfile.id.args")
        #expect(
            arguments.contains(
                "--build-arg https_proxy --build-arg CMAKE_ARGS=-DX=1 -DY=2 --platform linux/amd64"))
        #expect(arguments.contains("--secret id=netrc,src=/etc/netrc"))
        #expect(!arguments.contains("word"))
        #expect(try !directory.read("Dockerfile.id.env").contains("CMAKE_ARGS"))
        #expect(try directory.read("log").contains("through ***@proxy\n"))
    }

    @Test func `arguments follow the engine`() throws {
        func arguments(_ engine: Engine, _ environment: [String: String] = [:]) throws -> String {
            try engine.buildArguments(request(["ca_bundle": "/ca.pem"]), idFile: "/id", environment)
                .joined(separator: " ").replacing(directory.path, with: "")
        }
        let end = "--tag team/churn:3 --file /Dockerfile --iidfile /id /context"
        let podman = Engine(
            kind: .podman, path: "/p", version: "4", mounts: true, runtime: "/runc", sharesNetwork: true)
        let buildah = Engine(kind: .buildah, path: "/b", version: "1", mounts: true)
        let docker = Engine(kind: .docker, path: "/d", version: "1", mounts: true)
        let legacy = Engine(kind: .docker, path: "/d", version: "1", mounts: false)
        let rootless = "--format docker --layers --force-rm"
        let secret = "--secret id=ca_bundle,src=/ca.pem"
        #expect(
            try arguments(podman)
                == "--runtime /runc build \(rootless) --network host --pull=false \(secret) \(end)")
        #expect(try arguments(buildah) == "bud \(rootless) --pull=false \(secret) \(end)")
        #expect(
            try arguments(docker, ["HTTP_PROXY": "http://u:p@h", "no_proxy": "x", "A": "b"])
                == "build --progress plain --build-arg HTTP_PROXY --build-arg no_proxy \(secret) \(end)")
        #expect(try arguments(legacy) == "build \(end)")
    }

    @Test func `the command to run an image has what the machine needs`() throws {
        let podman = Engine(
            kind: .podman, path: "/p", version: "4", mounts: true, runtime: "/runc",
            limits: ["--ulimit", "nofile=1:1"])
        let docker = Engine(kind: .docker, path: "/d", version: "1", mounts: true, host: "unix:///s")
        #expect(
            podman.runCommand(image: "a:1", hostPort: 80).joined(separator: " ")
                == "podman --runtime /runc run --rm --ulimit nofile=1:1 --publish 127.0.0.1:80:8080 a:1")
        #expect(
            docker.runCommand(image: "a:1", hostPort: 80).joined(separator: " ")
                == "docker --host unix:///s run --rm --publish 127.0.0.1:80:8080 a:1")
        let copy = try JSONDecoder().decode(Engine.self, from: JSONEncoder().encode(podman))
        #expect(copy == podman)
    }
}
