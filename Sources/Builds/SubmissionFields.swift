internal import Core
internal import FoundationEssentials

/// Takes fields out of a JSON object by name and type; null counts as left out.
struct SubmissionFields {
    private var values: [String: JSONValue]
    /// Names that were asked for.
    private var known: Set<String> = []
    /// Whether `true` and `false` stand there as texts, and mean what the field makes of them.
    private var isQuery = false

    init(_ body: [UInt8]) throws(Problem) {
        guard let parsed = try? JSONDecoder().decode(JSONValue.self, from: Data(body)) else {
            throw Problem(
                .invalidParameterValue, "the request body is not valid JSON",
                hint: #"send an object such as {"model_name": "churn", "model_version": "1"}"#)
        }
        guard case .object(let values) = parsed else {
            throw Problem(
                .invalidParameterValue, "the request body must be a JSON object",
                hint: #"send an object such as {"model_name": "churn", "model_version": "1"}"#)
        }
        self.values = values
    }

    init(_ values: [String: JSONValue]) { self.values = values }

    /// - Throws: `Problem` naming a field that both have.
    mutating func add(_ other: SubmissionFields) throws(Problem) {
        for (name, value) in other.values {
            guard values.updateValue(value, forKey: name) == nil else {
                throw .invalid(name, "is given twice")
            }
        }
    }

    /// Takes a query string's pairs, all of which are texts.
    init(query: [(name: String, value: String)]) throws(Problem) {
        var values: [String: JSONValue] = [:]
        for (name, value) in query {
            guard values[name] == nil else {
                throw .invalid(name.printable(limit: 60), "stands more than once in the query")
            }
            values[name] = .text(value)
        }
        self.values = values
        isQuery = true
    }

    mutating func text(_ name: String) throws(Problem) -> String? {
        guard let value = take(name) else { return nil }
        guard case .text(let text) = value else { throw .invalid(name, "must be a text, not \(value.kind)") }
        return text
    }

    /// A version may be written as a JSON number, as people do.
    mutating func version(_ name: String) throws(Problem) -> String? {
        guard let value = take(name) else { return nil }
        switch value {
        case .text(let text): return text
        case .number(let number) where number >= 1 && number == number.rounded() && number < 1e9:
            return String(Int(number))
        default:
            throw .invalid(name, "must be a version number, latest, @alias or a stage, not \(value.kind)")
        }
    }

    mutating func truth(_ name: String) throws(Problem) -> Bool? {
        guard let value = take(name) else { return nil }
        if isQuery, case .text(let text) = value, let truth = ["true": true, "false": false][text] {
            return truth
        }
        guard case .truth(let truth) = value else {
            throw .invalid(name, "must be true or false, not \(value.kind)")
        }
        return truth
    }

    mutating func number(_ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let value = take(name) else { return nil }
        guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
            throw .invalid(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    mutating func image(_ name: String) throws(Problem) -> ImageReference? {
        guard let text = try text(name) else { return nil }
        return try ImageReference(text, field: name)
    }

    mutating func texts(_ name: String, limit: Int) throws(Problem) -> [String] {
        guard let value = take(name) else { return [] }
        guard case .list(let items) = value else {
            throw .invalid(name, "must be a list of texts, not \(value.kind)")
        }
        guard items.count <= limit else { throw .invalid(name, "holds more than \(limit) texts") }
        return try items.map { item throws(Problem) in
            guard case .text(let text) = item else {
                throw .invalid(name, "must be a list of texts, and holds \(item.kind)")
            }
            return text
        }
    }

    mutating func textMap(_ name: String, limit: Int) throws(Problem) -> [String: String] {
        guard let value = take(name) else { return [:] }
        guard case .object(let entries) = value else {
            throw .invalid(name, "must be an object of texts, not \(value.kind)")
        }
        guard entries.count <= limit else { throw .invalid(name, "holds more than \(limit) texts") }
        var result: [String: String] = [:]
        for (key, item) in entries {
            guard case .text(let text) = item else {
                throw .invalid(
                    name, "the value of \(key.printable(limit: 60)) must be a text, not \(item.kind)")
            }
            result[key] = text
        }
        return result
    }

    mutating func objects(_ name: String, limit: Int) throws(Problem) -> [SubmissionFields]? {
        guard let value = take(name) else { return nil }
        guard case .list(let items) = value else {
            throw .invalid(name, "must be a list of objects, not \(value.kind)")
        }
        guard items.count <= limit else { throw .invalid(name, "holds more than \(limit) builds") }
        return try items.map { item throws(Problem) in
            guard case .object(let values) = item else {
                throw .invalid(name, "must be a list of objects, and holds \(item.kind)")
            }
            return SubmissionFields(values)
        }
    }

    /// Whether a field is just this text.
    mutating func isText(_ name: String, _ text: String) throws(Problem) -> Bool { take(name) == .text(text) }

    /// A list of versions, as texts or numbers.
    mutating func versions(_ name: String, limit: Int) throws(Problem) -> [String] {
        guard let value = take(name) else { throw missing(name) }
        guard case .list(let items) = value, items.count <= limit else {
            throw .invalid(name, "must be \"all\", or a list of at most \(limit) versions, not \(value.kind)")
        }
        return try items.map { item throws(Problem) in
            var one = SubmissionFields([name: item])
            guard let version = try one.version(name) else { throw missing(name) }
            return version
        }
    }

    func without(_ names: Set<String>) -> SubmissionFields {
        SubmissionFields(values.filter { !names.contains($0.key) })
    }

    func with(_ name: String, _ value: JSONValue) -> SubmissionFields {
        SubmissionFields(values.merging([name: value]) { $1 })
    }

    func missing(_ name: String) -> Problem { .invalid(name, "is missing") }

    func refuseUnknown() throws(Problem) {
        guard let name = values.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw .invalid(
            name.printable(limit: 60), "is no field of a build",
            hint: "fields are \(known.sorted().joined(separator: ", "))")
    }

    private mutating func take(_ name: String) -> JSONValue? {
        known.insert(name)
        guard let value = values[name], value != .null else { return nil }
        return value
    }
}

/// Any JSON value.
package enum JSONValue: Decodable, Equatable, Sendable {
    case null
    case truth(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    package init(from decoder: any Decoder) throws {
        if let values = try? [String: JSONValue](from: decoder) {
            self = .object(values)
            return
        }
        if let items = try? [JSONValue](from: decoder) {
            self = .list(items)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let truth = try? container.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// What it is, in words.
    var kind: String {
        switch self {
        case .null: "null"
        case .truth: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }
}
