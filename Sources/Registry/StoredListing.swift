internal import Core
internal import YAML

/// What an MLflow file store holds, page by page; a page's token is the last name or number before it.
struct StoredListing {
    let files: StoredFiles

    func models(matching text: String, _ page: PageRequest) throws(Problem) -> Page<ModelSummary> {
        let wanted = text.lowercased()
        let after = try page.token.map { token throws(Problem) in
            guard let name = token.percentDecoded else { throw Problem.foreignToken }
            return name
        }
        var names = try files.names(in: "models").filter { name in
            (wanted.isEmpty || name.lowercased().contains(wanted)) && after.map { name > $0 } != false
        }.sorted()
        var models: [ModelSummary] = []
        while models.count < page.size, !names.isEmpty {
            let text = names.removeFirst()
            // What else lies there, what no model can be called, and what cannot be read, is passed over.
            guard let name = try? ModelName(text), let meta = try? files.meta("models/\(text)") else {
                continue
            }
            let numbers = (try? StoredModel(name: name, files: files).numbers()) ?? []
            models.append(
                ModelSummary(
                    name: text, description: (meta["description"]?.string).summarized,
                    latestVersion: numbers.first, updatedAt: meta["last_updated_timestamp"].moment))
        }
        return Page(items: models, nextToken: names.isEmpty ? nil : models.last?.name.percentEncoded)
    }

    func versions(of name: ModelName, _ page: PageRequest) throws(Problem) -> Page<VersionSummary> {
        let model = StoredModel(name: name, files: files)
        let before = try page.token.map { token throws(Problem) in
            guard let number = Int(token) else { throw Problem.foreignToken }
            return number
        }
        var numbers = try model.numbers().filter { before == nil || $0 < before ?? 0 }
        let aliases = try model.aliases()
        var versions: [VersionSummary] = []
        while versions.count < page.size, !numbers.isEmpty {
            let number = numbers.removeFirst()
            guard let record = try model.record(number),
                let meta = try files.meta("\(model.directory)/version-\(number)")
            else { continue }
            versions.append(
                VersionSummary(
                    version: number, status: record.status,
                    stage: record.stage == "None" ? nil : record.stage,
                    aliases: aliases.filter { $0.value == number }.keys.sorted(),
                    createdAt: meta["creation_timestamp"].moment,
                    description: (meta["description"]?.string).summarized,
                    source: record.source.printable(limit: 1000), runID: record.runID))
        }
        return Page(
            items: versions, nextToken: numbers.isEmpty ? nil : versions.last.map { String($0.version) })
    }
}

extension Problem {
    fileprivate static let foreignToken = invalid("page_token", "is not one that this listing gave")
}

extension YAMLNode? {
    /// Milliseconds since 1970.
    fileprivate var moment: Timestamp? {
        guard let number = (self?.string).flatMap({ Int64($0) }), (0...253_402_300_799_000).contains(number)
        else { return nil }
        return Timestamp(milliseconds: number)
    }
}
