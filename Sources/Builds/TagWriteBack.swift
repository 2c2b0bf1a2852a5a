internal import Core
internal import HTTPClient
internal import Registry

/// Tells the registry by tags of the model version what became of it; that it cannot be told fails no build.
struct TagWriteBack {
    private let order: BuildOrder
    private let server: HTTPServer?
    private let record: BuildRecord

    /// - Returns: nil where the order wants none.
    init?(_ order: BuildOrder, _ server: HTTPServer?, _ record: BuildRecord) {
        guard order.options.writeTags == true else { return nil }
        self.order = order
        self.server = server
        self.record = record
    }

    /// Refuses at once what no build could do.
    static func check(_ options: BuildOptions, _ server: HTTPServer?) throws(Problem) {
        guard options.writeTags == true, server == nil else { return }
        throw .invalid(
            "write_tags", "needs an MLflow server, and the registry here is a file store",
            hint: "leave it out, or set registry.uri to a server's address")
    }

    func begin() { write([("slipway.state", "running")], timeoutSeconds: 10) }

    /// Image and digest stay those of the last build that was good.
    func end(_ state: BuildState) {
        var tags = [(name: "slipway.state", value: state.rawValue)]
        let status = record.current
        if state == .succeeded, let image = status.image {
            tags.append(("slipway.image", status.pushed?.first ?? image.reference))
            tags.append(("slipway.digest", image.digest ?? image.id))
        }
        // Who cancels does not want to wait.
        write(tags, timeoutSeconds: state == .cancelled ? 2 : 10)
    }

    private func write(_ tags: [(name: String, value: String)], timeoutSeconds: Int) {
        do {
            guard let server else {
                throw Problem(.invalidState, "the registry is no MLflow server any more")
            }
            try VersionTags(server, timeoutSeconds: timeoutSeconds).set(
                [("slipway.build_id", record.current.buildID)] + tags, of: order.modelName,
                version: order.modelVersion)
        } catch {
            record.warn(
                "the model version's tags could not be written: \((error as? Problem)?.message ?? "\(error)")"
            )
        }
    }
}
