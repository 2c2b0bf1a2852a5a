internal import Core
internal import YAML

/// One registered model of an MLflow file store.
struct StoredModel {
    let name: ModelName
    let files: StoredFiles

    var directory: String { "models/\(name.text)" }

    /// The numbers of the model's versions, the highest first.
    ///
    /// - Throws: `resourceDoesNotExist` naming models that do exist.
    func numbers() throws(Problem) -> [Int] {
        guard name.text.isFileName, try files.read("\(directory)/meta.yaml") != nil else {
            throw .noModel(name, known: try files.names(in: "models"))
        }
        return try files.names(in: directory)
            .compactMap { $0.hasPrefix("version-") ? Int($0.dropFirst("version-".count)) : nil }
            .sorted(by: >)
    }

    func version(_ number: Int, among numbers: [Int]) throws(Problem) -> VersionRecord {
        if numbers.contains(number), let record = try record(number) { return record }
        var known: [Int] = []
        for number in numbers.prefix(100) where try record(number) != nil { known.append(number) }
        throw .noVersion(name, number, known: known)
    }

    func version(alias: String, among numbers: [Int]) throws(Problem) -> VersionRecord {
        guard alias.isFileName, let bytes = try files.read("\(directory)/aliases/\(alias)"),
            let number = Self.number(bytes)
        else { throw .noAlias(name, alias, known: try files.names(in: "\(directory)/aliases")) }
        return try version(number, among: numbers)
    }

    /// The highest version that is ready, in a stage if one is given.
    func latest(stage: String?, among numbers: [Int]) throws(Problem) -> VersionRecord {
        var seen: [VersionRecord] = []
        for number in numbers {
            guard let record = try record(number) else { continue }
            if let ready = [record].highestReady(in: stage) { return ready }
            seen.append(record)
        }
        throw .noneFound(name, stage: stage, among: seen)
    }

    /// Which number each alias stands for.
    func aliases() throws(Problem) -> [String: Int] {
        var numbers: [String: Int] = [:]
        for alias in try files.names(in: "\(directory)/aliases") {
            numbers[alias] = try files.read("\(directory)/aliases/\(alias)").flatMap(Self.number)
        }
        return numbers
    }

    private static func number(_ bytes: [UInt8]) -> Int? {
        Int(String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self))
    }

    func isReady(_ number: Int) throws(Problem) -> Bool { try record(number)?.isReady == true }

    /// One version; nil where it was deleted: MLflow only marks it so.
    func record(_ number: Int) throws(Problem) -> VersionRecord? {
        guard let meta = try files.meta("\(directory)/version-\(number)") else { return nil }
        let stage = meta["current_stage"]?.string ?? "None"
        guard stage != "Deleted_Internal" else { return nil }
        return VersionRecord(
            number: number, source: meta["source"]?.string ?? "",
            storage: meta["storage_location"]?.string,
            status: meta["status"]?.string ?? "PENDING_REGISTRATION", stage: stage,
            runID: meta["run_id"]?.string, modelID: meta["model_id"]?.string)
    }
}

extension String {
    /// Whether it can be the name of a file in a directory, and of no other.
    fileprivate var isFileName: Bool {
        !isEmpty && self != "." && self != ".." && !utf8.contains(UInt8(ascii: "/"))
    }
}
