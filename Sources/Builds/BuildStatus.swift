package import Builders
package import Core
internal import Posix

/// How far a build is; strings as they stand in status.json and in answers.
package enum BuildState: String, Codable, Sendable, CaseIterable {
    /// Accepted, waiting for a free place.
    case queued
    /// A runner has it and looks for the container engine.
    case preparing
    /// The model's files are on their way.
    case downloading
    /// The engine works.
    case building
    /// The finished image runs, and is asked.
    case verifying
    /// The image is on its way to a registry.
    case pushing
    case succeeded
    case failed
    case cancelled

    /// Whether nothing will change any more.
    package var isTerminal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// All that is known of a build: the content of status.json and of the API's `build`.
package struct BuildStatus: Codable, Sendable {
    package let buildID: String
    package var state: BuildState
    package let modelName: String
    /// The number that the request's version was resolved to.
    package let modelVersion: String
    package let source: String
    package let runID: String?
    package let imageName: String
    package var baseImage: String?
    package var baseImageReason: String?
    package let envManager: String
    /// The optional fields of the order, to order the like again; nil in records of earlier versions.
    package let options: BuildOptions?
    package let createdAt: Timestamp
    package let createdBy: String
    /// The build that this one repeats.
    package let retryOf: String?
    package let batchID: String?
    package var updatedAt: Timestamp
    package var finishedAt: Timestamp?
    /// From the runner's start to the end.
    package var durationSeconds: Double?
    /// 1 is next; only while queued, and only in answers.
    package var queuePosition: Int?
    /// How long it will still take, as far as earlier builds tell; only while it runs, and only in answers.
    package var etaSeconds: Double?
    /// What a site's scheduler says of its job; only while queued, and only in answers.
    package var scheduler: SchedulerPlace?
    package var steps: [Step] = []
    package var warnings: [String] = []
    package var image: Image?
    /// What the image did when it was tried; nil where it was not.
    package var verification: Verification?
    /// The names that a registry has the image by; nil where none was asked for.
    package var pushed: [String]?
    package var error: Failure?
    /// Who runs it.
    package var runner: RunnerPlace?
    package let links: Links

    /// The machine that a runner is on, and since when: a pid alone says nothing after a restart.
    package struct RunnerPlace: Codable, Sendable, Equatable {
        package let host: String
        package let bootID: String
        package let pid: Int32

        /// This process.
        static var own: RunnerPlace {
            RunnerPlace(host: ThisProcess.hostName, bootID: ThisProcess.bootID, pid: ThisProcess.id)
        }

        enum CodingKeys: String, CodingKey {
            case host, pid
            case bootID = "boot_id"
        }
    }

    /// Where a build is that a site's scheduler has.
    package struct SchedulerPlace: Codable, Sendable, Equatable {
        /// What the scheduler calls the job; nil until it was handed over.
        package let job: String?
        /// The scheduler's own words, such as `PENDING (Resources)`.
        package let state: String?
        /// Why it does not get there for now.
        package let message: String?

        init(_ job: Job) {
            self.job = job.number
            state = job.state.map(\.text)
            message = job.complaint
        }
    }

    /// One state that a runner went through.
    package struct Step: Codable, Sendable {
        package let name: BuildState
        package let startedAt: Timestamp
        package var finishedAt: Timestamp?
        package var seconds: Double?
        package var progress: Progress?
        /// What the engine does within the step, instruction by instruction.
        package var engineSteps: [EngineStep]?

        enum CodingKeys: String, CodingKey {
            case name, seconds, progress
            case startedAt = "started_at"
            case finishedAt = "finished_at"
            case engineSteps = "engine_steps"
        }
    }

    /// Bytes, or layers while pushing.
    package struct Progress: Codable, Sendable, Equatable {
        package var done: Int
        package var total: Int?

        package init(done: Int, total: Int?) {
            self.done = done
            self.total = total
        }
    }

    package struct Image: Codable, Sendable {
        package let reference: String
        /// The image's configuration digest, as the engine names it.
        package let id: String
        /// The manifest's digest, where the engine knows one; after a push the registry's.
        package var digest: String?
        package let sizeBytes: Int
        /// `docker`, `podman` or `buildah`, and its version.
        package let engine: String
        /// A command that starts the image with its port at 127.0.0.1:8080.
        package let run: [String]
        /// The lowest first; nil where the engine does not say.
        package var layers: [ImageLayer]?

        enum CodingKeys: String, CodingKey {
            case reference, id, digest, engine, run, layers
            case sizeBytes = "size_bytes"
        }
    }

    package struct Failure: Codable, Sendable {
        package let errorCode: String
        package let message: String
        package let hint: String?

        package init(_ problem: Problem) {
            errorCode = problem.code.rawValue
            message = problem.message
            hint = problem.hint
        }

        enum CodingKeys: String, CodingKey {
            case message, hint
            case errorCode = "error_code"
        }
    }

    package struct Links: Codable, Sendable {
        package let build: String
        package let log: String

        package init(_ id: BuildID) {
            build = "\(BuildRoutes.base)/\(id)"
            log = "\(BuildRoutes.base)/\(id)/log"
        }

        enum CodingKeys: String, CodingKey {
            case log
            case build = "self"
        }
    }

    enum CodingKeys: String, CodingKey {
        case state, source, options, steps, warnings, image, verification, pushed, error, links, runner,
            scheduler
        case retryOf = "retry_of"
        case batchID = "batch_id"
        case buildID = "build_id"
        case modelName = "model_name"
        case modelVersion = "model_version"
        case runID = "run_id"
        case imageName = "image_name"
        case baseImage = "base_image"
        case baseImageReason = "base_image_reason"
        case envManager = "env_manager"
        case createdAt = "created_at"
        case createdBy = "created_by"
        case updatedAt = "updated_at"
        case finishedAt = "finished_at"
        case durationSeconds = "duration_seconds"
        case queuePosition = "queue_position"
        case etaSeconds = "eta_seconds"
    }

    /// The status of a build that was just accepted.
    package init(id: BuildID, order: BuildOrder) {
        buildID = id.text
        state = .queued
        modelName = order.modelName
        modelVersion = String(order.modelVersion)
        source = order.source
        runID = order.runID
        imageName = order.imageName
        envManager = order.options.envManager.rawValue
        options = order.options
        createdAt = order.createdAt
        createdBy = order.createdBy
        retryOf = order.retryOf
        batchID = order.batchID
        updatedAt = order.createdAt
        links = Links(id)
    }

    /// How long it will still take where such builds take `usual` seconds; nil where it takes longer than that already.
    func secondsLeft(ofUsually usual: Double, at now: Timestamp) -> Double? {
        guard let start = steps.first?.startedAt else { return nil }
        let left = usual - now.seconds(since: start)
        return left > 0 ? (left * 10).rounded() / 10 : nil
    }

    /// One line of JSON, keys sorted, so that equal states are equal bytes.
    package func encoded() throws(Problem) -> [UInt8] { try JSON.encode(self) }

    package static func decode(_ bytes: [UInt8]) throws(Problem) -> BuildStatus {
        try JSON.decode(BuildStatus.self, bytes, "status.json")
    }

    /// Ends the step in hand and begins the next; a terminal state begins none.
    package mutating func enter(_ next: BuildState, at now: Timestamp) {
        if let last = steps.indices.last, steps[last].finishedAt == nil {
            steps[last].finishedAt = now
            steps[last].seconds = now.seconds(since: steps[last].startedAt)
        }
        state = next
        updatedAt = now
        if next.isTerminal {
            finishedAt = now
            durationSeconds = now.seconds(since: steps.first?.startedAt ?? now)
        } else {
            steps.append(Step(name: next, startedAt: now))
        }
    }
}

extension BuildStatus {
    /// The end of a build that somebody wanted no more.
    func cancelled(at now: Timestamp) -> BuildStatus {
        var status = self
        status.enter(.cancelled, at: now)
        return status
    }

    /// The end of a build whose runner is gone; its job, or what the log ends with, may say why.
    func lost(at now: Timestamp, logEnd: String?, job: Job? = nil) -> BuildStatus {
        var status = self
        status.enter(.failed, at: now)
        if let job {
            status.error = .init(job.loss(hadBegun: state != .queued, logEnd: logEnd))
            return status
        }
        if let runner, runner.host == ThisProcess.hostName, runner.bootID != ThisProcess.bootID {
            status.error = .init(
                Problem(
                    .hostRestarted, "the machine was restarted while the build ran",
                    hint: "build again: what the engine had finished, it still has"))
            return status
        }
        status.error = .init(
            Problem(
                .runnerLost,
                "the build's runner ended without a word"
                    + (logEnd.map { "; the log ends with: \($0)" } ?? ""),
                hint: "look at the log and at the system's own (out of memory?), then build again"))
        return status
    }
}
