package import Core
internal import FoundationEssentials

/// How the image gets the model's Python packages, as MLflow calls it.
package enum EnvManager: String, Codable, Sendable {
    /// Into the base image's own Python.
    case local
}

/// The body of a submit, checked.
package struct Submission: Sendable {
    package let modelName: ModelName
    package let version: VersionSelector
    package let imageName: ImageReference?
    package let baseImage: ImageReference?
    package let envManager: EnvManager
    /// Whether the engine must not reuse layers.
    package let noCache: Bool
    /// Whether the engine looks for a newer base image even where it has one.
    package let pull: Bool
    package let timeoutSeconds: Int?

    /// Reads a JSON object; every field is named that is unknown, missing or wrong.
    package init(json body: [UInt8]) throws(Problem) {
        var fields = try SubmissionFields(body)
        guard let modelName = try fields.text("model_name") else { throw fields.missing("model_name") }
        guard let version = try fields.version("model_version") else { throw fields.missing("model_version") }
        self.modelName = try ModelName(modelName)
        self.version = try VersionSelector(version)
        imageName = try fields.image("image_name")
        guard imageName?.digest == nil else {
            throw .invalid("image_name", "must not hold a digest: it is known only after the build")
        }
        baseImage = try fields.image("base_image")
        let manager = try fields.text("env_manager") ?? EnvManager.local.rawValue
        guard let envManager = EnvManager(rawValue: manager) else {
            throw .invalid(
                "env_manager", "\"\(manager.printable(limit: 40))\" is not supported",
                hint: "use local, or leave it out")
        }
        self.envManager = envManager
        noCache = try fields.truth("no_cache") ?? false
        pull = try fields.truth("pull") ?? false
        timeoutSeconds = try fields.number("timeout_seconds", 1...604_800)
        try fields.refuseUnknown()
    }
}

/// Takes fields out of a JSON object by name and type; null counts as left out.
private struct SubmissionFields {
    private let values: [String: JSONValue]
    private var known: Set<String> = []

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
private enum JSONValue: Decodable, Equatable {
    case null
    case truth(Bool)
    case number(Double)
    case text(String)
    case array
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        if let values = try? [String: JSONValue](from: decoder) {
            self = .object(values)
            return
        }
        if (try? decoder.unkeyedContainer()) != nil {
            self = .array
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
        case .array: "a list"
        case .object: "an object"
        }
    }
}
