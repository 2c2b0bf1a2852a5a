package import Core
internal import FoundationEssentials
internal import Posix

/// One image to build.
package struct BuildRequest: Sendable {
    /// The directory that holds `model/` and `slipway/`.
    package let context: String
    /// The Dockerfile's path, outside of the context.
    package let dockerfile: String
    /// The image's names; the first is the one that it is asked for by.
    package let tags: [ImageReference]
    package var noCache = false
    /// Whether to ask the registry for a newer base image.
    package var pull = false
    /// nil is this machine's own.
    package var platform: Platform?
    /// The buildx builder that builds, for docker; nil is docker's own.
    package var builder: String?
    /// Values for ARG instructions.
    package var buildArguments: [String: String] = [:]
    /// Files that RUN steps may mount, by id; a plain build has none.
    package var secrets: [String: String] = [:]
    /// Variables for the engine's client beside this process's own, such as proxies.
    package var environment: [String: String] = [:]
    /// Texts that must not reach the log.
    package var hiddenTexts: [String] = []

    package init(context: String, dockerfile: String, tags: [ImageReference]) {
        self.context = context
        self.dockerfile = dockerfile
        self.tags = tags
    }
}

package struct BuiltImage: Sendable, Codable, Equatable {
    /// `sha256:…`, the engine's own name for it.
    package let id: String
    /// The manifest's digest, where the engine has one before a push.
    package let digest: String?
    package let sizeBytes: Int
}

