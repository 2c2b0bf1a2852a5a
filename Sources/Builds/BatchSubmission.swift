package import Core

/// Several submits in one: `{"builds": [{…}, …]}`, or one model, several versions, and the same fields for all.
package struct BatchSubmission: Sendable {
    /// What was asked for in each place; a wrong one does not spoil the others.
    package let items: [Result<Submission, Problem>]

    private static let limit = 200

    /// Reads a JSON object.
    ///
    /// - Parameters:
    ///   - body: the object's bytes.
    ///   - versions: gives all versions of a model, for `"versions": "all"`.
    /// - Throws: `Problem` where it is no batch at all.
    package init(json body: [UInt8], versions: (ModelName) throws(Problem) -> [Int]) throws(Problem) {
        var fields = try SubmissionFields(body)
        if let builds = try fields.objects("builds", limit: Self.limit) {
            try fields.refuseUnknown()
            guard !builds.isEmpty else { throw .invalid("builds", "is empty") }
            items = builds.map { item in
                Result { () throws(Problem) in try Submission(item) }
            }
            return
        }
        guard let name = try fields.text("model_name") else {
            throw .invalid("builds", "is missing", hint: "send builds, or model_name with versions")
        }
        let model = try ModelName(name)
        let asked: [String]
        if try fields.isText("versions", "all") {
            asked = try versions(model).map(String.init)
        } else {
            asked = try fields.versions("versions", limit: Self.limit)
        }
        guard !asked.isEmpty else { throw .invalid("versions", "must be a list of versions, or \"all\"") }
        guard asked.count <= Self.limit else {
            throw .invalid("versions", "are \(asked.count), and a batch holds at most \(Self.limit)")
        }
        let shared = fields.without(["versions", "builds"])
        items = asked.map { version in
            Result { () throws(Problem) in
                try Submission(shared.with("model_version", .text(version)))
            }
        }
    }
}

extension Submission {
    /// Its model, for who may build it.
    package var target: String { "\(modelName.text) \(version)" }
}
