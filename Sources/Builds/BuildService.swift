internal import Artifacts
package import Builders
package import Core
internal import Recipes
package import Registry
package import Settings
internal import Synchronization

/// What the API does with builds: accept, show, list.
package final class BuildService: Sendable {
    let history: History
    private let dispatcher: Dispatcher
    private let source: ModelSource
    private let engineWatch: EngineWatch
    private let images: ImageKeeper?
    let settings: Settings
    let clock: Clock
    let log = Log("builds")
    private let lastRefresh = Mutex(ContinuousClock.now)
    /// Who follows all builds at once.
    package let watch: HistoryWatch

    package init(
        history: History, dispatcher: Dispatcher, source: ModelSource, engineWatch: EngineWatch,
        images: ImageKeeper? = nil, settings: Settings, clock: Clock = .system
    ) {
        self.history = history
        self.dispatcher = dispatcher
        self.source = source
        self.engineWatch = engineWatch
        self.images = images
        self.settings = settings
        self.clock = clock
        watch = HistoryWatch(history: history, dispatcher: dispatcher)
    }

    /// A build that a submit led to.
    package struct Accepted: Sendable {
        package let id: BuildID
        /// The build as it stands, as JSON.
        package let build: [UInt8]
        /// Whether it is one that was asked for before, and has not ended.
        package let isCoalesced: Bool
    }

    /// Accepts a build, or refuses it leaving nothing behind, and starts it where a place is free.
    ///
    /// - Returns: the new build, or the unfinished one of the very same order.
    package func submit(_ submission: Submission, by user: String, batch: BuildID? = nil) throws -> Accepted {
        try DiskSpace.check(settings.server.state, settings.builds.minFree)
        try TagWriteBack.check(submission.options, source.server)
        // Where a scheduler chooses the machine, only the runner there can ask the engine.
        if settings.launcher.kind == .local {
            try engineWatch.engine().checkCanBuild(submission.options, settings.images)
        }
        let version = try source.registry.resolve(submission.modelName, submission.version)
        let image = try imageName(submission, version)
        try Publication.check(image, submission.options, settings.images)
        let order = BuildOrder(
            modelName: version.name.text, modelVersion: version.version, source: version.source,
            location: version.location, runID: version.runID, modelID: version.modelID,
            imageName: image.description, options: submission.options.settled(settings),
            timeoutSeconds: submission.options.timeoutSeconds ?? settings.builds.timeoutSeconds,
            createdAt: clock.now(), createdBy: user, batchID: batch?.text)
        return try enter(order, isForced: submission.isForced)
    }

    /// The numbers of a model's versions that could be built.
    package func versions(of model: ModelName) throws(Problem) -> [Int] {
        try source.registry.versions(of: model)
    }

    /// The registered models by name, those whose name holds `text`.
    package func models(matching text: String, _ page: PageRequest) throws(Problem) -> Page<ModelSummary> {
        try source.registry.models(matching: text, page)
    }

    /// A model's versions, the highest first.
    package func versions(of model: ModelName, _ page: PageRequest) throws(Problem) -> Page<VersionSummary> {
        try source.registry.versions(of: model, page)
    }

    /// The model that a build is of; nil where there is no such build.
    package func model(of id: BuildID) throws -> ModelName? {
        try status(of: id).map { status in try ModelName(status.modelName) }
    }

    /// Builds again what has ended: the same version from the same place, however the registry has changed since.
    ///
    /// - Returns: nil where there is no such build.
    package func retry(_ id: BuildID, by user: String) throws -> Accepted? {
        guard let status = try status(of: id) else { return nil }
        guard status.state.isTerminal else {
            throw Problem(
                .invalidState, "build \(id) has not ended: it is \(status.state.rawValue)",
                hint: "wait for its end, or cancel it first")
        }
        let order = try history.directory(id).order().repeated(of: id, at: clock.now(), by: user)
        return try enter(order, isForced: false)
    }

    private func enter(_ order: BuildOrder, isForced: Bool) throws -> Accepted {
        let directory = try draft(order)
        do {
            let other = try history.add(
                directory.id, order, isForced: isForced, maxQueued: settings.builds.maxQueued)
            if let other {
                directory.discardDraft()
                return Accepted(id: other, build: try show(other) ?? [], isCoalesced: true)
            }
        } catch {
            directory.discardDraft()
            throw error
        }
        log.info(
            "accepted",
            [
                "build": directory.id, "model": order.modelName, "version": order.modelVersion,
                "user": order.createdBy,
            ])
        do {
            try directory.establish()
            try dispatcher.dispatch()
        } catch {
            // The build is safe in the queue; the supervisor's tick tries again.
            log.error("dispatch failed; the build stays queued", ["build": directory.id, "cause": error])
        }
        let build = try show(directory.id) ?? BuildStatus(id: directory.id, order: order).encoded()
        return Accepted(id: directory.id, build: build, isCoalesced: false)
    }

    /// Asks for a build's end, and waits a moment for it.
    ///
    /// - Returns: the build as it stands then, as JSON; nil where there is no such build.
    /// - Throws: `invalidState` where it has ended.
    package func cancel(_ id: BuildID, by user: String) throws -> [UInt8]? {
        guard let status = try status(of: id) else { return nil }
        guard try dispatcher.cancel(id, by: user) else {
            throw Problem(
                .invalidState, "build \(id) has ended already: it is \(status.state.rawValue)",
                hint: "there is nothing left to cancel")
        }
        // A place may have become free.
        try? dispatcher.dispatch()
        return try show(id)
    }

    /// Removes old builds as the settings say, or as is asked; what has not ended stays.
    ///
    /// - Parameters:
    ///   - days: builds that were submitted longer ago go; nil for none.
    ///   - count: how many ended builds stay at most, the newest; nil for all.
    ///   - isRehearsal: whether to remove nothing.
    /// - Returns: the builds that went, or would go.
    /// - Throws: what keeps all from being removed; one that cannot be stays and keeps no other.
    package func prune(days: Int?, count: Int?, isRehearsal: Bool = false) throws -> [BuildID] {
        guard (0...36_500).contains(days ?? 0) else {
            throw Problem(
                .invalidParameterValue, "builds cannot be \(days ?? 0) days old",
                hint: "say a number of days from 0 to 36500")
        }
        try dispatcher.refresh()
        let limit = days.map { Timestamp(milliseconds: clock.now().milliseconds - Int64($0) * 86_400_000) }
        let old = try history.old(before: limit, keeping: count)
        if isRehearsal { return old }
        return old.filter { id in
            if settings.builds.removeImages {
                do throws(Problem) {
                    try log.info("an old build's image", ["build": id, "end": removeImage(id).message])
                } catch {
                    log.warning(
                        "an old build stays, as its image cannot be removed", ["build": id, "cause": error])
                    return false
                }
            }
            do {
                let isGone = try history.remove(id)
                if isGone { log.info("removed an old build", ["build": id]) }
                return isGone
            } catch {
                log.warning("an old build cannot be removed", ["build": id, "cause": error])
                return false
            }
        }
    }

    /// What a build's removal came to.
    package struct Removal: Sendable, Encodable {
        /// The build's id.
        package let deleted: String
        /// What became of its image, where that was to go too.
        package let image: ImageRemoval?
    }

    /// Removes a build that has ended, with its log and all its files; its image where that is asked for.
    ///
    /// The image goes first: where it cannot, the build stays too, so that it can be tried again.
    ///
    /// - Returns: nil where there is no such build.
    /// - Throws: `invalidState` where it has not ended, or a container uses the image.
    package func remove(_ id: BuildID, withImage: Bool = false) throws -> Removal? {
        guard let status = try status(of: id) else { return nil }
        // The index may be behind the truth.
        try dispatcher.refresh()
        let image = status.state.isTerminal && withImage ? try removeImage(id) : nil
        guard status.state.isTerminal, try history.remove(id) else {
            throw Problem(
                .invalidState, "build \(id) has not ended: it is \(status.state.rawValue)",
                hint: "cancel it first")
        }
        return Removal(deleted: id.text, image: image)
    }

    private func removeImage(_ id: BuildID) throws(Problem) -> ImageRemoval {
        guard let images else { throw Problem(.internalError, "no command is known that removes images") }
        return try images.remove(id)
    }

    /// What a submit of the same fields would do, found out by reading the model's small files where they lie.
    ///
    /// - Returns: the whole decision.
    /// - Throws: the `Problem` that the build would end with.
    package func defaults(_ submission: Submission) throws -> BuildDefaults {
        try TagWriteBack.check(submission.options, source.server)
        let version = try source.registry.resolve(submission.modelName, submission.version)
        let image = try imageName(submission, version)
        try Publication.check(image, submission.options, settings.images)
        let files = try ModelText.read(version.location, ModelFetcher(server: source.server))
        let recipe = try ModelRecipe.make(
            files, request: submission.options.recipeRequest(), settings: settings)
        return BuildDefaults(
            recipe, model: version.name, version: version.version, image: image,
            options: submission.options)
    }

    private func imageName(_ submission: Submission, _ version: ModelVersion) throws(Problem)
        -> ImageReference
    {
        if let name = submission.imageName { return name }
        return try ImageName.derived(
            from: version.name, version: version.version, prefix: settings.images.prefix)
    }

    /// The build as JSON: the bytes of its status.json, with its place in the queue while it waits, and how long it will
    /// still take while it runs.
    ///
    /// - Returns: nil where there is no such build.
    package func show(_ id: BuildID) throws -> [UInt8]? {
        guard var bytes = try history.statusBytes(id) else { return nil }
        if Self.isEnded(bytes) { return bytes }
        if isRefreshDue() {
            // Where no supervisor ticks, readers are who notices that a runner is gone.
            try dispatcher.refresh()
            bytes = try history.statusBytes(id) ?? bytes
        }
        if Self.isEnded(bytes) { return bytes }
        var status = try BuildStatus.decode(bytes)
        if status.state == .queued {
            status.queuePosition = try history.queuePosition(of: id)
            status.scheduler = history.directory(id).job.map(BuildStatus.SchedulerPlace.init)
        } else {
            status.etaSeconds = try secondsLeft(status)
        }
        return try status.encoded()
    }

    private func secondsLeft(_ status: BuildStatus) throws -> Double? {
        try history.usualSeconds(model: status.modelName, baseImage: status.baseImage).flatMap {
            status.secondsLeft(ofUsually: $0, at: clock.now())
        }
    }

    /// One page of builds, each as `show` gives it.
    package func list(_ query: HistoryQuery) throws -> (builds: [[UInt8]], nextPageToken: String?) {
        // Filters by state look at the index: bring it up to date first.
        try dispatcher.refresh()
        let page = try history.page(query)
        return (try page.ids.compactMap(show), page.nextPageToken)
    }

    private func draft(_ order: BuildOrder) throws -> BuildDirectory {
        for _ in 0..<100 {
            let directory = history.directory(.random())
            if try directory.draft(order, groupMayRead: settings.server.nginxSendsLogs) { return directory }
        }
        throw Problem(.internalError, "no free build id was found")
    }

    private func status(of id: BuildID) throws -> BuildStatus? {
        try history.statusBytes(id).map { bytes in try BuildStatus.decode(bytes) }
    }

    /// Once a second a process.
    private func isRefreshDue() -> Bool {
        lastRefresh.withLock { last in
            guard ContinuousClock.now - last > .seconds(1) else { return false }
            last = .now
            return true
        }
    }

    /// Whether a status is that of a build that has ended, without decoding it.
    ///
    /// The last `state` in it is its own: keys are sorted, only options hold keys of other people's, and quotes in texts
    /// are escaped.
    private static func isEnded(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let key = text.utf8.ranges(of: #""state":""#.utf8).last else { return false }
        let state = text.utf8[key.upperBound...].prefix { $0 != UInt8(ascii: "\"") }
        return BuildState(rawValue: String(decoding: state, as: UTF8.self))?.isTerminal == true
    }
}
