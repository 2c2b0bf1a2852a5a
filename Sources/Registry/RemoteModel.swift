internal import Core
internal import MLflow

/// One registered model of an MLflow server: finds its versions, or says what there is instead.
struct RemoteModel {
    let name: ModelName
    let api: MLflowAPI

    func version(_ number: Int) throws(Problem) -> VersionRecord {
        let query = [("name", name.text), ("version", String(number))]
        if let answer = try api.find("mlflow/model-versions/get", query, as: VersionAnswer.self) {
            return try answer.checked
        }
        // The same answer for a model and a version that do not exist.
        let others = try page(size: 100, token: nil).versions
        if others.isEmpty { try checkExists() }
        throw .noVersion(name, number, known: others.map(\.number))
    }

    func version(alias: String) throws(Problem) -> VersionRecord {
        // MLflow answers INVALID_PARAMETER_VALUE for an alias that is not set.
        if let answer = try api.find(
            "mlflow/registered-models/alias", [("name", name.text), ("alias", alias)], as: VersionAnswer.self,
            missing: ["RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"])
        {
            return try answer.checked
        }
        throw .noAlias(name, alias, known: try checkExists().aliases?.map(\.alias) ?? [])
    }

    /// The highest version that is ready, in a stage if one is given.
    ///
    /// MLflow's own `get-latest-versions` would give one that is not ready.
    func latest(stage: String?) throws(Problem) -> VersionRecord {
        var seen: [VersionRecord] = []
        var token: String?
        var pages = 0
        repeat {
            pages += 1
            // The first page nearly always holds the latest version; a stage may lie far behind.
            let (versions, next) = try page(size: stage == nil ? 20 : 200, token: token)
            if let best = versions.highestReady(in: stage) { return best }
            seen += versions
            token = next
            // 1,000 pages hold more versions than any model has: such a server goes on for ever.
        } while token != nil && pages < 1000
        if seen.isEmpty { try checkExists() }
        throw .noneFound(name, stage: stage, among: seen)
    }

    /// The numbers of the versions that are ready.
    func ready() throws(Problem) -> [Int] {
        var numbers: [Int] = []
        var token: String?
        var pages = 0
        repeat {
            pages += 1
            let (versions, next) = try page(size: 200, token: token)
            numbers += versions.filter(\.isReady).map(\.number)
            token = next
        } while token != nil && pages < 1000
        if numbers.isEmpty { try checkExists() }
        return numbers
    }

    /// The model itself.
    ///
    /// - Throws: `resourceDoesNotExist` naming models that do exist.
    @discardableResult
    func checkExists() throws(Problem) -> ModelAnswer.Model {
        if let answer = try api.find(
            "mlflow/registered-models/get", [("name", name.text)], as: ModelAnswer.self)
        {
            return answer.registeredModel
        }
        let some = try api.find(
            "mlflow/registered-models/search", [("max_results", "6")], as: ModelsAnswer.self)
        throw .noModel(name, known: some?.registeredModels?.map(\.name) ?? [])
    }

    /// Some of the model's versions, the highest numbers first, and what to ask for the next ones with.
    private func page(size: Int, token: String?) throws(Problem) -> (
        versions: [VersionRecord], next: String?
    ) {
        var query = [
            ("filter", RemoteFilter.name(is: name.text)), ("order_by", "version_number DESC"),
            ("max_results", String(size)),
        ]
        if let token { query.append(("page_token", token)) }
        let answer = try api.find("mlflow/model-versions/search", query, as: VersionsAnswer.self)
        let versions = answer?.modelVersions?.filter { $0.name.utf8.elementsEqual(name.text.utf8) }
        let next = answer?.nextPageToken
        return (versions?.compactMap(\.record) ?? [], next == "" || next == token ? nil : next)
    }
}

extension MLflowAPI {
    /// Asks for a resource; nil where it does not exist, which the error codes `missing` say.
    func find<Answer: Decodable>(
        _ path: String, _ query: [(String, String)], as type: Answer.Type,
        missing: Set<String> = ["RESOURCE_DOES_NOT_EXIST"]
    ) throws(Problem) -> Answer? {
        do throws(Refusal) {
            return try get(path, query, as: type)
        } catch {
            guard let code = error.errorCode, missing.contains(code) else { throw error.problem }
            return nil
        }
    }
}

// Answers of MLflow's REST API, as far as they are read.

private struct VersionAnswer: Decodable {
    struct Version: Decodable {
        let name: String
        let version: String
        let source: String?
        let runId: String?
        let status: String?
        let currentStage: String?

        var record: VersionRecord? {
            guard let number = Int(version), number > 0 else { return nil }
            // A status that is not sent is protobuf's default, its first value.
            return VersionRecord(
                number: number, source: source ?? "", status: status ?? "PENDING_REGISTRATION",
                stage: currentStage ?? "None", runID: runId)
        }
    }

    let modelVersion: Version

    var checked: VersionRecord {
        get throws(Problem) {
            if let record = modelVersion.record { return record }
            throw Problem(
                .temporarilyUnavailable, "the registry's answer names no version number",
                hint: "check that its address is an MLflow server's")
        }
    }
}

private struct VersionsAnswer: Decodable {
    let modelVersions: [VersionAnswer.Version]?
    let nextPageToken: String?
}

struct ModelAnswer: Decodable {
    struct Model: Decodable {
        struct Alias: Decodable {
            let alias: String
            let version: String?
        }
        let name: String
        let aliases: [Alias]?
    }

    let registeredModel: Model
}

private struct ModelsAnswer: Decodable { let registeredModels: [ModelAnswer.Model]? }
