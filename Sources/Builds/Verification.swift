internal import Builders
internal import Core
internal import FoundationEssentials
internal import Posix
internal import Recipes
internal import Settings

/// The step that starts the finished image without network and has it answer the model's own example.
struct Verification {
    let engine: Engine
    let settings: Settings
    let environment: [String: String]
    let directory: BuildDirectory
    let record: BuildRecord
    let log: LogWriter

    /// Takes the step, unless the request or the site does without it or this machine cannot.
    ///
    /// - Parameters:
    ///   - image: as the engine has it.
    ///   - order: what was asked for.
    ///   - recipe: what it was made by.
    ///   - shouldStop: asked several times a second; true ends it.
    /// - Throws: `verificationFailed` with the model's own words, or what keeps it from being recorded.
    func run(_ image: BuiltImage, _ order: BuildOrder, _ recipe: Recipe, shouldStop: () -> Bool) throws {
        guard order.options.smokeTest ?? settings.builds.smokeTest else { return }
        do {
            try engine.checkCanRun(order.options.platform)
        } catch {
            record.warn("the image was not tried: \(error.message)")
            return
        }
        guard let runner = engine.runner(environment: environment) else {
            record.warn("the image was not tried: buildah starts no containers, and podman is not installed")
            return
        }
        try record.update { status, now in status.enter(.verifying, at: now) }
        let trial = try trial(of: image, by: runner, recipe.servingExample, shouldStop)
        if trial.isOfAnotherProcessor {
            record.warn("the image was not tried: it is for another processor than this machine's")
            return
        }
        list(trial.secondAnswer)
        do {
            try judge(trial, runner)
        } catch let problem as Problem where problem.code == .verificationFailed && recipe.isForGPU {
            record.warn(
                "the image is for a GPU and was tried without one: \(problem.message)"
                    + (problem.hint.map { " (\($0))" } ?? ""))
        }
    }

    private func trial(
        of image: BuiltImage, by runner: Engine, _ example: ServingExample?, _ shouldStop: () -> Bool
    ) throws -> Trial {
        record.note(
            "starting the image without network"
                + (example.map { ", to be asked for \($0.path)" }
                    ?? "; the model has no example that could be sent, so only /ping is asked"))
        let seconds = settings.builds.smokeTestSeconds
        var question = ["python3", "/opt/slipway/serve.py", "try", String(seconds)]
        if let example { question += [example.form.rawValue, example.path] }
        var request = TrialRequest(
            image: image.id, name: "slipway-verify-\(directory.id)", question: question,
            seconds: Double(seconds))
        request.secondQuestion = Inventory.question
        return try runner.trial(
            request, environment: environment, log: log, shouldStop: shouldStop)
    }

    /// Writes down what is installed in the image, where it answered that far; nothing depends on it.
    func list(_ answer: [UInt8]?) {
        guard let answer, let image = record.current.image else { return }
        guard let inventory = Inventory(answer) else {
            record.note("what is installed in the image could not be listed")
            return
        }
        let bill = inventory.billOfMaterials(of: image, at: Clock.system.now())
        do {
            try Files.replace(directory.billOfMaterialsPath, with: JSON.encode(bill), isLasting: false)
            record.note("the image holds \(bill.components.count) packages")
        } catch {
            record.note("the list of what is installed in the image could not be written: \(error)")
        }
    }

    /// Records what came of a trial.
    ///
    /// - Throws: `verificationFailed` where that is no good.
    private func judge(_ trial: Trial, _ runner: Engine) throws {
        let seconds = settings.builds.smokeTestSeconds
        guard let answer = trial.answer.flatMap(TrialAnswer.init) else {
            throw trial.withoutAnswer(runner)
        }
        try record.update { status, _ in status.verification = answer.figures }
        if let problem = answer.problem(seconds: seconds, output: trial.output) { throw problem }
        for warning in answer.warnings { record.warn(warning) }
        record.note(answer.summary)
    }
}

extension Trial {
    /// Whether nothing of the image ran, and that for the kernel's reason for programs of another processor.
    ///
    /// A model may come upon such a program too, and says more by then.
    var isOfAnotherProcessor: Bool {
        let lines = output.split { $0.isNewline }
        return answer == nil && end != nil && lines.count == 1
            && output.lowercased().contains("exec format error")
    }

    /// What kept the image from being asked.
    fileprivate func withoutAnswer(_ engine: Engine) -> Problem {
        let trace = ModelTrace(output)
        let log = "the build's log has all that the container wrote"
        switch end {
        case nil:
            return Problem(
                .verificationFailed,
                "the image could not be asked: \(complaint.isEmpty ? "no answer came" : complaint)",
                hint: trace.text.isEmpty ? log : trace.text)
        case .exited(125)?:
            return Problem(
                .verificationFailed, "\(engine.kind.rawValue) could not start the image: \(trace.text)",
                hint: "run: slipway doctor; or build with \"smoke_test\": false")
        case .exited(137)?, .signalled(9)?:
            return Problem(
                .verificationFailed,
                "the image's server was killed before it answered, probably for want of memory",
                hint: trace.text.isEmpty ? log : trace.text)
        case let end?:
            let network = Problem.needsNetwork(trace.text) ? Problem.networkWords : ""
            return Problem(
                .verificationFailed,
                "the image's server ended with \(end) before it answered"
                    + (trace.error.map { ": \($0)" } ?? "") + network,
                hint: trace.text.isEmpty ? log : trace.text)
        }
    }
}

extension Problem {
    /// Whether a model's words tell that it missed the network.
    static func needsNetwork(_ text: String) -> Bool {
        let signs = [
            "network is unreachable", "temporary failure in name resolution", "name or service not known",
            "failed to establish a new connection", "failed to resolve", "connection error",
        ]
        return signs.contains(where: text.lowercased().contains)
    }

    static let networkWords =
        " (the image is tried without network; for a model that needs it say \"smoke_test\": false)"
}
