internal import Core
internal import MLflow

/// What an MLflow server holds, page by page.
struct RemoteListing {
    let api: MLflowAPI

    func models(matching text: String, _ page: PageRequest) throws(Problem) -> Page<ModelSummary> {
        var query = [("order_by", "name ASC"), ("max_results", String(page.size))]
        if !text.isEmpty { query.append(("filter", RemoteFilter.name(holds: text))) }
        if let token = page.token { query.append(("page_token", token)) }
        let answer = try api.find("mlflow/registered-models/search", query, as: ModelsAnswer.self)
        let models = (answer?.registeredModels ?? []).map { model in
            ModelSummary(
                name: model.name, description: model.description.summarized,
                latestVersion: model.latestVersions?.compactMap { Int($0.version) }.max(),
                updatedAt: model.lastUpdatedTimestamp?.moment)
        }
        return Page(items: models, nextToken: answer?.nextPageToken.flatMap { $0.isEmpty ? nil : $0 })
    }

    func versions(of name: ModelName, _ page: PageRequest) throws(Problem) -> Page<VersionSummary> {
        // The one answer that says which aliases there are, and whether the model exists.
        let aliases = try RemoteModel(name: name, api: api).checkExists().aliases ?? []
        var query = [
            ("filter", RemoteFilter.name(is: name.text)), ("order_by", "version_number DESC"),
            ("max_results", String(page.size)),
        ]
        if let token = page.token { query.append(("page_token", token)) }
        let answer = try api.find("mlflow/model-versions/search", query, as: VersionsAnswer.self)
        let versions = (answer?.modelVersions ?? []).compactMap { version -> VersionSummary? in
            guard version.name.utf8.elementsEqual(name.text.utf8), let number = Int(version.version) else {
                return nil
            }
            return VersionSummary(
                version: number, status: version.status ?? "PENDING_REGISTRATION",
                stage: version.currentStage.flatMap { $0 == "None" || $0.isEmpty ? nil : $0 },
                aliases: aliases.filter { $0.version == version.version }.map(\.alias).sorted(),
                createdAt: version.creationTimestamp?.moment, description: version.description.summarized,
                source: (version.source ?? "").printable(limit: 1000), runID: version.runId)
        }
        return Page(items: versions, nextToken: answer?.nextPageToken.flatMap { $0.isEmpty ? nil : $0 })
    }
}

/// Milliseconds, which protobuf's JSON writes as text and MLflow's own as a number.
private struct Milliseconds: Decodable {
    let moment: Timestamp?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let number =
            (try? container.decode(Int64.self)) ?? (try? container.decode(String.self)).flatMap { Int64($0) }
        // What no calendar has says nothing.
        moment = number.flatMap { (0...253_402_300_799_000).contains($0) ? Timestamp(milliseconds: $0) : nil }
    }
}

private struct ModelsAnswer: Decodable {
    struct Model: Decodable {
        struct Version: Decodable { let version: String }
        let name: String
        let description: String?
        let latestVersions: [Version]?
        let lastUpdatedTimestamp: Milliseconds?
    }

    let registeredModels: [Model]?
    let nextPageToken: String?
}

private struct VersionsAnswer: Decodable {
    struct Version: Decodable {
        let name: String
        let version: String
        let status: String?
        let currentStage: String?
        let creationTimestamp: Milliseconds?
        let description: String?
        let source: String?
        let runId: String?
    }

    let modelVersions: [Version]?
    let nextPageToken: String?
}
