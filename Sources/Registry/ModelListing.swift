package import Core

/// A registered model, as people look for one.
package struct ModelSummary: Codable, Sendable, Equatable {
    package let name: String
    package let description: String?
    /// The highest version by number, ready or not.
    package let latestVersion: Int?
    package let updatedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case name, description
        case latestVersion = "latest_version"
        case updatedAt = "updated_at"
    }
}

/// A version of a registered model, as people look for one.
package struct VersionSummary: Codable, Sendable, Equatable {
    package let version: Int
    /// `READY`, or why it cannot be built.
    package let status: String
    /// nil outside of the stages.
    package let stage: String?
    package let aliases: [String]
    package let createdAt: Timestamp?
    package let description: String?
    /// Where the files lie as the registry says it; for people to read, never to open.
    package let source: String
    package let runID: String?

    enum CodingKeys: String, CodingKey {
        case version, status, stage, aliases, description, source
        case createdAt = "created_at"
        case runID = "run_id"
    }
}

/// Some of a listing, and what the next ones are asked for with.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    /// nil where nothing follows.
    package let nextToken: String?
}

/// Which part of a listing is asked for.
package struct PageRequest: Sendable {
    package static let sizes = 1...200

    /// How many at most.
    package let size: Int
    /// Of the page before; nil for the first.
    package let token: String?

    /// - Throws: `invalidParameterValue` for a size or a token that cannot be.
    package init(size: Int, token: String?) throws(Problem) {
        guard Self.sizes.contains(size) else {
            throw .invalid("max_results", "must be 1 to \(Self.sizes.upperBound)")
        }
        if let token {
            guard (1...4096).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { throw .invalid("page_token", "is not one that a listing gave") }
        }
        self.size = size
        self.token = token
    }
}

extension String? {
    /// The beginning of a description; nil where there is none.
    var summarized: String? { flatMap { $0.isEmpty ? nil : $0.printable(limit: 1000) } }
}
