import Core
import FoundationEssentials
import Posix
import TestSupport
import Testing

@testable import Builders

@Suite struct EnginePushTests {
    private let directory: TemporaryDirectory
    private let engines: Engines

    init() throws {
        engines = try Engines()
        directory = engines.directory
    }

    private static let digest = "sha256:" + String(repeating: "a", count: 64)
    /// The user `push` with the password `wort`.
    private static let login =
        #"{"auths":{"reg.test:5000":{"auth":"cHVzaDp3b3J0"},"else.test":{"auth":"eDp5"}}}"#

    private func push(
        _ engine: Engine, login: String? = nil, isInsecure: Bool = false,
        environment: [String: String] = [:], told: (String) -> Void = { _ in },
        follow: @escaping (Int, Int) -> Void = { _, _ in }, seconds: Double = 20,
        shouldStop: () -> Bool = { false }
    ) throws -> String? {
        var request = PushRequest(
            image: "sha256:abc", target: try ImageReference("reg.test:5000/team/churn:3", field: ""),
            directory: directory.file("context"))
        if let login { request.authFile = try directory.write(login, to: "auth.json") }
        request.isInsecure = isInsecure
        request.pauses = [0, 0]
        return try engine.push(
            request,
            environment: ["PATH": "/usr/bin:/bin", "HOME": directory.path].merging(environment) { $1 },
            log: LogWriter(try Descriptor.open(directory.file("log"), .append)), seconds: seconds,
            shouldStop: shouldStop,
            follow: follow, say: told)
    }

    private func docker(_ push: String, _ more: String = "") throws -> Engine {
        let path = try engines.add(
            "docker",
            """
            "tag sha256:abc reg.test:5000/team/churn:3") ;;
            \(more)
            "push reg.test:5000/team/churn:3") \(push);;
            """)
        return Engine(kind: .docker, path: path, version: "1", mounts: true)
    }

    @Test func `docker pushes a name, and its layers and digest are read`() throws {
        let engine = try docker(
            """
            echo 'The push refers to repository [reg.test:5000/team/churn]'
            echo '4fc242d58285: Preparing'; echo '2d40383664b5: Waiting'; echo '4fc242d58285: Pushed'
            echo '2d40383664b5: Layer already exists'; echo '3: digest: \(Self.digest) size: 1777'
            """)
        final class Progress { var seen: [[Int]] = [] }
        let progress = Progress()
        let digest = try push(engine, follow: { progress.seen.append([$0, $1]) })
        #expect(digest == Self.digest)
        #expect(progress.seen == [[0, 1], [0, 2], [1, 2], [2, 2]])
    }

    @Test func `docker gets the one login that it needs, in a private place that goes, and keeps its server`()
        throws
    {
        let seen = directory.file("seen")
        let engine = try docker(
            """
            stat -c %a "$DOCKER_CONFIG" "$DOCKER_CONFIG/config.json" >\(seen)
            cat "$DOCKER_CONFIG/config.json" >\(directory.file("config"))
            env >\(directory.file("environment")); tr '\\0' ' ' </proc/$$/cmdline >\(directory.file("arguments"))
            echo 'Authorization: cHVzaDp3b3J0 push:wort wort'
            """,
            """
            "context inspect --format {{.Endpoints.docker.Host}}"*) echo unix:///elsewhere; echo '<IN MEMORY>';;
            """)
        _ = try push(engine, login: Self.login, environment: ["DOCKER_CONTEXT": "elsewhere"])
        #expect(try directory.read("seen") == "700\n600\n")
        #expect(try directory.read("config") == #"{"auths":{"reg.test:5000":{"auth":"cHVzaDp3b3J0"}}}"#)
        let environment = try directory.read("environment")
        #expect(environment.contains("DOCKER_HOST=unix:///elsewhere\n"))
        #expect(!environment.contains("DOCKER_CONTEXT"))
        for name in ["environment", "arguments", "log"] {
            let text = try directory.read(name)
            #expect(!text.contains("wort") && !text.contains("cHVzaDp3b3J0"), "\(name): \(text)")
        }
        #expect(try Files.names(in: directory.file("context")) == [])
    }

