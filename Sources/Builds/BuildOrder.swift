package import Core
internal import Crypto
package import Posix

/// What a build was accepted for: the content of request.json.
///
/// Everything is resolved, so a runner asks nobody.
package struct BuildOrder: Codable, Sendable {
    package let modelName: String
    package let modelVersion: Int
    /// Where the registry says that the files come from.
    package let source: String
    /// Where they really lie.
    package let location: ArtifactLocation
    package let runID: String?
    package let modelID: String?
    package let imageName: String
    package let options: BuildOptions
    /// The request's, else the site's.
    package let timeoutSeconds: Int
    package let createdAt: Timestamp
    package let createdBy: String
    /// The build that this one repeats.
    package var retryOf: String?
    /// The batch that it was submitted in.
    package var batchID: String?

    /// Equal for two orders that would make the same image under the same name, whoever gave them.
    var mark: String {
        get throws(Problem) {
            var same = self
            same.retryOf = nil
            same.batchID = nil
            let bytes = try JSON.encode(same.anonymous)
            return String(SHA256.hex(bytes).prefix(32))
        }
    }

    private var anonymous: BuildOrder {
        BuildOrder(
            modelName: modelName, modelVersion: modelVersion, source: source, location: location,
            runID: runID,
            modelID: modelID, imageName: imageName, options: options, timeoutSeconds: timeoutSeconds,
            createdAt: Timestamp(milliseconds: 0), createdBy: "")
    }

    /// The same order again.
    func repeated(of id: BuildID, at now: Timestamp, by user: String) -> BuildOrder {
        BuildOrder(
            modelName: modelName, modelVersion: modelVersion, source: source, location: location,
            runID: runID,
            modelID: modelID, imageName: imageName, options: options, timeoutSeconds: timeoutSeconds,
            createdAt: now, createdBy: user, retryOf: id.text)
    }

    enum CodingKeys: String, CodingKey {
        case source, location, options
        case retryOf = "retry_of"
        case batchID = "batch_id"
        case modelName = "model_name"
        case modelVersion = "model_version"
        case runID = "run_id"
        case modelID = "model_id"
        case imageName = "image_name"
        case timeoutSeconds = "timeout_seconds"
        case createdAt = "created_at"
        case createdBy = "created_by"
    }
}

/// One build's directory, `$STATE/builds/ID`; nothing but its runner writes there once it is accepted.
package struct BuildDirectory: Sendable {
    package let id: BuildID
    package let path: String

    package init(state: String, id: BuildID) {
        self.id = id
        path = "\(state)/builds/\(id)"
    }

    package var logPath: String { "\(path)/build.log" }
    /// Opens the log to write at its end; whoever may enter the directory reads it.
    package func openLogToWrite() throws(SystemError) -> Descriptor {
        try Descriptor.open(logPath, .append, permissions: 0o640)
    }

    package var dockerfilePath: String { "\(path)/Dockerfile" }
    var billOfMaterialsPath: String { "\(path)/sbom.json" }
    package var contextPath: String { "\(path)/context" }
    private var statusPath: String { "\(path)/status.json" }
    private var orderPath: String { "\(path)/request.json" }
    private var leasePath: String { "\(path)/lease" }
    private var cancelPath: String { "\(path)/cancel" }
    private var reservePath: String { "\(path)/reserve" }

    /// Where all of it lies until the build is accepted; who looks for builds does not see it.
    private var draftPath: String { "\(Files.parent(of: path))/.\(id).draft" }

    /// Writes all that an accepted build has, as a draft; leaves nothing behind on an error.
    ///
    /// - Parameters:
    ///   - order: what is to be built.
    ///   - groupMayRead: whether the directory's group, nginx's say, may read the log.
    /// - Returns: false where the id is taken.
    /// - Throws: what keeps it from being written.
    package func draft(_ order: BuildOrder, groupMayRead: Bool = false) throws -> Bool {
        guard try Files.status(path) == nil,
            try Files.createDirectory(draftPath, permissions: groupMayRead ? 0o710 : 0o700)
        else { return false }
        do {
            let file = try Descriptor.open("\(draftPath)/request.json", .create)
            try file.write(JSON.encode(order))
            try file.synchronize()
            // This makes the directory's new names durable too.
            try Files.replace(
                "\(draftPath)/status.json", with: BuildStatus(id: id, order: order).encoded())
        } catch {
            discardDraft()
            throw error
        }
        return true
    }

    /// Makes an accepted build's draft its directory; where somebody did so before, nothing is left to do.
    package func establish() throws {
        guard try Files.status(draftPath) != nil else { return }
        do throws(SystemError) {
            try Files.move(draftPath, to: path)
        } catch {
            guard error.isNotFound else { throw error }
        }
        try Descriptor.openDirectory(Files.parent(of: path)).synchronize()
    }

    func isDraft() throws(SystemError) -> Bool { try Files.status(draftPath) != nil }

    package func discardDraft() { try? Files.remove(draftPath) }

    package func order() throws -> BuildOrder {
        try JSON.decode(BuildOrder.self, Files.read(orderPath, limit: 1 << 20), "request.json")
    }

    /// Asks whoever runs the build, now or later, to end it; with `Job` the one thing that is written here by others.
    func requestCancel(by user: String) throws {
        try Files.replace(cancelPath, with: "\(user.printable(limit: 128))\n".utf8)
    }

    /// Whether that was asked.
    var isCancelRequested: Bool { (try? Files.status(cancelPath)) ?? nil != nil }

    /// The bytes of status.json; nil where there is no such build.
    package func statusBytes() throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try Files.read(statusPath, limit: 4 << 20)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    package func status() throws -> BuildStatus? {
        try statusBytes().map { bytes in try BuildStatus.decode(bytes) }
    }

    /// The status, else one that says no more than the order where status.json cannot be understood; nil where neither can.
    var knownStatus: BuildStatus? {
        (try? status()) ?? (try? order()).map { BuildStatus(id: id, order: $0) }
    }

    /// Writes the status of a build that waits anew where it cannot be understood.
    func mendWaiting() throws {
        if (try? status()) == nil, let status = knownStatus { try write(status) }
    }

    /// What the log says last, cut to a line's length.
    var lastLogLine: String? {
        guard let log = try? Descriptor.open(logPath, .read), let size = try? log.regularFileSize(),
            let bytes = try? log.read(at: max(0, size - 4096), limit: 4096)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).last?.description
            .printable(limit: 200)
    }

    /// Only for who holds the lease.
    package func write(_ status: BuildStatus) throws {
        if status.state.isTerminal { releaseRoom() }
        // A step in between may be lost with the power: so is its runner.
        try Files.replace(statusPath, with: status.encoded(), isLasting: status.state.isTerminal)
    }

    /// Takes room on the disk that the build's end will need; that there is none fails nothing yet.
    func reserveRoom() { try? Descriptor.open(reservePath, .write).allocate(bytes: 256 << 10) }

    /// Gives it back, so that the end can be written on a disk that is full by now.
    func releaseRoom() { try? Files.remove(reservePath) }

    /// The build's lease, held until the descriptor goes; nil where another process holds it.
    package func takeLease() throws(SystemError) -> Descriptor? {
        let lease = try Descriptor.open(leasePath, .lockFile)
        return try lease.lock() ? lease : nil
    }
}
