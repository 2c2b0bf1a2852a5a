package import Core

/// A submit, checked: which model version, under which name, and how.
package struct Submission: Sendable {
    package let modelName: ModelName
    package let version: VersionSelector
    package let imageName: ImageReference?
    package let options: BuildOptions

    /// Reads a JSON object; every field is named that is unknown, missing or wrong.
    package init(json body: [UInt8]) throws(Problem) { try self.init(SubmissionFields(body)) }

    /// Reads a query string, for the fields that are a single text or truth.
    package init(query: [(name: String, value: String)]) throws(Problem) {
        try self.init(SubmissionFields(query: query))
    }

    private init(_ given: SubmissionFields) throws(Problem) {
        var fields = given
        guard let modelName = try fields.text("model_name") else { throw fields.missing("model_name") }
        guard let version = try fields.version("model_version") else { throw fields.missing("model_version") }
        self.modelName = try ModelName(modelName)
        self.version = try VersionSelector(version)
        imageName = try fields.image("image_name")
        guard imageName?.digest == nil else {
            throw .invalid("image_name", "must not hold a digest: it is known only after the build")
        }
        options = try BuildOptions(&fields)
        try fields.refuseUnknown()
    }
}
