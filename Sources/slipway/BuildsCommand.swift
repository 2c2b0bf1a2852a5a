internal import Builds
internal import Core
internal import Posix

/// `slipway submit`.
enum SubmitCommand: Subcommand {
    static let name = "submit"
    static let summary = "build an image of a model version, and wait for it if asked"
    static let help = """
        Usage: slipway submit MODEL VERSION [--image NAME] [--request JSON] [--wait] [--config FILE]

        Submits a build as POST …/build-docker does, on this machine and as this machine's user. VERSION is a number,
        latest, @alias or a stage.

          --image NAME      the image's name
          --request JSON    further fields of a submit, such as {"slim": true}
          --wait            follow the build to its end; the exit status says whether it succeeded
        """
    static let options: Set = ["--image", "--request", "--config"]
    static let flags: Set = ["--wait"]
    static let positional = 2...2

    static func run(_ arguments: Arguments) throws -> Bool {
        var fields: [String: JSONValue] = [
            "model_name": .text(arguments.positional[0]), "model_version": .text(arguments.positional[1]),
        ]
        if let image = arguments["--image"] { fields["image_name"] = .text(image) }
        let submission = try Submission(fields, and: arguments["--request"].map { Array($0.utf8) })
        let program = try Program(arguments)
        let builds = try program.builds()
        let accepted = try builds.submit(submission, by: program.localUser)
        Terminal.say(accepted.id.text)
        if accepted.isCoalesced { Terminal.complain("the same is being built already: this is that build") }
        guard arguments.flags.contains("--wait") else { return true }
        return try BuildWatch(builds, accepted.id).follow(log: false)
    }
}

/// `slipway builds`.
enum BuildsCommand: Subcommand {
    static let name = "builds"
    static let summary = "list builds, show one, follow its log, cancel, retry or delete it"
    static let help = """
        Usage: slipway builds list [--state STATE] [--limit N] [--config FILE]
               slipway builds show|cancel|retry ID [--config FILE]
               slipway builds delete ID [--image] [--config FILE]
               slipway builds remove-image ID [--json] [--config FILE]
               slipway builds log ID [-f] [--config FILE]
               slipway builds compress [--config FILE]
               slipway builds prune [--older-than DAYS] [--keep N] [--dry-run] [--config FILE]

        list prints a line a build, newest first; show prints one as JSON; log -f follows to the build's end, and the exit
        status says whether it succeeded. delete removes a build that has ended, with its files; the image stays, unless
        --image is said. remove-image removes the image alone. prune deletes builds submitted more than DAYS days ago,
        and all ended ones but the newest N; without either as builds.keep_days and builds.keep_count say, and images
        with them where builds.remove_images does. compress does to old logs what builds.compress_logs_after_days says, as
        slipway serve does by itself.
        """
    static let options: Set = ["--state", "--limit", "--older-than", "--keep", "--config"]
    static let flags: Set = ["--follow", "--dry-run", "--image", "--json"]
    static let positional = 1...3

    static func run(_ arguments: Arguments) throws -> Bool {
        var words = arguments.positional
        // The one option of one letter.
        let follows = arguments.flags.contains("--follow") || words.contains("-f")
        words.removeAll { $0 == "-f" }
        let program = try Program(arguments)
        let builds = try program.builds()
        if words == ["list"] { return try list(arguments, builds) }
        if words == ["compress"] {
            Terminal.complain("\(try builds.compressLogs(limit: .max)) logs were compressed")
            return true
        }
        if words == ["prune"] { return try prune(arguments, program, builds) }
        guard words.count == 2 else {
            throw Misuse(
                "say list, prune or compress, or show, log, cancel, retry, delete or remove-image with a build's id"
            )
        }
        guard let id = BuildID(words[1]) else { throw Misuse("a build's id has eight hexadecimal digits") }
        func found<Value>(_ value: Value?) throws -> Value {
            guard let value else {
                throw Problem(
                    .resourceDoesNotExist, "there is no build \(id)", hint: "run: slipway builds list")
            }
            return value
        }
        switch words[0] {
        case "show": Terminal.say(String(decoding: try found(builds.show(id)), as: UTF8.self))
        case "log": return try BuildWatch(builds, id).printLog(follows: follows)
        case "cancel":
            _ = try found(builds.cancel(id, by: program.localUser))
            Terminal.say("build \(id) is asked to end")
        case "retry": Terminal.say(try found(builds.retry(id, by: program.localUser)).id.text)
        case "delete":
            let removal = try found(builds.remove(id, withImage: arguments.flags.contains("--image")))
            if let image = removal.image { Terminal.complain(image.message) }
            Terminal.say("build \(id) is deleted")
        case "remove-image":
            return try removeImage(id, program, asJSON: arguments.flags.contains("--json"))
        default: throw Misuse("there is no \(words[0].printable(limit: 40))")
        }
        return true
    }

