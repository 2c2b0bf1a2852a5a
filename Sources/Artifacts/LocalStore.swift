internal import Core
internal import Posix

/// A model's directory on this machine; no symbolic link in it is followed.
struct LocalStore: ArtifactStore {
    private let directory: Descriptor

    /// Opens the directory at `path`, which must still lie beneath `root`.
    init(_ path: String, beneath root: String) throws(Problem) {
        let names = path.pathComponents
        let above = root.pathComponents
        guard names.starts(with: above) else {
            throw Problem(.invalidState, "the model's directory does not lie beneath the one that holds it")
        }
        let relative = names.dropFirst(above.count).joined(separator: "/")
        do throws(SystemError) {
            directory = try Descriptor.openDirectory(root)
                .open(beneath: relative.isEmpty ? "." : relative, .read)
        } catch {
            throw Problem(
                .temporarilyUnavailable, "the model's directory cannot be opened: \(error)",
                hint: "check that it still exists, and that Slipway's user may read it")
        }
    }

    func reader() -> any ArtifactReader { Reader(directory: directory) }

    private struct Reader: ArtifactReader {
        let directory: Descriptor

        func entries(in path: String) throws(Problem) -> [ArtifactEntry] {
            let found: [(name: String, status: Files.Status?)]
            do throws(SystemError) {
                let opened = try directory.open(beneath: path.isEmpty ? "." : path, .read)
                // By its descriptor, so that it is the directory that was opened and no other.
                let listed = "/proc/self/fd/\(opened.number)"
                found = try Files.names(in: listed).map { (name) throws(SystemError) in
                    (name, try Files.status("\(listed)/\(name)"))
                }
            } catch {
                throw Self.failure(path, error)
            }
            return try found.map { (name, status) throws(Problem) in
                switch status?.kind {
                case .directory: return ArtifactEntry(name: name, kind: .directory)
                case .file: return ArtifactEntry(name: name, kind: .file(size: status?.size))
                case .symbolicLink, .other, nil:
                    let kind = status?.kind == .symbolicLink ? "a symbolic link" : "no regular file"
                    throw Problem(
                        .invalidState,
                        "\((path.isEmpty ? name : "\(path)/\(name)").quoted) in the model is \(kind)",
                        hint: "put the file itself in its place, and log the model again")
                }
            }
        }

        func read(_ path: String, into sink: ([UInt8]) throws -> Void) throws -> String? {
            do {
                let file = try directory.open(beneath: path, .read)
                var offset = 0
                while true {
                    let bytes = try file.read(at: offset, limit: 1 << 20)
                    if bytes.isEmpty { return nil }
                    try sink(bytes)
                    offset += bytes.count
                }
            } catch let error as SystemError {
                throw Self.failure(path, error)
            }
        }

        private static func failure(_ path: String, _ error: SystemError) -> Problem {
            Problem(
                .temporarilyUnavailable, "\(path.quoted) in the model cannot be read: \(error)",
                hint: "check that Slipway's user may read it, and that nobody changes the model now")
        }
    }
}
