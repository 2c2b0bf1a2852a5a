internal import Core

/// What a model's directory holds, listed and found harmless before anything is fetched.
struct FetchPlan {
    /// Each stands behind the one that holds it.
    private(set) var directories: [String] = []
    /// The largest first, so that none of them begins when the other threads are done.
    private(set) var files: [ArtifactFile] = []
    /// The sum of the sizes; nil where the store does not tell them all.
    private(set) var bytes: Int? = 0

    init(_ reader: any ArtifactReader, _ limits: FetchLimits) throws(Problem) {
        let top = try reader.entries(in: "")
        try Self.checkIsModel(top)
        try add(top, in: "", limits)
        var next = 0
        while next < directories.count {
            let directory = directories[next]
            guard directory.pathComponents.count <= limits.depth else {
                throw .refusedModel("has directories more than \(limits.depth) deep")
            }
            try add(try reader.entries(in: directory), in: directory, limits)
            next += 1
        }
        files.sort { ($0.size ?? 0, $1.path) > ($1.size ?? 0, $0.path) }
    }

    private static func checkIsModel(_ entries: [ArtifactEntry]) throws(Problem) {
        guard !entries.isEmpty else {
            throw Problem(
                .resourceDoesNotExist, "there are no files where the registry says that the model lies",
                hint: "check in MLflow that the model's artifacts were not deleted")
        }
        guard entries.contains(where: { $0.name == "MLmodel" && $0.kind != .directory }) else {
            let names = entries.prefix(5).map { $0.name.quoted }.joined(separator: ", ")
            throw Problem(
                .resourceDoesNotExist, "there is no MLmodel file where the registry says that the model lies",
                hint: "register the directory that holds MLmodel; this one holds \(names)")
        }
    }

    private mutating func add(
        _ entries: [ArtifactEntry], in directory: String, _ limits: FetchLimits
    ) throws(Problem) {
        for entry in entries {
            let path = directory.isEmpty ? entry.name : "\(directory)/\(entry.name)"
            guard entry.name.isSafeFileName else {
                throw .refusedModel("has a file whose name could lead elsewhere: \(path.quoted)")
            }
            switch entry.kind {
            case .directory: directories.append(path)
            case .file(let size):
                files.append(ArtifactFile(path: path, size: size))
                // One size at a time stays far from an overflow.
                guard (0...limits.bytes).contains(size ?? 0) else {
                    throw .refusedModel("has a file of \(size ?? 0) bytes: \(path.quoted)")
                }
                bytes = size.flatMap { size in bytes.map { $0 + size } }
            }
            guard files.count + directories.count <= limits.files else {
                throw .refusedModel("has more than \(limits.files) files")
            }
            guard bytes ?? 0 <= limits.bytes else { throw limits.tooMuch }
        }
    }
}

extension String {
    /// Whether it names a file in the directory where it stands, on whatever system it is read.
    fileprivate var isSafeFileName: Bool {
        !isEmpty && self != "." && self != ".." && !hasControlCharacters
            && !utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
    }
}
