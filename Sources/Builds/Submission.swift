package import Core

/// A submit, checked: which model version, under which name, and how.
package struct Submission: Sendable {
    package let modelName: ModelName
    package let version: VersionSelector
    package let imageName: ImageReference?
    package let options: BuildOptions
    /// Whether to build although the same is being built.
    package let isForced: Bool

    /// Reads a JSON object; every field is named that is unknown, missing or wrong.
    package init(json body: [UInt8]) throws(Problem) { try self.init(SubmissionFields(body)) }

    /// Reads a query string, for the fields that are a single text or truth.
    package init(query: [(name: String, value: String)]) throws(Problem) {
        try self.init(SubmissionFields(query: query))
    }

    /// Takes single values, and beside them the fields of a JSON object.
    package init(_ values: [String: JSONValue], and json: [UInt8]?) throws(Problem) {
        var fields = SubmissionFields(values)
        if let json { try fields.add(SubmissionFields(json)) }
        try self.init(fields)
    }

    init(_ given: SubmissionFields) throws(Problem) {
        var fields = given
        guard let modelName = try fields.text("model_name") else { throw fields.missing("model_name") }
        guard let version = try fields.version("model_version") else { throw fields.missing("model_version") }
        self.modelName = try ModelName(modelName)
        self.version = try VersionSelector(version)
        imageName = try fields.image("image_name")
        guard imageName?.digest == nil else {
            throw .invalid("image_name", "must not hold a digest: it is known only after the build")
        }
        isForced = try fields.truth("force") ?? false
        options = try BuildOptions(&fields)
        try fields.refuseUnknown()
    }
}
