package import Core
package import HTTPClient
internal import MLflow

/// MLflow's model registry, asked over its REST API.
package struct MLflowServer: ModelRegistry {
    private let server: HTTPServer
    private let roots: AllowedRoots
    private let connect: @Sendable () -> MLflowAPI

    /// Makes a registry of a server, which is not asked before the first `resolve`.
    ///
    /// - Parameters:
    ///   - server: the MLflow server's address, and how to log in there.
    ///   - allowedRoots: the directories of this machine that the registry may send Slipway to, for servers that do
    ///     not pass artifacts on; a source outside of them is refused.
    package init(_ server: HTTPServer, allowedRoots: [String]) {
        self.init(server, allowedRoots: allowedRoots) { MLflowAPI(server) }
    }

    init(_ server: HTTPServer, allowedRoots: [String], connect: @escaping @Sendable () -> MLflowAPI) {
        self.server = server
        roots = AllowedRoots(paths: allowedRoots)
        self.connect = connect
    }

    package var description: String { "MLflow server \(server.address)" }

    package func resolve(_ name: ModelName, _ selector: VersionSelector) throws(Problem) -> ModelVersion {
        let api = connect()
        let model = RemoteModel(name: name, api: api)
        let record =
            switch selector {
            case .number(let number): try model.version(number)
            case .alias(let alias): try model.version(alias: alias)
            case .latest: try model.latest(stage: nil)
            case .stage(let stage): try model.latest(stage: stage)
            }
        guard record.isReady else { throw .notReady(name, record) }
        let location: ArtifactLocation =
            switch try RemoteSource(api: api, address: server.address).place(of: record, name) {
            case .proxied(let path): .proxied(path: path)
            case .directory(let path): try roots.location(of: path)
            case .model, .run: throw .source("leads from one reference to another")
            }
        return record.version(of: name, at: location)
    }

    package func versions(of name: ModelName) throws(Problem) -> [Int] {
        try RemoteModel(name: name, api: connect()).ready().sorted(by: >)
    }

    package func models(matching text: String, _ page: PageRequest) throws(Problem) -> Page<ModelSummary> {
        try RemoteListing(api: connect()).models(matching: text, page)
    }

    package func versions(of name: ModelName, _ page: PageRequest) throws(Problem) -> Page<VersionSummary> {
        try RemoteListing(api: connect()).versions(of: name, page)
    }
}