    @Test func `podman and buildah are told the file of logins, and which registry to trust`() throws {
        for kind in [Engine.Kind.podman, .buildah] {
            let path = try engines.add(
                kind.rawValue,
                """
                push*) echo "$*" >\(directory.file("arguments")); printf '\(Self.digest)' >"$3"
                    echo 'Copying blob sha256:\(String(repeating: "1", count: 64))' >&2
                    echo 'Copying config sha256:2' >&2;;
                """)
            let engine = Engine(kind: kind, path: path, version: "4", mounts: true)
            let end = "sha256:abc docker://reg.test:5000/team/churn:3\n"
            #expect(try push(engine) == Self.digest)
            let file = "push --digestfile \(directory.file("context"))/push/digest"
            #expect(try directory.read("arguments") == "\(file) \(end)")
            _ = try push(engine, login: Self.login, isInsecure: true)
            #expect(
                try directory.read("arguments")
                    == "\(file) --authfile \(directory.file("auth.json")) --tls-verify=false \(end)")
        }
    }

    @Test func `what may pass is tried three times, and nothing else twice`() throws {
        let count = directory.file("count")
        func tries(_ words: String) throws -> (Int, Problem?, [String]) {
            try? Files.remove(count)
            let engine = try docker("echo x >>\(count); echo '\(words)' >&2; exit 1")
            var told: [String] = []
            let problem = #expect(throws: Problem.self) {
                try push(engine, login: Self.login, told: { told.append($0) })
            }
            return (try directory.read("count").split(separator: "\n").count, problem, told)
        }
        let silent = try tries(
            "Get \"https://reg.test:5000/v2/\": dial tcp 10.0.0.1:5000: connect: connection refused")
        #expect(silent.0 == 3 && silent.2.count == 2)
        #expect(silent.1?.message.hasPrefix("the registry reg.test:5000 does not answer: Get") == true)
        #expect(try tries("received unexpected HTTP status: 503 Service Unavailable").0 == 3)
        for words in [
            "unauthorized: authentication required", "denied: requested access to the resource is denied",
            "name unknown: The repository with name team/churn does not exist",
            "Get \"https://reg.test:5000/v2/\": x509: certificate signed by unknown authority",
            "what is this",
        ] {
            let (count, problem, told) = try tries(words)
            #expect(count == 1 && told.isEmpty && problem?.code == .pushFailed, "\(words)")
        }
    }

    @Test func `a try that works after one that did not is a push`() throws {
        let mark = directory.file("mark")
        let engine = try docker(
            "if [ -f \(mark) ]; then echo '3: digest: \(Self.digest) size: 1'; else touch \(mark); echo EOF: EOF; exit 1; fi"
        )
        #expect(try push(engine) == Self.digest)
    }

    @Test(arguments: [
        ("no basic auth credentials", "the registry reg.test:5000 wants a login", "podman login --authfile"),
        ("unauthorized: authentication required", "the registry reg.test:5000 refused the login", "password"),
        (
            "Error: trying to reuse blob sha256:1 at destination: checking whether a blob sha256:1 exists in "
                + "reg.test:5000/team/churn: unauthorized: authentication required",
            "the registry reg.test:5000 refused the login: unauthorized: authentication required", "password"
        ),
        (
            "denied: requested access to the resource is denied",
            "the registry reg.test:5000 does not let this login write to team/denied: ", "the right to write"
        ),
        (
            "Error: writing blob: initiating layer upload to /v2/x/blobs/uploads/ in reg.test:5000: denied",
            "the registry reg.test:5000 does not let this login write to team/denied: ", "the right to write"
        ),
        (
            "denied",
            "the registry reg.test:5000 does not let this login write to team/denied: ", "the right to write"
        ),
        (
            "name unknown: The repository with name x does not exist in the registry with id '1'",
            "the registry reg.test:5000 has no repository team/denied", "create it"
        ),
        (
            "http: server gave HTTP response to HTTPS client",
            "there is no trusted connection to the registry reg.test:5000", "insecure"
        ),
        (
            "net/http: TLS handshake timeout", "the registry reg.test:5000 does not answer", "reaches it"
        ),
        ("Cannot connect to the Docker daemon at unix:///x.", "docker does not answer", "doctor"),
        ("error: team/denied of all", "docker could not push to the registry reg.test:5000", "log"),
    ])
    func `a registry's words are taken for what they are`(_ words: String, _ message: String, _ hint: String)
        throws
    {
        let target = try ImageReference("reg.test:5000/team/denied:1", field: "")
        let failure = PushFailure(["Preparing", words, ""], target, .docker, hasLogin: nil)
        #expect(failure.problem.message.hasPrefix(message), "\(failure.problem.message)")
        #expect(failure.problem.hint?.contains(hint) == true, "\(failure.problem.hint ?? "")")
    }

    @Test func `a stop and a registry that hangs end it`() throws {
        let engine = try docker("sleep 60")
        let stopped = #expect(throws: Problem.self) { try push(engine, shouldStop: { true }) }
        #expect(stopped?.code == .invalidState)
        let hung = #expect(throws: Problem.self) { try push(engine, seconds: 0.2) }
        #expect(hung?.code == .pushFailed && hung?.message.contains("took longer than") == true)
        #expect(try Files.names(in: directory.file("context")) == [])
    }
}

