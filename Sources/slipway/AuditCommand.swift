internal import Accounts
internal import Core
internal import FoundationEssentials

/// `slipway audit`.
enum AuditCommand: Subcommand {
    static let name = "audit"
    static let summary = "show who did what, newest first"
    static let help = """
        Usage: slipway audit [--user NAME] [--action ACTION] [--result RESULT] [--limit N] [--json] [--config FILE]

        Prints sign-ins, refusals, submits and whatever else changed something: time, action, result, user, address,
        target and reason. The same is at GET /api/2.0/mlflow/models/build-docker/audit.

          --action ACTION   sign-in, sign-out, revoke-session, submit, cancel, retry, delete,
                            request, reload
          --result RESULT   succeeded, refused, failed
          --limit N         lines, 1 to 1000 (default: 100)
          --json            one JSON object a line
        """
    static let options: Set = ["--user", "--action", "--result", "--limit", "--config"]
    static let flags: Set = ["--json"]

    static func run(_ arguments: Arguments) throws -> Bool {
        var filter = Audit.Filter()
        filter.user = arguments["--user"]
        filter.action = try choice(arguments, "--action")
        filter.result = try choice(arguments, "--result")
        if let text = arguments["--limit"] {
            guard let limit = Int(text), (1...1000).contains(limit) else {
                throw Misuse("--limit must be a number from 1 to 1000")
            }
            filter.limit = limit
        }
        let database = try AccountsDatabase(state: try Program(arguments).settings.server.database)
        for entry in try Audit(database).list(filter) {
            if arguments.flags.contains("--json") {
                Terminal.say(String(decoding: try JSONEncoder().encode(fields(entry)), as: UTF8.self))
            } else {
                let texts = [
                    entry.at?.description, entry.action.rawValue, entry.result.rawValue, quoted(entry.user),
                    entry.address ?? "-", quoted(entry.target), entry.detail,
                ]
                Terminal.say(texts.compactMap(\.self).joined(separator: "  "))
            }
        }
        return true
    }

    /// A text that can be anything must not look like two columns.
    private static func quoted(_ text: String?) -> String {
        guard let text else { return "-" }
        return text.contains(" ") ? "\"\(text.replacing("\"", with: "'"))\"" : text
    }

    private static func fields(_ entry: Audit.Entry) -> [String: String] {
        var fields = ["action": entry.action.rawValue, "result": entry.result.rawValue]
        fields["at"] = entry.at?.description
        fields["user"] = entry.user
        fields["method"] = entry.method
        fields["address"] = entry.address
        fields["target"] = entry.target
        fields["detail"] = entry.detail
        fields["request_id"] = entry.requestID
        return fields
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ arguments: Arguments, _ name: String
    ) throws -> Choice? {
        guard let text = arguments[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw Misuse("\(name) must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
