package import Core
internal import Posix
internal import YAML

/// MLflow's file store: the directory that `mlflow` keeps its registry in when told to use no database.
///
/// Laid out as `mlflow/store/model_registry/file_store.py` does: `models/NAME/version-N/meta.yaml` for each version
/// and `models/NAME/aliases/ALIAS` holding a number. Nothing in it is followed through a symbolic link.
package struct MLflowFileStore: ModelRegistry {
    private let root: String
    private let roots: AllowedRoots

    /// Makes a registry of a file store, which is not read before the first `resolve`.
    ///
    /// - Parameters:
    ///   - root: the directory that holds `models/`, such as `mlruns`.
    ///   - allowedRoots: further directories that models may lie in, beside `root`.
    package init(root: String, allowedRoots: [String]) {
        self.root = root
        roots = AllowedRoots(paths: [root] + allowedRoots)
    }

    package var description: String { "MLflow file store \(root)" }

    package func resolve(_ name: ModelName, _ selector: VersionSelector) throws(Problem) -> ModelVersion {
        let store = try StoredFiles(root)
        let model = StoredModel(name: name, files: store)
        let numbers = try model.numbers()
        let record =
            switch selector {
            case .number(let number): try model.version(number, among: numbers)
            case .alias(let alias): try model.version(alias: alias, among: numbers)
            case .latest: try model.latest(stage: nil, among: numbers)
            case .stage(let stage): try model.latest(stage: stage, among: numbers)
            }
        guard record.isReady else { throw .notReady(name, record) }
        return record.version(of: name, at: try location(of: record, store))
    }

    package func versions(of name: ModelName) throws(Problem) -> [Int] {
        let model = StoredModel(name: name, files: try StoredFiles(root))
        var ready: [Int] = []
        for number in try model.numbers() where try model.isReady(number) { ready.append(number) }
        return ready
    }

    package func models(matching text: String, _ page: PageRequest) throws(Problem) -> Page<ModelSummary> {
        try StoredListing(files: StoredFiles(root)).models(matching: text, page)
    }

    package func versions(of name: ModelName, _ page: PageRequest) throws(Problem) -> Page<VersionSummary> {
        try StoredListing(files: StoredFiles(root)).versions(of: name, page)
    }

    private func location(of record: VersionRecord, _ store: StoredFiles) throws(Problem) -> ArtifactLocation
    {
        let source = try ArtifactSource(record.storage ?? record.source, server: nil)
        switch source {
        case .directory(let path): return try roots.location(of: path)
        case .run(let run, let path): return try roots.location(of: try store.directory(ofRun: run, path))
        case .model: throw .source("leads from one reference to another")
        case .proxied:
            throw .source(
                "is in the store of an MLflow server",
                hint: "set registry.uri to that server's address in place of the file store")
        }
    }
}
