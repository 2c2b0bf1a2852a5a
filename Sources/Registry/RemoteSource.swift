internal import Core
internal import MLflow

/// Follows a version's source to where an MLflow server keeps its files.
struct RemoteSource {
    let api: MLflowAPI
    /// The server's address, the only one that a URI may name.
    let address: String

    /// A `proxied` path or a `directory`, unless one reference led to another.
    func place(of record: VersionRecord, _ name: ModelName) throws(Problem) -> ArtifactSource {
        let source = try ArtifactSource(record.source, server: address)
        guard case .model(let id) = source else { return try followed(source) }
        let query = [("name", name.text), ("version", String(record.number))]
        if let answer = try api.find("mlflow/model-versions/get-download-uri", query, as: PlaceAnswer.self) {
            let place = try ArtifactSource(answer.artifactUri, server: address)
            guard case .model = place else { return try followed(place) }
        }
        guard let id, let model = try loggedModel(id) else {
            throw .source("names a model that does not exist")
        }
        return try ArtifactSource(model.artifactUri, server: address)
    }

    /// MLflow itself finds what `models:` means, but passes a run's path on as it is.
    private func followed(_ source: ArtifactSource) throws(Problem) -> ArtifactSource {
        guard case .run(let run, let path) = source else { return source }
        return try place(inRun: run, path)
    }

    /// Since MLflow 3 a model that a run logged lies apart from the run's other files, and is taken before them.
    private func place(inRun run: String, _ path: String) throws(Problem) -> ArtifactSource {
        guard let answer = try api.find("mlflow/runs/get", [("run_id", run)], as: RunAnswer.self) else {
            throw .source("names a run that does not exist")
        }
        for output in answer.run.outputs?.modelOutputs ?? [] where output.modelId.isIdentifier {
            guard let model = try loggedModel(output.modelId) else { continue }
            if path == model.name { return try ArtifactSource(model.artifactUri, server: address) }
        }
        return try ArtifactSource(answer.run.info.artifactUri, server: address).appending(path)
    }

    private func loggedModel(_ id: String) throws(Problem) -> LoggedModelAnswer.Info? {
        try api.find("mlflow/logged-models/\(id)", [], as: LoggedModelAnswer.self)?.model.info
    }
}

// Answers of MLflow's REST API, as far as they are read.

private struct PlaceAnswer: Decodable { let artifactUri: String }

private struct LoggedModelAnswer: Decodable {
    struct Info: Decodable {
        let name: String
        let artifactUri: String
    }
    struct Model: Decodable { let info: Info }
    let model: Model
}

private struct RunAnswer: Decodable {
    struct Info: Decodable { let artifactUri: String }
    struct Output: Decodable { let modelId: String }
    struct Outputs: Decodable { let modelOutputs: [Output]? }
    struct Run: Decodable {
        let info: Info
        let outputs: Outputs?
    }
    let run: Run
}
