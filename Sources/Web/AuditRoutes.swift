internal import Accounts
internal import Builds
internal import Core

/// The audit, for administrators.
enum AuditRoutes {
    static func routes(_ base: String, _ audit: Audit) -> [Route] {
        [
            Route("GET", "\(base)/audit", access: .administrators) { request, _ in
                let filter = try filter(request)
                let entries = try audit.list(filter)
                let isFull = entries.count == filter.limit
                return try Answer.page(
                    "entries", entries.map(Shown.init),
                    nextPageToken: isFull ? entries.last.map { String($0.number) } : nil)
            }
        ]
    }

    private static func filter(_ request: Request) throws(Problem) -> Audit.Filter {
        let known: Set = [
            "user", "action", "result", "address", "created_after", "created_before", "max_results",
            "page_token",
        ]
        if let unknown = request.query.first(where: { !known.contains($0.name) }) {
            throw .invalid(
                unknown.name.printable(limit: 60),
                "is no field; there are \(known.sorted().joined(separator: ", "))")
        }
        var filter = Audit.Filter()
        filter.user = try request.field("user")
        filter.address = try request.field("address")
        filter.action = try choice(request, "action")
        filter.result = try choice(request, "result")
        filter.after = try time(request, "created_after")
        filter.before = try time(request, "created_before")
        if let text = try request.field("max_results") {
            guard let limit = Int(text), (1...1000).contains(limit) else {
                throw .invalid("max_results", "must be a number from 1 to 1000")
            }
            filter.limit = limit
        }
        if let token = try request.field("page_token") {
            guard let below = Int(token), below > 0 else {
                throw .invalid("page_token", "must be the next_page_token of an earlier answer")
            }
            filter.below = below
        }
        return filter
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ request: Request, _ name: String
    ) throws(Problem) -> Choice? {
        guard let text = try request.field(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw .invalid(name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    private static func time(_ request: Request, _ name: String) throws(Problem) -> Timestamp? {
        guard let text = try request.field(name) else { return nil }
        guard let time = Timestamp(text) else {
            throw .invalid(name, "must be a time in UTC, such as 2026-11-25T07:22:11Z")
        }
        return time
    }

    private struct Shown: Encodable {
        let at: Timestamp?
        let action: String
        let result: String
        let user: String?
        let method: String?
        let address: String?
        let target: String?
        let detail: String?
        let requestID: String?

        init(_ entry: Audit.Entry) {
            at = entry.at
            action = entry.action.rawValue
            result = entry.result.rawValue
            user = entry.user
            method = entry.method
            address = entry.address
            target = entry.target
            detail = entry.detail
            requestID = entry.requestID
        }

        enum CodingKeys: String, CodingKey {
            case at, action, result, user, method, address, target, detail
            case requestID = "request_id"
        }
    }
}
