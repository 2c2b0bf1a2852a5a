package import Core
package import Posix

/// What an image is asked while a container of it runs.
package struct TrialRequest: Sendable {
    /// The image's id.
    package let image: String
    /// What the container is called.
    package let name: String
    /// A program of the image with its arguments, run beside the server; the last line that it prints is its answer.
    package let question: [String]
    /// Another one, run after it; empty for none.
    package var secondQuestion: [String] = []
    /// How long it may take from the container's start.
    package let seconds: Double

    package init(image: String, name: String, question: [String], seconds: Double) {
        self.image = image
        self.name = name
        self.question = question
        self.seconds = seconds
    }
}

/// How an image did.
package struct Trial: Sendable {
    /// A line of JSON, if the question came to one.
    package let answer: [UInt8]?
    /// The same for the second question, which is asked after an answer to the first.
    package var secondAnswer: [UInt8]?
    /// How the container ended by itself; nil where it ran to the last.
    package let end: ExitStatus?
    /// What the question said where that is no answer.
    package let complaint: String
    /// The end of what the container wrote.
    package let output: String

    package init(
        answer: [UInt8]?, secondAnswer: [UInt8]? = nil, end: ExitStatus?, complaint: String, output: String
    ) {
        self.answer = answer
        self.secondAnswer = secondAnswer
        self.end = end
        self.complaint = complaint
        self.output = output
    }
}

extension Engine {
    /// Who starts containers of this engine's images: buildah starts none, podman keeps images in the same place.
    ///
    /// - Parameter environment: this process's own.
    /// - Returns: nil where that is not installed.
    package func runner(environment: [String: String]) -> Engine? {
        guard kind == .buildah else { return self }
        guard let podman = Executable.find("podman", searchPath: environment["PATH"]) else { return nil }
        return Engine(
            kind: .podman, path: podman, version: "", mounts: false, runtime: runtime, limits: limits,
            sharesNetwork: sharesNetwork)
    }

    /// Starts a container without network, asks it and removes it, whatever comes between.
    ///
    /// - Parameters:
    ///   - request: which image, and what to ask.
    ///   - environment: this process's own.
    ///   - log: gets the container's output.
    ///   - shouldStop: asked several times a second; true ends it all.
    /// - Returns: what came of it.
    /// - Throws: `invalidState` after a stop.
    package func trial(
        _ request: TrialRequest, environment: [String: String], log: LogWriter, shouldStop: () -> Bool
    ) throws(Problem) -> Trial {
        let environment = EngineEnvironment.filtered(environment)
        // One of this name can only be left from a runner that had this build before.
        remove(request.name, environment)
        let container = TrialContainer(log: log)
        do throws(SystemError) {
            try container.start(trialCommand(request, environment), seconds: request.seconds + 120)
        } catch {
            throw Problem(
                .internalError, "the image could not be started", hint: "run: slipway doctor", cause: error)
        }
        defer {
            // A client that was just started may not have come to its container yet, one that was killed leaves it
            // running, and an engine that hangs is not waited for.
            var tries = 0
            while tries < 3, remove(request.name, environment) {
                container.waitForEnd(milliseconds: 1000)
                tries = container.end == nil ? tries + 1 : 3
            }
        }
        let deadline = ContinuousClock.now + .seconds(request.seconds + 15)
        while container.end == nil, !isRunning(request.name, environment), ContinuousClock.now < deadline {
            guard !shouldStop() else { throw .stopped }
            Threads.sleep(.milliseconds(50))
        }
        func ask(_ question: [String], limit: Int, until deadline: ContinuousClock.Instant) throws(Problem)
            -> (answer: [UInt8]?, lastLine: String)
        {
            guard container.end == nil, !question.isEmpty else { return (nil, "") }
            let words = try self.ask(
                ["exec", request.name] + question, limit: limit, container, environment, deadline, shouldStop)
            let lines = words.split(separator: UInt8(ascii: "\n"))
            let answer = lines.last { $0.first == UInt8(ascii: "{") && $0.last == UInt8(ascii: "}") }
            return (answer.map { Array($0) }, String(decoding: lines.last ?? [], as: UTF8.self))
        }
        let (answer, lastLine) = try ask(request.question, limit: 1 << 17, until: deadline)
        if answer == nil { container.waitForEnd(milliseconds: 3000) }
        let end = container.end
        let second =
            answer == nil
            ? nil : try ask(request.secondQuestion, limit: 4 << 20, until: .now + .seconds(30)).answer
        return Trial(
            answer: answer, secondAnswer: second, end: end, complaint: lastLine.printable(limit: 300),
            output: container.output)
    }

