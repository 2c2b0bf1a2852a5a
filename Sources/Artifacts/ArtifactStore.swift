internal import Core

/// A place that a model's files are read from.
protocol ArtifactStore: Sendable {
    /// A reader for the thread that asks; it keeps its connection.
    func reader() -> any ArtifactReader
}

/// Reads one model's files; paths are relative to its directory, the directory itself is "".
protocol ArtifactReader {
    func entries(in directory: String) throws(Problem) -> [ArtifactEntry]

    /// Gives a file's bytes to `sink` as they come.
    ///
    /// - Returns: the content type that the store gave them, if it gives any.
    /// - Throws: `Problem`, `ReadInterrupted` where a second try makes sense, or what `sink` throws.
    func read(_ path: String, into sink: ([UInt8]) throws -> Void) throws -> String?
}

/// One name in a directory of a store.
struct ArtifactEntry: Equatable {
    enum Kind: Equatable {
        case directory
        /// Its size in bytes, where the store tells it.
        case file(size: Int?)
    }

    let name: String
    let kind: Kind
}

struct ArtifactFile: Sendable, Equatable {
    /// Relative to the model's directory.
    let path: String
    /// Bytes; nil where the store does not tell.
    let size: Int?
}

/// A file that broke off on its way; to begin again may bring it whole.
struct ReadInterrupted: Error {
    let reason: String
}

/// How much one fetch may bring: more is a mistake or an attack, and no model.
struct FetchLimits: Sendable {
    /// Files and directories together.
    var files = 100_000
    var bytes = 200 << 30
    /// Directories within one another.
    var depth = 32

    var tooMuch: Problem { .refusedModel("has more than \(bytes) bytes") }
}

extension Problem {
    /// A model that holds what must not be copied; `rule` is what follows on "the model".
    static func refusedModel(_ rule: String) -> Problem {
        Problem(.invalidState, "the model \(rule)", hint: "log the model again without it")
    }
}

extension String {
    /// The text in quotes, safe in a message.
    var quoted: String { "\"\(printable())\"" }
}