    private static func removeImage(_ id: BuildID, _ program: Program, asJSON: Bool) throws -> Bool {
        do {
            let history = try program.history()
            let status = try history.directory(id).status()
            guard let status else {
                throw Problem(
                    .resourceDoesNotExist, "there is no build \(id)", hint: "run: slipway builds list")
            }
            guard status.state.isTerminal else {
                throw Problem(.invalidState, "build \(id) has not ended", hint: "cancel it first")
            }
            let removal = try history.directory(id).removeImage(
                by: program.engine(), history, environment: program.environment)
            Terminal.say(asJSON ? String(decoding: try JSON.encode(removal), as: UTF8.self) : removal.message)
            return true
        } catch let problem as Problem where asJSON {
            let failure = BuildStatus.Failure(problem)
            Terminal.say(String(decoding: try JSON.encode(failure), as: UTF8.self))
            return false
        }
    }

    private static func prune(_ arguments: Arguments, _ program: Program, _ builds: BuildService) throws
        -> Bool
    {
        func number(_ option: String) throws -> Int? {
            guard let text = arguments[option] else { return nil }
            guard let number = Int(text), number >= 0 else {
                throw Misuse("\(option) must be a whole number")
            }
            return number
        }
        var (days, count) = (try number("--older-than"), try number("--keep"))
        if days == nil, count == nil {
            (days, count) = (program.settings.builds.keepDays, program.settings.builds.keepCount)
        }
        guard days != nil || count != nil else {
            throw Misuse("say --older-than DAYS or --keep N, or set builds.keep_days or builds.keep_count")
        }
        let isRehearsal = arguments.flags.contains("--dry-run")
        let gone = try builds.prune(days: days, count: count, isRehearsal: isRehearsal)
        for id in gone { Terminal.say(id.text) }
        Terminal.complain("\(gone.count) builds \(isRehearsal ? "would be" : "were") removed")
        return true
    }

    private static func list(_ arguments: Arguments, _ builds: BuildService) throws -> Bool {
        var query = [(name: "max_results", value: arguments["--limit"] ?? "50")]
        if let state = arguments["--state"] { query.append(("state", state)) }
        for bytes in try builds.list(try HistoryQuery(query)).builds {
            let build = try BuildStatus.decode(bytes)
            Terminal.say(
                [
                    build.buildID, build.state.rawValue, build.createdAt.description, build.modelName,
                    build.modelVersion, build.imageName, build.createdBy,
                ].map { $0.printable(limit: 120) }.joined(separator: "  "))
        }
        return true
    }
}

/// Follows one build for a person or a script.
struct BuildWatch {
    private let builds: BuildService
    private let id: BuildID

    init(_ builds: BuildService, _ id: BuildID) {
        self.builds = builds
        self.id = id
    }

    /// Shows how far the build is until it ends: on a terminal on one line that changes, else a line a state.
    ///
    /// - Returns: whether it succeeded.
    func follow(log: Bool) throws -> Bool {
        let isTerminal = Descriptor.isTerminal(2)
        var last = ""
        while true {
            let build = try status()
            let line = summary(build)
            if isTerminal, !build.state.isTerminal {
                Terminal.overwrite(line)
            } else if build.state.rawValue != last {
                if isTerminal { Terminal.overwrite("") }
                Terminal.complain(line)
            }
            last = build.state.rawValue
            if build.state.isTerminal { return end(build) }
            Threads.sleep(.milliseconds(300))
        }
    }

    /// Prints the log as it is, and with `follows` what is added to it until the build ends.
    ///
    /// - Returns: whether the build succeeded, if it was followed.
    func printLog(follows: Bool) throws -> Bool {
        var offset = 0
        while true {
            // The state first: what is written before the end is read after it.
            let build = try status()
            offset = try printMore(from: offset)
            if !follows { return true }
            if build.state.isTerminal { return end(build) }
            Threads.sleep(.milliseconds(300))
        }
    }

    private func printMore(from offset: Int) throws -> Int {
        guard let log = try builds.logFile(id) else { return offset }
        var offset = offset
        while offset < log.size {
            let bytes = try log.file.read(at: offset, limit: min(1 << 20, log.size - offset))
            if bytes.isEmpty { break }
            try Descriptor.standard(1).write(bytes)
            offset += bytes.count
        }
        return offset
    }

    private func status() throws -> BuildStatus {
        guard let bytes = try builds.show(id) else {
            throw Problem(.resourceDoesNotExist, "there is no build \(id)", hint: "run: slipway builds list")
        }
        return try BuildStatus.decode(bytes)
    }

    private func summary(_ build: BuildStatus) -> String {
        var line = "\(build.buildID) \(build.state.rawValue)"
        if let position = build.queuePosition { line += ", number \(position) in the queue" }
        if let left = build.etaSeconds { line += ", about \(Int(left.rounded(.up))) s left" }
        guard let step = build.steps.last, step.finishedAt == nil else { return line }
        if let progress = step.progress {
            line += ", \(progress.done / 1_000_000) of \((progress.total ?? progress.done) / 1_000_000) MB"
        }
        if let engine = step.engineSteps?.last { line += ": \(engine.name.printable(limit: 60))" }
        return line
    }

    private func end(_ build: BuildStatus) -> Bool {
        if let image = build.image {
            Terminal.complain("image \(image.reference), \(image.sizeBytes / 1_000_000) MB")
        }
        if let error = build.error {
            Terminal.complain(error.message + (error.hint.map { "\n  \($0)" } ?? ""))
        }
        return build.state == .succeeded
    }
}
