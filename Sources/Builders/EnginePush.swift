package import Core
internal import Posix

/// One name to push an image by.
package struct PushRequest: Sendable {
    /// The image's id.
    package let image: String
    /// With registry and tag.
    package let target: ImageReference
    /// Logins; nil for those that the engine has of its own.
    package var authFile: String?
    /// Whether the registry's certificate does not count.
    package var isInsecure = false
    /// A directory for files of this push; they are gone afterwards.
    package let directory: String
    /// Variables for the engine's client beside this process's own, such as proxies.
    package var environment: [String: String] = [:]
    /// Seconds between one try and the next; there is one try more.
    package var pauses: [Double] = [3, 10]

    package init(image: String, target: ImageReference, directory: String) {
        self.image = image
        self.target = target
        self.directory = directory
    }
}

extension Engine {
    /// Gives an image to its registry; the engine's plain output goes to the log's end.
    ///
    /// - Parameters:
    ///   - request: what goes where.
    ///   - environment: this process's own.
    ///   - log: gets the output.
    ///   - seconds: how long all tries together may take.
    ///   - shouldStop: asked several times a second; true ends it.
    ///   - follow: told how many layers are through, of how many.
    ///   - say: gets a line where a try failed and another follows.
    /// - Returns: the manifest's digest, as the registry has it.
    /// - Throws: `pushFailed` with the cause in words, or `invalidState` after a stop.
    package func push(
        _ request: PushRequest, environment: [String: String], log: LogWriter, seconds: Double,
        shouldStop: () -> Bool, follow: @escaping (Int, Int) -> Void, say: (String) -> Void
    ) throws(Problem) -> String? {
        let logins = try request.authFile.map { path throws(Problem) in try RegistryLogins(path) }
        let files = "\(request.directory)/push"
        defer { try? Files.remove(files) }
        do throws(SystemError) {
            try Files.remove(files)
            try Files.makeDirectory(files)
        } catch {
            throw Problem(.internalError, "no temporary files can be written", cause: error)
        }
        var attempt = Attempt(
            request: request, logins: logins, idFile: "\(files)/digest",
            environment: EngineEnvironment.filtered(environment.merging(request.environment) { $1 }),
            log: log,
            deadline: .now + .seconds(seconds), limit: seconds)
        if kind == .docker {
            try tag(request, attempt.environment)
            if let logins { try logIn(logins, request.target, "\(files)/docker", &attempt.environment) }
        }
        var pauses = request.pauses[...]
        while true {
            do throws(PushFailure) {
                return try push(attempt, shouldStop, follow)
            } catch {
                guard error.isPassing, let pause = pauses.popFirst() else { throw error.problem }
                say("\(error.problem.message); the next try follows in \(Int(pause)) seconds")
                let end = ContinuousClock.now + .seconds(pause)
                while ContinuousClock.now < end, !shouldStop() { Threads.sleep(.milliseconds(100)) }
                if shouldStop() { throw .stopped }
            }
        }
    }

    /// What all tries have in common.
    private struct Attempt {
        let request: PushRequest
        let logins: RegistryLogins?
        /// Where podman and buildah write the digest.
        let idFile: String
        var environment: [String: String]
        let log: LogWriter
        let deadline: ContinuousClock.Instant
        let limit: Double
    }

