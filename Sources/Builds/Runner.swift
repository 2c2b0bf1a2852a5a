internal import Artifacts
internal import Builders
package import Core
package import HTTPClient
internal import Posix
internal import Recipes
package import Settings
internal import Synchronization

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
    /// - Returns: whether the build ended as `succeeded` here.
    /// - Throws: only what keeps the end from being recorded.
    package func run() throws -> Bool {
        guard let lease = try directory.takeLease() else { return false }
        defer { withExtendedLifetime(lease) {} }
        guard let status = try directory.status(), !status.state.isTerminal else { return false }
        guard status.state == .queued else {
            // A runner had this build before, and is gone: no build is run a second time by itself.
            try directory.write(status.lost(at: clock.now(), logEnd: directory.lastLogLine))
            return false
        }
        let stop = try StopRequest()
        let order = try directory.order()
        let record = BuildRecord(directory, status, clock)
        defer { try? Files.remove(directory.contextPath) }
        do {
            try work(order, record, stop)
        } catch {
            try recordEnd(of: record, error, stopped: stop.isRequested)
        }
        return record.state == .succeeded
    }

    private func recordEnd(of record: BuildRecord, _ error: any Error, stopped: Bool) throws {
        if stopped {
            record.note("cancelled")
            try record.update { status, now in status.enter(.cancelled, at: now) }
            return
        }
        let problem =
            error as? Problem
            ?? Problem(
                .internalError, "the build stopped at an error of this machine: \(error)",
                hint: "look at the log's end; a full disk or missing rights are likely")
        record.note("failed: \(problem.message)" + (problem.hint.map { " (\($0))" } ?? ""))
        try record.update { status, now in
            status.enter(.failed, at: now)
            status.error = .init(problem)
        }
    }

    private func work(_ order: BuildOrder, _ record: BuildRecord, _ stop: StopRequest) throws {
        try record.update { status, now in status.enter(.preparing, at: now) }
        record.note(
            "build \(directory.id): \(order.modelName) version \(order.modelVersion) as \(order.imageName)")
        let engine =
            try engineWatch.known()
            ?? EngineReport.renewed(
                state: settings.server.state, preferred: settings.images.engine, environment: environment)?
            .engine
            ?? Engine.detect(preferred: settings.images.engine, environment: environment)
        record.note("engine: \(engine.kind.rawValue) \(engine.version) at \(engine.path)")

        try record.update { status, now in status.enter(.downloading, at: now) }
        try Files.makeDirectory(directory.contextPath)
        let model = "\(directory.contextPath)/model"
        record.note("downloading \(order.source)")
        let fetched = try ModelFetcher(server: server).fetch(
            order.location, to: model, shouldStop: { stop.isRequested },
            progress: { done, total in record.progress(done: done, total: total) })
        record.note("downloaded and checked \(fetched.files) files, \(fetched.bytes) bytes")
        try stop.check()

        let recipe = try recipe(order, model: model)
        try record.update { status, now in
            status.enter(.building, at: now)
            status.baseImage = recipe.baseImage.fullyQualified
            status.baseImageReason = recipe.baseImageReason
            status.warnings = recipe.warnings
        }
        record.note("base image: \(recipe.baseImage.fullyQualified): \(recipe.baseImageReason)")
        for warning in recipe.warnings { record.note("warning: \(warning)") }
        try writeContext(recipe, order, engine)
        let built = try engine.build(
            BuildRequest(
                context: directory.contextPath, dockerfile: directory.dockerfilePath,
                tag: try ImageReference(order.imageName, field: "image_name"), noCache: order.noCache,
                pull: order.pull, secrets: settings.python.caBundle.map { ["ca_bundle": $0] } ?? [:]),
            environment: environment, log: try Descriptor.open(directory.logPath, .append),
            seconds: Double(order.timeoutSeconds),
            shouldStop: { stop.isRequested })
        record.note("built \(order.imageName), \(built.sizeBytes) bytes")
        try record.update { status, now in
            status.image = .init(
                reference: order.imageName, id: built.id, digest: built.digest, sizeBytes: built.sizeBytes,
                engine: "\(engine.kind.rawValue) \(engine.version)",
                run: engine.runCommand(image: order.imageName, hostPort: 8080))
            status.enter(.succeeded, at: now)
        }
    }

    private func recipe(_ order: BuildOrder, model: String) throws(Problem) -> Recipe {
        let baseImage = try order.baseImage.map { text throws(Problem) in
            try ImageReference(text, field: "base_image")
        }
        let request = RecipeRequest(
            modelName: try ModelName(order.modelName), version: order.modelVersion, baseImage: baseImage)
        return try ModelRecipe.make(directory: model, request: request, settings: settings)
    }

    private func writeContext(_ recipe: Recipe, _ order: BuildOrder, _ engine: Engine) throws {
        try Files.makeDirectory("\(directory.contextPath)/slipway", permissions: 0o755)
        for (name, content) in recipe.contextFiles {
            let file = try Descriptor.open(
                "\(directory.contextPath)/slipway/\(name)", .create, permissions: 0o644)
            try file.write(content.utf8)
        }
        if !engine.mounts, let bundle = settings.python.caBundle {
            let file = try Descriptor.open(
                "\(directory.contextPath)/slipway/ca.pem", .create, permissions: 0o644)
            try file.write(try Files.read(bundle, limit: 16 << 20))
        }
        let dockerfile = recipe.dockerfile(engine.mounts ? .mounts : .plain, labels: labels(order, recipe))
        try Files.replace(directory.dockerfilePath, with: dockerfile.utf8, isLasting: false)
    }

    private func labels(_ order: BuildOrder, _ recipe: Recipe) -> [(String, String)] {
        var labels = [
            ("org.opencontainers.image.title", order.modelName),
            ("org.opencontainers.image.version", String(order.modelVersion)),
            ("org.opencontainers.image.created", order.createdAt.description),
            ("org.opencontainers.image.base.name", recipe.baseImage.fullyQualified),
            ("dev.slipway.model.source", order.source),
            ("dev.slipway.build.id", directory.id.text),
        ]
        if let runID = order.runID { labels.append(("dev.slipway.model.run-id", runID)) }
        if let modelID = order.modelID { labels.append(("dev.slipway.model.id", modelID)) }
        return labels
    }
}

/// A cancel that may arrive at any time, as SIGTERM.
private final class StopRequest: Sendable {
    private let requested = Atomic(false)

    init() throws(SystemError) {
        let signals = Signals([Signals.terminate, Signals.interrupt])
        signals.block()
        try Threads.detach { [weak self] in
            _ = signals.wait()
            self?.requested.store(true, ordering: .relaxed)
        }
    }

    var isRequested: Bool { requested.load(ordering: .relaxed) }

    func check() throws(Problem) {
        if isRequested { throw Problem(.invalidState, "the build was cancelled") }
    }
}
