internal import Core

/// Which package index replaces PyPI.
struct IndexChoice {
    let address: String
    let reason: String
    let warnings: [String]

    /// The request's, else the model's last `--index-url`, as pip would take it, else the site's, else none.
    static func make(_ model: ModelDescription, _ request: RecipeRequest, _ settings: RecipeSettings)
        throws(Problem) -> IndexChoice?
    {
        let site = try settings.pipIndexURL.map { text throws(Problem) in
            try address(text, "python.index_url", settings.tables)
        }
        var candidates = model.indexes.map { (address: $0.text, reason: "named in \($0.source)") }
        if let asked = request.pipIndexURL {
            candidates.append((try address(asked, "pip_index_url", settings.tables), "named in the request"))
        }
        guard let last = candidates.last else {
            return site.map {
                IndexChoice(address: $0, reason: "the site's python.index_url", warnings: [])
            }
        }
        var warnings = candidates.dropLast().map { lost in
            let source = lost.reason.dropFirst("named in ".count)
            return "\(source): \(lost.address) gives way to the index \(last.reason)"
        }
        if let site, site != last.address {
            warnings.append("\(last.address), \(last.reason), is used in place of the site's index \(site)")
        }
        return IndexChoice(address: last.address, reason: last.reason, warnings: warnings)
    }

    /// Where this program's own tools come from: never from an index that only a model names.
    static func forTools(_ request: RecipeRequest, _ settings: RecipeSettings) throws(Problem) -> String? {
        let text = request.pipIndexURL ?? settings.pipIndexURL
        return try text.map { text throws(Problem) in try address(text, "pip_index_url", settings.tables) }
    }

    /// An address, or the one that the tables have under this name.
    static func address(_ text: String, _ field: String, _ tables: Tables) throws(Problem) -> String {
        if let known = tables.indexes[text] { return known }
        guard text.contains(":") || text.contains("/") else {
            throw .invalid(
                field, "no index is known as \"\(text.printable(limit: 40))\"",
                hint: "give its address, or one of \(tables.indexes.keys.sorted().joined(separator: ", "))")
        }
        try WebAddress.check(text, field: field)
        return text
    }
}