    private func push(
        _ attempt: Attempt, _ shouldStop: () -> Bool, _ follow: @escaping (Int, Int) -> Void
    ) throws(PushFailure) -> String? {
        let request = attempt.request
        let proxies = EngineEnvironment.proxyNames(attempt.environment).compactMap { attempt.environment[$0] }
        let heard = Heard()
        var output = BuildOutput(
            log: attempt.log,
            secrets: (attempt.logins?.hiddenTexts ?? []) + proxies.flatMap(WebAddress.hiddenTexts),
            read: { line in
                if heard.output.read(line) { follow(heard.output.done, heard.output.total) }
            }, follow: { _ in })
        let command = Self.tied(
            Command(
                path, pushArguments(request, idFile: attempt.idFile), environment: attempt.environment),
            "TERM")
        let left = ContinuousClock.now.duration(to: attempt.deadline).components.seconds
        var stopped = false
        let outcome: Command.Outcome
        do {
            outcome = try command.run(seconds: max(1, Double(left)), endingWith: Signals.terminate) {
                stopped = stopped || shouldStop()
                return stopped
            } sink: { bytes in
                try output.take(bytes, at: Clock.system.now())
            }
            try output.finish(at: Clock.system.now())
        } catch let problem as Problem {
            throw PushFailure(problem)
        } catch {
            throw PushFailure(
                Problem(.pushFailed, "\(path) cannot be run", hint: "run: slipway doctor", cause: error))
        }
        if stopped { throw PushFailure(.stopped) }
        if outcome.timedOut {
            throw PushFailure(
                Problem(
                    .pushFailed,
                    "the push to \(request.target) took longer than \(Int(attempt.limit)) seconds",
                    hint: "look whether the registry is slow or hangs, or allow more time (timeout_seconds)"))
        }
        guard outcome.status.isSuccess else {
            throw PushFailure(
                heard.output.lines, request.target, kind, hasLogin: attempt.logins?.knows(request.target))
        }
        if let digest = heard.output.digest { return digest }
        let written = try? Files.read(attempt.idFile, limit: 1024)
        return written.map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
    }

    /// What was read so far, for a closure that outlives its call.
    private final class Heard { var output = PushOutput() }

    func pushArguments(_ request: PushRequest, idFile: String) -> [String] {
        guard kind != .docker else { return ["push", request.target.description] }
        var arguments = ["push", "--digestfile", idFile]
        if let file = request.authFile { arguments += ["--authfile", file] }
        if request.isInsecure { arguments.append("--tls-verify=false") }
        return arguments + [request.image, "docker://\(request.target)"]
    }

    /// docker pushes names only.
    private func tag(_ request: PushRequest, _ environment: [String: String]) throws(Problem) {
        let command = Command(
            path, ["tag", request.image, request.target.description], environment: environment)
        let outcome = try? command.run(seconds: 60)
        guard outcome?.status.isSuccess == true else {
            let said = outcome?.errors.split { $0.isNewline }.last.map(String.init)
            throw Problem(
                .pushFailed,
                "the image cannot be called \(request.target): "
                    + (said?.printable(limit: 300) ?? "docker does not answer"),
                hint: "run: slipway doctor")
        }
    }

    /// Gives docker a configuration of its own that holds one login, and still the server that it talks to.
    private func logIn(
        _ logins: RegistryLogins, _ target: ImageReference, _ directory: String,
        _ environment: inout [String: String]
    ) throws(Problem) {
        if environment["DOCKER_HOST"] == nil {
            // The server may stand in a context, which is part of the configuration that is left.
            let format = "{{.Endpoints.docker.Host}}\n{{.Storage.TLSPath}}"
            let command = Command(path, ["context", "inspect", "--format", format], environment: environment)
            let lines = (try? command.run(seconds: 15))?.output.split { $0.isNewline }.map(String.init) ?? []
            environment["DOCKER_HOST"] = lines.first
            if let path = lines.dropFirst().first, (try? Files.status("\(path)/docker/ca.pem")) ?? nil != nil
            {
                environment["DOCKER_TLS_VERIFY"] = "1"
                environment["DOCKER_CERT_PATH"] = "\(path)/docker"
            }
        }
        environment["DOCKER_CONTEXT"] = nil
        environment["DOCKER_CONFIG"] = directory
        let content = try logins.dockerConfiguration(for: target)
        do throws(SystemError) {
            try Files.makeDirectory(directory)
            try Descriptor.open("\(directory)/config.json", .create).write(content)
        } catch {
            throw Problem(.internalError, "no temporary files can be written", cause: error)
        }
    }
}
