package import Core
internal import SQLite

/// Which builds a listing shows, and in what order.
package struct HistoryQuery: Sendable {
    private var conditions: [String] = []
    private var values: [Database.Value] = []
    private var ascending = false
    private var pageSize = 100

    private static let names = [
        "model_name", "model_version", "state", "user", "created_after", "created_before", "text",
        "batch_id", "order_by", "max_results", "page_token",
    ]

    /// One page of a listing.
    package struct Page: Sendable {
        package let ids: [BuildID]
        /// Gives the next page as `page_token`; nil on the last.
        package let nextPageToken: String?
    }

    /// Reads a query string's fields; an unknown one is named.
    package init(_ fields: [(name: String, value: String)]) throws(Problem) {
        var token: Int?
        var seen: Set<String> = []
        for (name, value) in fields {
            guard seen.insert(name).inserted else {
                throw .invalid(name.printable(limit: 60), "stands more than once in the query")
            }
            // An empty field is one that a form left out.
            if value.isEmpty && Self.names.contains(name) { continue }
            switch name {
            case "model_name", "model_version": require("\(name) = ?", .text(value))
            case "user": require("created_by = ?", .text(value))
            case "batch_id": require("batch_id = ?", .text(value))
            case "state":
                guard let state = BuildState(rawValue: value) else {
                    let states = BuildState.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalid("state", "must be one of \(states)")
                }
                require("state = ?", .text(state.rawValue))
            case "created_after": require("created_at > ?", try Self.moment(name, value))
            case "created_before": require("created_at < ?", try Self.moment(name, value))
            case "text":
                let pattern = "%\(Self.escapedForLike(value))%"
                conditions.append(
                    "(id LIKE ? ESCAPE '\\' OR model_name LIKE ? ESCAPE '\\' OR image_name LIKE ? ESCAPE '\\')"
                )
                values += Array(repeating: .text(pattern), count: 3)
            case "order_by":
                switch value.uppercased() {
                case "CREATED_AT ASC": ascending = true
                case "CREATED_AT", "CREATED_AT DESC": ascending = false
                default: throw .invalid("order_by", "must be created_at ASC or created_at DESC")
                }
            case "max_results":
                guard let size = Int(value), (1...1000).contains(size) else {
                    throw .invalid("max_results", "must be a whole number from 1 to 1000")
                }
                pageSize = size
            case "page_token":
                guard let number = Int(value), number > 0 else {
                    throw .invalid("page_token", "is none that an earlier answer gave")
                }
                token = number
            default:
                throw .invalid(
                    name.printable(limit: 60), "is no field of this query",
                    hint: "fields are \(Self.names.joined(separator: ", "))")
            }
        }
        if let token { require(ascending ? "seq > ?" : "seq < ?", .integer(token)) }
    }

    func page(_ database: Database) throws -> Page {
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        // One more than is shown tells whether there is a next page.
        let rows = try database.execute(
            "SELECT seq, id FROM builds \(filter) ORDER BY seq \(ascending ? "ASC" : "DESC") LIMIT ?",
            values + [.integer(pageSize + 1)])
        let shown = rows.prefix(pageSize)
        return Page(
            ids: shown.compactMap { $0.text(1).flatMap { BuildID($0) } },
            nextPageToken: rows.count > pageSize ? shown.last?.integer(0).map { String($0) } : nil)
    }

    private mutating func require(_ condition: String, _ value: Database.Value) {
        conditions.append(condition)
        values.append(value)
    }

    private static func moment(_ name: String, _ text: String) throws(Problem) -> Database.Value {
        guard let moment = Timestamp(text) else {
            throw .invalid(name, "must be a time such as 2026-01-31T12:00:00Z")
        }
        return .integer(Int(moment.milliseconds))
    }

    private static func escapedForLike(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if "%_\\".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}

extension History {
    /// One page of the builds that a query asks for.
    package func page(_ query: HistoryQuery) throws -> HistoryQuery.Page {
        try withDatabase { database in try query.page(database) }
    }
}
