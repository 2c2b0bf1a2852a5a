package import Core
internal import Posix
package import Settings

/// A site's scheduler, asked by the commands of the settings: each without a shell, for a bounded time and answer.
///
/// A thrown `Problem` means that it could not be reached or understood, which says nothing of any job.
package struct Scheduler: Sendable {
    private let settings: Settings.Launcher
    private let state: String
    private let program: String
    /// What stands after `build ID`.
    private let arguments: [String]
    private let environment: [String: String]
    private let manifest: Manifest?

    /// Knows how to ask; nothing is asked yet.
    ///
    /// - Parameters:
    ///   - settings: the commands and their placeholders.
    ///   - state: the state directory.
    ///   - program: path of this `slipway`.
    ///   - arguments: what a runner gets after `build ID`, such as where the settings are.
    ///   - environment: this process's; Slipway's own variables, which may be secret, go to no command.
    /// - Throws: `Problem` where the manifest cannot be used.
    package init(
        _ settings: Settings.Launcher, state: String, program: String, arguments: [String],
        environment: [String: String]
    ) throws(Problem) {
        self.settings = settings
        self.state = state
        self.program = settings.program ?? program
        self.arguments = arguments
        self.environment = environment.filter { !$0.key.hasPrefix("SLIPWAY_") }
        var manifest: Manifest?
        if let path = settings.manifest {
            manifest = try Manifest(path, needsName: settings.kind == .kubernetes)
        }
        self.manifest = manifest
    }

    /// The programs that the commands begin with, and where they lie; nil where there is none of the name.
    package var programs: [(name: String, path: String?)] {
        var names: [String] = []
        for command in [settings.submit, settings.find, settings.status, settings.cancel] {
            if let name = command.first, !names.contains(name) { names.append(name) }
        }
        return names.map { ($0, Executable.find($0, searchPath: environment["PATH"])) }
    }

    /// Hands a build's runner over.
    ///
    /// - Returns: what the scheduler calls the job. Where it throws, there may be a job all the same.
    package func submit(_ id: BuildID, log: String) throws(Problem) -> String {
        let placeholders = placeholders(id, log: log)
        var input: Descriptor?
        do {
            if settings.submit.contains("{script}") { try writeScript() }
            if let manifest {
                // No pipe: filled in it may be more than one holds, and nobody reads yet.
                let file = try Descriptor.unnamed(in: state)
                try file.write(manifest.filled(placeholders).utf8)
                try file.rewind()
                input = file
            }
        } catch {
            throw Problem(.internalError, "a job cannot be written down", cause: error)
        }
        let answer = try run(settings.submit, placeholders, input: input)
        // Slurm says NUMBER;CLUSTER where it was told one; the settings see to it that the other commands are told too.
        return try Self.job(String(answer.output.prefix { $0 != ";" }), "submit")
    }

    /// Whether a job can be asked for by its build alone.
    package var canFind: Bool { !settings.find.isEmpty }

    /// What the scheduler calls a build's job; nil where it has none.
    package func find(_ id: BuildID) throws(Problem) -> String? {
        let answer = try run(settings.find, placeholders(id))
        // The last one, should there be several.
        guard let line = answer.output.split(whereSeparator: \.isNewline).last else { return nil }
        return try Self.job(String(line), "find")
    }

    /// How far a job is.
    package func state(of job: String, _ id: BuildID) throws(Problem) -> JobState {
        let answer = try run(settings.status, placeholders(id, job: job), mayMiss: true)
        if answer.isMissing { return JobState(nil) }
        if settings.kind == .kubernetes { return try JobState(kubernetes: answer.output) }
        return try JobState(words: answer.output, settings.states)
    }

    /// Takes a job back, or has it ended.
    package func cancel(_ job: String, _ id: BuildID) throws(Problem) {
        _ = try run(settings.cancel, placeholders(id, job: job), mayMiss: true)
    }

    private func placeholders(_ id: BuildID, job: String = "", log: String? = nil) -> Placeholders {
        Placeholders(
            id: id, job: job, log: log ?? "\(state)/builds/\(id)/build.log", state: state, program: program,
            script: "\(state)/runner.sh", options: settings.options,
            command: [program, "build", id.text] + arguments)
    }

    /// Where a scheduler takes only scripts: one that becomes what it is given.
    private func writeScript() throws {
        let path = "\(state)/runner.sh"
        let script = Array("#!/bin/sh\nexec \"$@\"\n".utf8)
        if let old = try? Files.read(path, limit: 1024), old == script { return }
        try Files.replace(path, with: script, permissions: 0o700)
    }

    private func run(
        _ template: [String], _ placeholders: Placeholders, input: Descriptor? = nil, mayMiss: Bool = false
    ) throws(Problem) -> (output: String, isMissing: Bool) {
        let words = placeholders.fill(template)
        guard let name = words.first, let path = Executable.find(name, searchPath: environment["PATH"]) else {
            throw Problem(
                .internalError, "there is no program \((words.first ?? "").printable(limit: 80))",
                hint: "install the scheduler's commands on this machine, or name them by their paths")
        }
        let outcome: Command.Outcome
        do {
            outcome = try Command(path, Array(words.dropFirst()), environment: environment)
                .run(seconds: Double(settings.commandSeconds), limit: 256 << 10, input: input)
        } catch {
            throw Problem(.internalError, "\(name) cannot be started", cause: error)
        }
        if outcome.status.isSuccess, !outcome.timedOut { return (outcome.output, false) }
        if mayMiss, !outcome.timedOut, let sign = settings.unknownJob, outcome.errors.contains(sign) {
            return ("", true)
        }
        let complaint = outcome.errors.split(whereSeparator: \.isNewline).last.map {
            ": " + String($0).printable(limit: 200)
        }
        let end =
            outcome.timedOut
            ? "did not answer within \(settings.commandSeconds) s" : "ended with \(outcome.status)"
        throw Problem(.temporarilyUnavailable, "\(name.printable(limit: 80)) \(end)\(complaint ?? "")")
    }

    /// What can be a job's name: safe in a file, in a log and as a word of a command.
    private static func job(_ text: String, _ command: String) throws(Problem) -> String {
        let job = text.drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
        guard job.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\[\]-]{0,252}/) != nil,
            text.filter({ !$0.isWhitespace }).count == job.count
        else {
            throw Problem(
                .internalError, "\(command) answered \"\(text.printable(limit: 80))\"",
                hint: "it has to print what the scheduler calls the job, and nothing else")
        }
        return String(job)
    }
}