@Suite struct RegistryLoginsTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func configuration(_ json: String, _ image: String) throws -> String {
        let logins = try RegistryLogins(directory.write(json, to: "auth.json"))
        let bytes = try logins.dockerConfiguration(for: ImageReference(image, field: ""))
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        (#"{"auths":{"https://reg.test/v1/":{"auth":"YTpi"}}}"#, #"{"auths":{"reg.test":{"auth":"YTpi"}}}"#),
        (
            #"{"auths":{"reg.test":{"username":"a","password":"b"}}}"#,
            #"{"auths":{"reg.test":{"auth":"YTpi"}}}"#
        ),
        (
            #"{"auths":{"reg.test":{"auth":"eDp5"},"reg.test/team":{"auth":"YTpi"},"reg.test/other":{"auth":"eg=="}}}"#,
            #"{"auths":{"reg.test":{"auth":"YTpi"}}}"#
        ),
        (#"{"auths":{"else.test":{"auth":"YTpi"}},"currentContext":"far"}"#, "{}"),
        (#"{"credHelpers":{"reg.test":"gcloud"},"proxies":{}}"#, #"{"credHelpers":{"reg.test":"gcloud"}}"#),
    ])
    func `of a file docker gets what one push needs`(_ json: String, _ expected: String) throws {
        #expect(try configuration(json, "reg.test/team/churn:1") == expected)
    }

    @Test func `docker's own name of its hub is known`() throws {
        let json = #"{"auths":{"docker.io":{"auth":"YTpi"}}}"#
        #expect(
            try configuration(json, "docker.io/team/churn").replacing("\\/", with: "/")
                == #"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}}"#)
    }

    @Test(arguments: ["", "secret", "[]", "{}", #"{"auths":{"a":"secret"}}"#])
    func `a file of something else is refused by its name, and not quoted`(_ text: String) throws {
        let path = try directory.write(text, to: "auth.json")
        let problem = #expect(throws: Problem.self) { try RegistryLogins(path) }
        #expect(problem?.message.hasPrefix("images.registry_auth_file: \(path) ") == true)
        #expect(problem?.description.contains("secret") == false)
    }
}