    private func isRunning(_ name: String, _ environment: [String: String]) -> Bool {
        let command = Command(
            path, ["inspect", "--format", "{{.State.Running}}", name], environment: environment)
        let outcome = try? command.run(seconds: 3)
        return outcome?.output.filter { !$0.isWhitespace } == "true"
    }

    /// - Returns: the end of what the question wrote, about `limit` bytes.
    private func ask(
        _ arguments: [String], limit: Int, _ container: TrialContainer, _ environment: [String: String],
        _ deadline: ContinuousClock.Instant, _ shouldStop: () -> Bool
    ) throws(Problem) -> [UInt8] {
        let command = Self.tied(Command(path, arguments, environment: environment), "TERM")
        var words: [UInt8] = []
        var stopped = false
        let left = ContinuousClock.now.duration(to: deadline)
        do {
            _ = try command.run(
                seconds: max(1, Double(left.components.seconds)), endingWith: Signals.kill
            ) {
                stopped = stopped || shouldStop()
                return stopped || container.end != nil
            } sink: { bytes in
                words += bytes
                if words.count > 2 * limit { words.removeFirst(words.count - limit) }
            }
        } catch {
            throw Problem(
                .internalError, "\(path) cannot be run", hint: "run: slipway doctor", cause: error)
        }
        if stopped { throw .stopped }
        return words
    }

    /// Removes a container, if there is one of this name, at once.
    ///
    /// - Returns: whether the engine answered; docker's server goes on all the same.
    @discardableResult
    private func remove(_ name: String, _ environment: [String: String]) -> Bool {
        let command = Command(path, ["rm", "--force", "--volumes", name], environment: environment)
        return (try? command.run(seconds: kind == .docker ? 4 : 30))?.timedOut == false
    }

    private func trialCommand(_ request: TrialRequest, _ environment: [String: String]) -> Command {
        let options = trialOptions(request) + [request.image]
        return Self.tied(
            Command(
                "/bin/sh", ["-c", Self.keeper, "sh", path, request.name] + options, environment: environment),
            "TERM")
    }

    /// Runs the engine's client; where its own parent dies before it, no container is left.
    ///
    /// The client alone would only hand the signal on, and Python that is being started as a container's first process
    /// does not heed it. A container that is being made at that moment is there a second later.
    private static let keeper = """
        engine=$1 name=$2; shift 2
        remove() { "$engine" rm --force --volumes "$name" >/dev/null 2>&1; }
        trap 'kill -KILL $client 2>/dev/null; remove; sleep 1; remove; exit 143' TERM
        "$engine" "$@" & client=$!
        wait $client
        """

    func trialOptions(_ request: TrialRequest) -> [String] {
        // One worker tells as much as many, and holds the model in memory once.
        let options = [
            "run", "--rm", "--name", request.name, "--network", "none", "--read-only",
            "--tmpfs", "/tmp:rw,exec,mode=1777", "--workdir", "/tmp", "--cap-drop", "ALL", "--security-opt",
            "no-new-privileges", "--log-driver", "none", "--no-healthcheck", "--env",
            "MLFLOW_MODELS_WORKERS=1",
        ]
        guard kind == .podman else { return options }
        // podman hands this machine's proxies on, with their passwords, unless it is told not to.
        var more = ["--http-proxy=false", "--stop-timeout", "0"]
        if mounts { more += ["--timeout", String(Int(request.seconds) + 120)] }
        return runtimeOption + options + limits + more
    }
}

extension Problem {
    /// What a step throws after a stop; the caller knows who wanted it.
    static var stopped: Problem { Problem(.invalidState, "the build was stopped") }
}
