internal import Artifacts
internal import Builders
package import Core
package import HTTPClient
internal import Posix
internal import Recipes
package import Settings

/// Runs one build from its order to its end, in a process of its own.
package struct Runner {
    private let directory: BuildDirectory
    private let settings: Settings
    private let server: HTTPServer?
    private let engineWatch: EngineWatch
    private let environment: [String: String]
    private let clock: Clock

    package init(
        directory: BuildDirectory, settings: Settings, server: HTTPServer?, engineWatch: EngineWatch,
        environment: [String: String], clock: Clock = .system
    ) {
        self.directory = directory
        self.settings = settings
        self.server = server
        self.engineWatch = engineWatch
        self.environment = environment
        self.clock = clock
    }

    /// Runs the build to its end.
    ///
    /// Who does not get the lease, or finds the build ended, writes nothing.
    /// Call it from the main thread, before any other thread exists: SIGTERM becomes a cancel.
    ///
    /// - Returns: whether the build ended as `succeeded` here, or had ended before.
    /// - Throws: only what keeps the end from being recorded.
    package func run() throws -> Bool {
        guard let lease = try directory.takeLease() else { return false }
        defer { withExtendedLifetime(lease) {} }
        guard let status = try directory.status() else { return false }
        // Nothing is left to do: whoever runs this is not to take it for a failure.
        if status.state.isTerminal { return true }
        // A runner has had this build before: none is run a second time, and whether it is lost is for dispatch to say.
        guard status.state == .queued else { return false }
        if directory.isCancelRequested {
            try directory.write(status.cancelled(at: clock.now()))
            return false
        }
        let stop = StopRequest(directory, settings)
        try stop.heedSignals()
        let order = try directory.order()
        let record = BuildRecord(directory, status, clock) { problem in stop.giveUp(problem) }
        let log = LogWriter(
            try directory.openLogToWrite(), limit: settings.builds.logLimit)
        let tags = TagWriteBack(order, server, record)
        directory.reserveRoom()
        do {
            try work(order, record, log, tags, stop)
        } catch {
            directory.releaseRoom()
            noteLeftOut(log, record)
            try recordEnd(of: record, error, tags, stop)
        }
        return record.state == .succeeded
    }

    private func noteLeftOut(_ log: LogWriter, _ record: BuildRecord) {
        if log.leftOut > 0 {
            record.note("\(log.leftOut) bytes were left out of this log (builds.log_limit)")
        }
    }

    private func recordEnd(
        of record: BuildRecord, _ error: any Error, _ tags: TagWriteBack?, _ stop: StopRequest
    )
        throws
    {
        try? Files.remove(directory.contextPath)
        if stop.reason == nil, stop.isRequested {
            if settings.launcher.kind != .local, !directory.isCancelRequested {
                record.note("told to end by a signal; the scheduler knows why")
                try record.update { status, _ in status.runner = nil }
                return
            }
            record.note("cancelled")
            try record.update { status, now in status.enter(.cancelled, at: now) }
            tags?.end(.cancelled)
            return
        }
        let problem =
            stop.reason ?? error as? Problem
            ?? Problem(
                .internalError, "the build stopped at an error of this machine: \(error)",
                hint: "look at the log's end; a full disk or missing rights are likely")
        record.note("failed: \(problem.message)" + (problem.hint.map { " (\($0))" } ?? ""))
        tags?.end(.failed)
        try record.update { status, now in
            status.enter(.failed, at: now)
            status.error = .init(problem)
        }
    }

    private func work(
        _ order: BuildOrder, _ record: BuildRecord, _ log: LogWriter, _ tags: TagWriteBack?,
        _ stop: StopRequest
    )
        throws
    {
        let shouldStop = { stop.isRequested }
        try record.update { status, now in
            status.runner = .own
            status.enter(.preparing, at: now)
        }
        try record.beat()
        record.note(
            "build \(directory.id): \(order.modelName) version \(order.modelVersion) as \(order.imageName)")
        tags?.begin()
        try DiskSpace.check(settings.server.state, settings.builds.minFree)
        let engine = try engine(order)
        record.note("engine: \(engine.kind.rawValue) \(engine.version) at \(engine.path)")
        if order.options.push == true {
            let image = try ImageReference(order.imageName, field: "image_name")
            try LoginRehearsal(settings: settings).check(
                try Publication.targets(image, order.options, settings.images))
        }

        try record.update { status, now in status.enter(.downloading, at: now) }
        try Files.makeDirectory(directory.contextPath)
        let context = BuildContext(path: directory.contextPath, settings: settings)
        record.note("downloading \(order.source)")
        let fetched = try ModelFetcher(server: server).fetch(
            order.location, to: context.model, shouldStop: shouldStop,
            progress: { done, total in record.progress(done: done, total: total) })
        record.note("downloaded and checked \(fetched.files) files, \(fetched.bytes) bytes")
        try stop.check()

        var recipe = try ModelRecipe.make(
            ModelText.read(context.model), request: order.options.recipeRequest(), settings: settings)
        try record.update { status, now in
            status.enter(.building, at: now)
            status.baseImage = recipe.baseImage.fullyQualified
            status.baseImageReason = recipe.baseImageReason
            status.warnings = recipe.warnings
        }
        record.note("base image: \(recipe.baseImage.fullyQualified): \(recipe.baseImageReason)")
        for warning in recipe.warnings { record.note("warning: \(warning)") }
        let dialect = engine.dialect
        guard dialect != .plain || settings.python.netrc == nil else {
            throw Problem(
                .invalidState,
                "this docker has no BuildKit, which alone keeps python.netrc's credentials out of images",
                hint: "install the buildx plugin, or remove python.netrc from the settings")
        }
        try context.write(&recipe, dialect)
        let dockerfile = recipe.dockerfile(dialect, labels: labels(order, recipe))
        try Files.replace(directory.dockerfilePath, with: dockerfile.utf8, isLasting: false)
        let built = try engine.build(
            try request(order), environment: environment,
            log: log, seconds: Double(order.timeoutSeconds),
            idleSeconds: Double(settings.builds.idleTimeoutSeconds),
            shouldStop: shouldStop,
            follow: { record.engineSteps($0) })
        record.note("built \(order.imageName), \(built.sizeBytes) bytes")
        let layers = engine.layers(of: built.id, environment: environment)
        try record.update { status, _ in
            status.image = .init(
                reference: order.imageName, id: built.id, digest: built.digest, sizeBytes: built.sizeBytes,
                engine: "\(engine.kind.rawValue) \(engine.version)",
                run: engine.runCommand(image: order.imageName, hostPort: 8080), layers: layers)
        }
        try Verification(
            engine: engine, settings: settings, environment: environment, directory: directory,
            record: record,
            log: log
        ).run(built, order, recipe, shouldStop: shouldStop)
        try Publication(
            engine: engine, settings: settings, environment: environment, directory: directory,
            record: record,
            log: log
        ).run(built, order, shouldStop: shouldStop)
        directory.releaseRoom()
        noteLeftOut(log, record)
        tags?.end(.succeeded)
        // Before the end is told: who learns of it may look whether all is gone.
        try? Files.remove(directory.contextPath)
        try record.update { status, now in status.enter(.succeeded, at: now) }
    }

    private func engine(_ order: BuildOrder) throws -> Engine {
        guard settings.launcher.kind == .local else {
            // The state directory's report is about another machine.
            let engine = try Engine.detect(preferred: settings.images.engine, environment: environment)
            try engine.checkCanBuild(order.options, settings.images)
            return engine
        }
        return try engineWatch.known()
            ?? EngineReport.renewed(
                state: settings.server.state, preferred: settings.images.engine, environment: environment)?
            .engine
            ?? Engine.detect(preferred: settings.images.engine, environment: environment)
    }

    private func request(_ order: BuildOrder) throws -> BuildRequest {
        let image = try ImageReference(order.imageName, field: "image_name")
        let tags = try order.options.tags.map { try image.tagged($0) }
        var request = BuildRequest(
            context: directory.contextPath, dockerfile: directory.dockerfilePath, tags: [image] + tags)
        request.noCache = order.options.noCache
        request.pull = order.options.pull
        request.platform = try order.options.platform
        request.builder = settings.images.builder
        request.buildArguments = try order.options.recipeRequest().buildArguments
        request.environment = settings.network.environment
        request.secrets["ca_bundle"] = settings.python.caBundle
        if let netrc = settings.python.netrc {
            request.secrets["netrc"] = netrc
            request.hiddenTexts = try Netrc.passwords(Files.read(netrc, limit: 1 << 20))
        }
        return request
    }

    private func labels(_ order: BuildOrder, _ recipe: Recipe) -> [(String, String)] {
        var labels = [
            ("org.opencontainers.image.title", order.modelName),
            ("org.opencontainers.image.version", String(order.modelVersion)),
            ("org.opencontainers.image.created", order.createdAt.description),
            ("org.opencontainers.image.base.name", recipe.baseImage.fullyQualified),
            ("dev.slipway.model.source", order.source),
            ("dev.slipway.requirements", recipe.dependencyKey),
            ("dev.slipway.version", Slipway.version),
            ("dev.slipway.build.id", directory.id.text),
        ]
        if let runID = order.runID { labels.append(("dev.slipway.model.run-id", runID)) }
        if let modelID = order.modelID { labels.append(("dev.slipway.model.id", modelID)) }
        return labels + order.options.labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// A file of logins by host, as netrc(5) describes it.
private enum Netrc {
    /// The words that follow on `password`.
    static func passwords(_ content: [UInt8]) -> [String] {
        let words = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(
            String.init)
        let passwords = zip(words, words.dropFirst()).filter { $0.0 == "password" }.map(\.1)
        return passwords + passwords.map { $0.filter { $0 != "\"" } }
    }
}
