internal import Accounts
internal import Builds
internal import Core
internal import FastCGI
internal import Posix
internal import Settings
internal import Web

/// `slipway serve`: the supervisor.
enum ServeCommand: Subcommand {
    static let name = "serve"
    static let summary = "keep a pool of responders alive behind nginx"
    static let help = """
        Usage: slipway serve [--config FILE]

        Listens on the socket server.socket, keeps server.responders processes alive on it, and starts queued builds.
        SIGHUP replaces every responder without losing a request; SIGTERM and SIGINT finish the requests in hand and
        end. Builds go on either way.
        """
    static let options: Set = ["--config"]
    static let flags: Set<String> = []

    static func run(_ arguments: Arguments) throws -> Bool {
        let program = try Program(arguments)
        let server = program.settings.server
        let log = Log("serve")
        // The group may pass: nginx reaches the socket through it. Builds are for their owner alone.
        try Files.makeDirectory(server.state, permissions: 0o750)
        let lock = try Descriptor.open("\(server.state)/serve.lock", .lockFile)
        guard try lock.lock() else {
            throw Problem(
                .invalidState, "another slipway serve runs on \(server.state)",
                hint: "stop it first, or give this one another server.state")
        }
        defer { withExtendedLifetime(lock) {} }
        // What is wrong with accounts or the registry is said here, not by a responder that dies again and again.
        _ = try program.router()
        let history = try program.history()
        let audit = Audit(try AccountsDatabase(state: server.database))
        try history.adoptStrays()
        // A store of users that does not answer must not hold up the start.
        try Threads.detach { lookAround(program, log) }
        try Threads.detach { keepHouse(arguments, log) }
        var dispatcher = program.dispatcher(history)
        let jobs = try JobThread(program, history)
        let pool = try ResponderPool(
            .init(
                program: program.executable,
                arguments: ["respond", "--supervised=\(ThisProcess.id)"] + program.configArguments,
                environment: program.environment, socketPath: server.socket, count: server.responders))
        pool.run {
            do {
                try jobs.start()
                try dispatcher.dispatch()
            } catch {
                log.error("dispatch failed; it is tried again", ["cause": error])
            }
        } mayReload: {
            do {
                let next = try Program(arguments)
                _ = try next.router()
                guard next.settings.server == server else {
                    log.error("server.* changed, which needs a restart; everything stays as it is")
                    return false
                }
                try jobs.use(next)
                dispatcher = next.dispatcher(history)
                audit.record(.init(.reload, .succeeded))
                return true
            } catch {
                log.error("the settings are wrong; everything stays as it is", ["cause": error])
                audit.record(.init(.reload, .failed, detail: "the settings are wrong"))
                return false
            }
        }
        return true
    }

    /// Removes old builds, where the settings say which are.
    private static func prune(_ program: Program) throws {
        let builds = program.settings.builds
        guard builds.keepDays != nil || builds.keepCount != nil else { return }
        _ = try program.builds().prune(days: builds.keepDays, count: builds.keepCount)
    }

    /// Compresses old logs and removes old builds for ever, on a thread that nothing else waits for.
    private static func keepHouse(_ arguments: Arguments, _ log: Log) {
        var nextPrune = ContinuousClock.now
        while true {
            do {
                let program = try Program(arguments)
                _ = try program.builds().compressLogs(limit: 100)
                if ContinuousClock.now >= nextPrune {
                    nextPrune = .now + .seconds(3600)
                    try program.history().tidy()
                    try prune(program)
                }
            } catch {
                log.warning("old logs and builds are as they were; it is tried again", ["cause": error])
            }
            Threads.sleep(.seconds(30))
        }
    }

    /// Says at the start what would otherwise show at the first request, and spares the first submit the search.
    private static func lookAround(_ program: Program, _ log: Log) {
        for store in program.settings.auth.stores {
            do {
                _ = try program.examine(store)
            } catch {
                let problem = error as? Problem
                log.warning(
                    "nobody can sign in by \(store.rawValue): \(problem?.message ?? "\(error)")",
                    [
                        "hint": problem?.hint
                            ?? (store == .htpasswd ? "slipway user add NAME makes the file" : "")
                    ])
            }
        }
        // Where a scheduler chooses the machines, this one needs none.
        guard program.isLocal else { return }
        do throws(Problem) {
            let engine = try program.engineWatch.engine()
            log.info(
                "container engine",
                ["kind": engine.kind.rawValue, "version": engine.version, "path": engine.path])
        } catch {
            log.warning("no build can run yet: \(error.message)", ["hint": error.hint ?? ""])
        }
    }
}

/// `slipway respond`: one responder.
enum RespondCommand: Subcommand {
    static let name = "respond"
    static let summary = "answer FastCGI requests from the socket on standard input"
    static let help = """
        Usage: slipway respond [--config FILE] [--supervised PID]

        Answers requests from the listening socket that it was given as descriptor 0, the FastCGI convention: slipway
        serve, spawn-fcgi and a systemd socket all start it so. SIGTERM finishes the requests in hand and ends.

          --supervised PID   end when this process does, which must be the parent
        """
    static let options: Set = ["--config", "--supervised"]
    static let flags: Set<String> = []

    static func run(_ arguments: Arguments) throws -> Bool {
        if let text = arguments["--supervised"] {
            guard let parent = Int32(text) else { throw Misuse("--supervised needs a process id") }
            guard Signals.follow(parent: parent, with: Signals.terminate) else { return false }
        }
        let program = try Program(arguments)
        // Each stream holds one; the rest is for requests, files and children.
        let streams = try EventStreams(limit: max(0, ThisProcess.raiseOpenFiles(most: 16_384) - 256))
        let router = try program.router(streams)
        let responder = Responder(
            listener: try Descriptor.standard(0), threads: program.settings.server.threads,
            bodyLimit: Request.bodyLimit, streams: streams
        ) { router.answer($0) }
        try responder.run()
        return true
    }
}

/// `slipway build`: one runner.
enum BuildCommand: Subcommand {
    static let name = "build"
    static let summary = "run one accepted build to its end (started by the pool)"
    static let help = """
        Usage: slipway build ID [--config FILE]

        Runs the accepted build ID in the foreground: downloads the model, has the engine build the image, and writes
        how far it is to status.json. A build that another process runs, or that has ended, is left alone. Where
        launcher.kind is not local, the scheduler's job runs this, and the database is not opened.
        """
    static let options: Set = ["--config"]
    static let flags: Set<String> = []
    static let positional = 1...1

    static func run(_ arguments: Arguments) throws -> Bool {
        guard let id = BuildID(arguments.positional[0]) else {
            throw Misuse("name one build by its eight hexadecimal digits")
        }
        let program = try Program(arguments)
        let directory = BuildDirectory(state: program.settings.server.state, id: id)
        guard try directory.statusBytes() != nil else {
            throw Problem(
                .resourceDoesNotExist, "there is no build \(id) in \(program.settings.server.state)")
        }
        let runner = Runner(
            directory: directory, settings: program.settings,
            server: try ModelSource(program.settings).server, engineWatch: program.engineWatch,
            environment: program.environment)
        let succeeded = try runner.run()
        // The place that is free now is filled at once rather than at the supervisor's next tick. A runner elsewhere
        // leaves that to it: the database is none of its own.
        if program.isLocal {
            try? program.dispatcher(try program.history()).dispatch()
        }
        return succeeded
    }
}