extension Engine {
    /// Builds an image; the engine's plain output goes to the log's end.
    ///
    /// - Parameters:
    ///   - request: what to build and how to call it.
    ///   - environment: this process's own; the engine gets what it needs of it.
    ///   - log: gets the output.
    ///   - seconds: how long the build may take.
    ///   - idleSeconds: how long it may print nothing.
    ///   - shouldStop: asked several times a second; true ends the build.
    ///   - follow: told the steps so far whenever one begins or ends.
    /// - Returns: the image as the engine has it now.
    /// - Throws: `buildFailed` with what the failing step said last, `buildTimedOut`, or `invalidState` after a stop.
    package func build(
        _ request: BuildRequest, environment: [String: String], log: LogWriter, seconds: Double,
        idleSeconds: Double = .infinity, shouldStop: () -> Bool,
        follow: @escaping ([EngineStep]) -> Void = { _ in }
    ) throws(Problem) -> BuiltImage {
        if let builder = request.builder {
            try checkAnswers(builder, environment)
        } else {
            try checkCanRun(request.platform)
        }
        let idFile = "\(request.dockerfile).id"
        defer { try? Files.remove(idFile) }
        let environment = buildEnvironment(environment.merging(request.environment) { $1 })
        let proxies = EngineEnvironment.proxyNames(environment).compactMap { environment[$0] }
        var output = BuildOutput(
            log: log, secrets: request.hiddenTexts + proxies.flatMap(WebAddress.hiddenTexts), follow: follow)
        var stopped = false
        var isIdle = false
        var lastOutput = ContinuousClock.now
        let outcome: Command.Outcome
        do {
            let arguments = try buildArguments(request, idFile: idFile, environment)
            // A hang-up is what podman hands on to a running step; a SIGTERM would leave the step behind, alive.
            let ending = kind == .docker ? Signals.terminate : Signals.hangUp
            let command = Self.tied(
                Command(path, arguments, environment: environment), kind == .docker ? "TERM" : "HUP")
            outcome = try command.run(seconds: seconds, endingWith: ending) {
                stopped = stopped || shouldStop()
                isIdle = isIdle || lastOutput.duration(to: .now) > .seconds(min(idleSeconds, 1e9))
                return stopped || isIdle
            } sink: { bytes in
                lastOutput = .now
                try output.take(bytes, at: Clock.system.now())
            }
            try output.finish(at: Clock.system.now())
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.buildFailed, "\(path) cannot be run", hint: "run: slipway doctor", cause: error)
        }
        if stopped { throw Problem(.invalidState, "the build was stopped") }
        if isIdle {
            throw Problem(
                .buildTimedOut, "the build printed nothing for \(Int(idleSeconds)) seconds",
                hint: "look at the log for the step that hangs, or raise builds.idle_timeout_seconds")
        }
        if outcome.timedOut {
            throw Problem(
                .buildTimedOut, "the build took longer than \(Int(seconds)) seconds",
                hint: "look at the log for the step that hangs, or allow more time")
        }
        guard outcome.status.isSuccess else {
            let proxy = environment["https_proxy"] ?? environment["http_proxy"]
            throw BuildLog(output.end).problem(outcome.status, proxy: proxy)
        }
        return try inspect(idFile, request.tags[0], environment)
    }

    /// Tells a builder that is gone from a build that fails.
    private func checkAnswers(_ builder: String, _ environment: [String: String]) throws(Problem) {
        let command = Command(
            path, ["buildx", "inspect", builder], environment: EngineEnvironment.filtered(environment))
        guard let answer = try? command.run(seconds: 60) else {
            throw Problem(.temporarilyUnavailable, "\(path) cannot be run", hint: "run: slipway doctor")
        }
        guard answer.status.isSuccess else {
            let said = answer.errors.split(separator: "\n").last.map(String.init) ?? "it says nothing"
            throw Problem(
                .temporarilyUnavailable, "there is no builder \(builder): \(said.printable(limit: 200))",
                hint:
                    "make it, for example: docker buildx create --name \(builder) --driver remote tcp://HOST:PORT"
            )
        }
        guard answer.output.contains(/Status: +running/) else {
            throw Problem(
                .temporarilyUnavailable, "the builder \(builder) does not answer",
                hint: "look at it: docker buildx inspect \(builder); nothing is wrong with the build itself")
        }
    }

    private func buildEnvironment(_ own: [String: String]) -> [String: String] {
        var environment = EngineEnvironment.filtered(own)
        if kind == .docker {
            environment["DOCKER_BUILDKIT"] = mounts ? "1" : "0"
        } else if environment["TMPDIR"] == nil, let home = environment["HOME"] {
            // buildah 1.28 keeps cache mounts beneath TMPDIR at one place for all users: any of them could fill it first.
            let directory = "\(home)/.cache/slipway"
            if (try? Files.makeDirectory(directory)) != nil { environment["TMPDIR"] = directory }
        }
        return environment
    }

    /// The same command, told by the kernel when this process dies: a killed runner leaves no engine at work behind.
    ///
    /// By setpriv(1) of util-linux, since posix_spawn(3) cannot ask for it; without it the command is as it was.
    static func tied(_ command: Command, _ signal: String) -> Command {
        guard let setpriv = Executable.find("setpriv", searchPath: command.environment["PATH"]) else {
            return command
        }
        return Command(
            setpriv, ["--pdeathsig", signal, "--", command.path] + command.arguments,
            environment: command.environment)
    }

    func buildArguments(_ request: BuildRequest, idFile: String, _ environment: [String: String])
        throws(Problem) -> [String]
    {
        var arguments =
            switch kind {
            case .docker:
                (request.builder.map { ["buildx", "build", "--load", "--builder", $0] } ?? ["build"])
                    + (mounts ? ["--progress", "plain"] : [])
            case .podman: runtimeOption + ["build"]
            case .buildah: ["bud"] + runtimeOption
            }
        if kind == .docker {
            // By name only: the values travel in the environment, and into no layer.
            for name in EngineEnvironment.proxyNames(environment) { arguments += ["--build-arg", name] }
            if request.pull { arguments.append("--pull") }
        } else {
            // The docker format has health checks; a failed step leaves no container behind.
            arguments += ["--format", "docker", "--layers", "--force-rm"] + networkOption
            arguments.append(request.pull ? "--pull=always" : "--pull=false")
        }
        // No secrets, so they may be seen; in the client's environment they could mean something to the client.
        for (name, value) in request.buildArguments.sorted(by: { $0.key < $1.key }) {
            arguments += ["--build-arg", "\(name)=\(value)"]
        }
        if let platform = request.platform { arguments += ["--platform", platform.description] }
        if request.noCache { arguments.append("--no-cache") }
        for (id, file) in request.secrets.sorted(by: { $0.key < $1.key }) where mounts {
            guard !file.contains(",") && !file.contains("\"") else {
                throw .invalid(id, "a path with a comma or quote cannot be given to \(kind.rawValue)")
            }
            arguments += ["--secret", "id=\(id),src=\(file)"]
        }
        for tag in request.tags { arguments += ["--tag", tag.description] }
        arguments += ["--file", request.dockerfile, "--iidfile", idFile]
        return arguments + [request.context]
    }

    private struct Inspection: Decodable {
        let id: String
        let size: Int
        let digest: String?
        let repositoryDigests: [String]?

        enum CodingKeys: String, CodingKey {
            case id = "Id"
            case size = "Size"
            case digest = "Digest"
            case repositoryDigests = "RepoDigests"
        }
    }

    private struct Listing: Decodable {
        let digest: String?
        let size: String
    }

    /// What the engine says of the image that it just built.
    private func inspect(_ idFile: String, _ tag: ImageReference, _ environment: [String: String])
        throws(Problem) -> BuiltImage
    {
        do {
            let id = String(decoding: try Files.read(idFile, limit: 1024), as: UTF8.self).filter {
                !$0.isWhitespace
            }
            let isBuildah = kind == .buildah
            let arguments = isBuildah ? ["images", "--json", tag.description] : ["image", "inspect", id]
            let outcome = try Command(path, arguments, environment: environment).run(seconds: 60)
            let answer = Data(outcome.output.utf8)
            if isBuildah, let found = try JSONDecoder().decode([Listing].self, from: answer).first {
                return BuiltImage(id: id, digest: found.digest, sizeBytes: Self.bytes(found.size) ?? 0)
            }
            if !isBuildah, let found = try JSONDecoder().decode([Inspection].self, from: answer).first {
                let named = found.repositoryDigests?.first?.split(separator: "@").last.map(String.init)
                return BuiltImage(id: id, digest: found.digest ?? named, sizeBytes: found.size)
            }
        } catch {
            throw missing(error)
        }
        throw missing(nil)
    }

    private func missing(_ cause: (any Error)?) -> Problem {
        Problem(
            .buildFailed, "the build succeeded, but \(kind.rawValue) does not have its image",
            hint: kind == .docker
                ? "a buildx builder that keeps its results to itself may be in use: docker buildx use default"
                : nil,
            cause: cause)
    }

    /// `820 MB` in bytes, as exact as it is.
    static func bytes(_ text: String) -> Int? {
        let parts = text.split(separator: " ")
        let units = ["B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12]
        guard parts.count == 2, let number = Double(parts[0]), let unit = units[parts[1].uppercased()] else {
            return nil
        }
        return Int(number * unit)
    }
}
