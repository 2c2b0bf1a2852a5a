internal import Core
internal import FoundationEssentials

/// What `serve.py try` prints; a model's own code may have had a hand in it, so nothing in it is believed beyond its use.
struct TrialAnswer: Decodable {
    private let isReady: Bool
    /// The last status of `/ping` where that was none to go on with; 0 is no answer.
    private let ping: Int?
    private let startupSeconds: Double
    private let example: String?
    private let exampleError: String?
    /// 0 is no answer, and `answer` says why.
    private let status: Int?
    private let requestSeconds: Double?
    private let memoryBytes: Int
    private let answer: String?
    /// Whether it was too large to be looked at whole.
    private let isCut: Bool?
    private let isJSON: Bool?
    private let hasPredictions: Bool?
    private let wantsPredictions: Bool?
    private let predictions: Int?
    private let rows: Int?
    private let message: String?
    private let trace: String?

    enum CodingKeys: String, CodingKey {
        case ping, example, status, answer, predictions, rows, message, trace
        case isReady = "is_ready"
        case startupSeconds = "startup_seconds"
        case exampleError = "example_error"
        case requestSeconds = "request_seconds"
        case memoryBytes = "memory_bytes"
        case isCut = "is_cut"
        case isJSON = "is_json"
        case hasPredictions = "has_predictions"
        case wantsPredictions = "wants_predictions"
    }

    /// - Returns: nil where it is none.
    init?(_ line: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(TrialAnswer.self, from: Data(line)) else { return nil }
        self = answer
    }

    /// What stands in status.json.
    var figures: BuildStatus.Verification {
        BuildStatus.Verification(
            example: example?.printable(limit: 200), status: status == 0 ? nil : status,
            startupSeconds: startupSeconds, requestSeconds: requestSeconds, memoryBytes: memoryBytes,
            note: example == nil ? "the model has no example that could be sent: only /ping was asked" : nil)
    }

    /// What is wrong, if anything.
    ///
    /// - Parameters:
    ///   - seconds: how long it had.
    ///   - output: the end of what the container wrote.
    /// - Returns: nil for a good answer.
    func problem(seconds: Int, output: String) -> Problem? {
        guard isReady else {
            let said = ping.map { $0 == 0 ? "" : " (/ping answered with status \($0))" } ?? ""
            return Problem(
                .verificationFailed, "the model did not become ready within \(seconds) seconds\(said)",
                hint: "allow more by builds.smoke_test_seconds; its log ends: \(ModelTrace(output).text)")
        }
        guard let status else { return nil }
        let name = example?.printable(limit: 100) ?? "its example"
        let short = (answer ?? "").printable(limit: 300)
        if status == 0 {
            let log = "its log ends: \(ModelTrace(output).text)"
            return short.contains("timed out")
                ? Problem(
                    .verificationFailed, "the model did not answer \(name) within \(seconds) seconds",
                    hint: "allow more by builds.smoke_test_seconds; \(log)")
                : Problem(.verificationFailed, "the model broke off at \(name): \(short)", hint: log)
        }
        if status != 200 {
            let trace = [trace ?? "", output].map(ModelTrace.init).first { $0.error != nil }
            let words = trace?.error ?? (message.map { $0.printable(limit: 300) } ?? short)
            return Problem(
                .verificationFailed,
                "the model answers \(name) with status \(status): \(words)"
                    + (Problem.needsNetwork(trace?.text ?? words) ? Problem.networkWords : ""),
                hint: trace?.text ?? "it answered: \((answer ?? "").printable(limit: 1500))")
        }
        if isCut == true { return nil }
        guard isJSON == true, hasPredictions == true || wantsPredictions != true else {
            return Problem(
                .verificationFailed,
                "the model answers \(name) with status 200, but "
                    + (isJSON == true ? "without predictions" : "not in JSON"),
                hint: "it answered: \((answer ?? "").printable(limit: 1500))")
        }
        return nil
    }

    var warnings: [String] {
        if let exampleError {
            return ["the model's example was not sent: \(exampleError.printable(limit: 200))"]
        }
        if isCut == true { return ["the model's answer to its example is too large to be looked at"] }
        guard let rows, let predictions, rows != predictions else { return [] }
        return ["the model's example has \(rows) rows, and the answer \(predictions) predictions"]
    }

    /// One line for the log.
    var summary: String {
        var words = "the image was ready after \(startupSeconds) s"
        if let status, let requestSeconds { words += ", answered with \(status) in \(requestSeconds) s" }
        return words + ", and held \(memoryBytes / 1_000_000) MB of memory"
    }
}

extension BuildStatus {
    /// What the finished image did when it was tried.
    package struct Verification: Codable, Sendable, Equatable {
        /// The file of the model that was sent; nil for none.
        package let example: String?
        /// Of the answer to it.
        package let status: Int?
        /// From the container's start until the model was ready.
        package let startupSeconds: Double
        package let requestSeconds: Double?
        /// Of all processes, with one worker, after the request.
        package let memoryBytes: Int
        package let note: String?

        enum CodingKeys: String, CodingKey {
            case example, status, note
            case startupSeconds = "startup_seconds"
            case requestSeconds = "request_seconds"
            case memoryBytes = "memory_bytes"
        }
    }
}
