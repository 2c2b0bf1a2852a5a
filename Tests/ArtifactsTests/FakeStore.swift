import Core
import Testing

@testable import Artifacts

/// A store in memory that lists what it is told to, which need not be what it sends.
struct FakeStore: ArtifactStore {
    struct File: Sendable, CustomTestStringConvertible {
        var bytes: [UInt8]
        var listed: Int?
        var type: String?
        /// How many of its bytes come before it breaks off, for each attempt that does.
        var breaks: [Int] = []

        var testDescription: String {
            "\(bytes.count) bytes, listed \(listed.map(String.init) ?? "without a size"), breaks \(breaks)"
        }
    }

    var directories: [String: [ArtifactEntry]] = [:]
    var files: [String: File] = [:]
    private let attempts = Attempts()

    /// A model with MLmodel and these files, listed as they are.
    init(_ files: [String: [UInt8]] = [:]) {
        add("MLmodel", File(bytes: Array("flavors: {}\n".utf8), listed: 12))
        for (path, bytes) in files { add(path, File(bytes: bytes, listed: bytes.count)) }
    }

    mutating func add(_ path: String, _ file: File) {
        files[path] = file
        var parent = ""
        let names = path.split(separator: "/").map(String.init)
        for name in names.dropLast() {
            let entry = ArtifactEntry(name: name, kind: .directory)
            if directories[parent]?.contains(entry) != true { directories[parent, default: []].append(entry) }
            parent += (parent.isEmpty ? "" : "/") + name
        }
        let entry = ArtifactEntry(name: names.last ?? "", kind: .file(size: file.listed))
        directories[parent, default: []].append(entry)
    }

    func reader() -> any ArtifactReader { Reader(store: self) }

    private struct Reader: ArtifactReader {
        let store: FakeStore

        func entries(in directory: String) throws(Problem) -> [ArtifactEntry] {
            store.directories[directory] ?? []
        }

        func read(_ path: String, into sink: ([UInt8]) throws -> Void) throws -> String? {
            guard let file = store.files[path] else { throw Problem(.temporarilyUnavailable, "\(path): 404") }
            let attempt = store.attempts.next(path)
            if attempt < file.breaks.count {
                try sink(Array(file.bytes.prefix(file.breaks[attempt])))
                throw ReadInterrupted(reason: "connection reset")
            }
            for start in stride(from: 0, to: file.bytes.count, by: 1000) {
                try sink(Array(file.bytes[start..<min(start + 1000, file.bytes.count)]))
            }
            return file.type
        }
    }
}
