internal import Core
internal import Posix
internal import YAML

/// The files of an MLflow file store, read beneath its root.
struct StoredFiles {
    private let root: String
    private let directory: Descriptor

    init(_ root: String) throws(Problem) {
        self.root = root
        do throws(SystemError) {
            directory = try .openDirectory(root)
        } catch {
            throw Problem(
                .temporarilyUnavailable, "the MLflow file store \(root) cannot be read: \(error)",
                hint: "check that it exists, and that Slipway's user may read it")
        }
    }

    /// The names in a directory; empty where there is no such directory.
    func names(in path: String) throws(Problem) -> [String] {
        guard let found = try open(path) else { return [] }
        do throws(SystemError) {
            // By its descriptor, so that it is the directory that was checked.
            return try Files.names(in: "/proc/self/fd/\(found.number)")
        } catch {
            if error.isNotDirectory { return [] }
            throw failure(path, error)
        }
    }

    /// The content of a small file; nil where there is none.
    func read(_ path: String) throws(Problem) -> [UInt8]? {
        guard let file = try open(path) else { return nil }
        do throws(SystemError) {
            return try file.regularFileSize() == nil ? nil : try file.read(at: 0, limit: 1 << 20)
        } catch {
            throw failure(path, error)
        }
    }

    /// The `meta.yaml` of a directory; nil where there is none.
    func meta(_ path: String) throws(Problem) -> YAMLNode? {
        let file = "\(path)/meta.yaml"
        guard let bytes = try read(file) else { return nil }
        do throws(YAMLError) {
            return try YAMLNode.parse(bytes)
        } catch {
            throw Problem(
                .temporarilyUnavailable,
                "\(root)/\(file.printable()):\(error.line): \(error.message)",
                hint: "mend that file, or register the version again")
        }
    }

    /// The directory at `path` among what a run logged.
    ///
    /// Since MLflow 3 a model lies apart from the run's other files (`EXPERIMENT/models/m-…/`), and is taken before
    /// them.
    func directory(ofRun run: String, _ path: String) throws(Problem) -> String {
        for experiment in try names(in: ".") where experiment.isIdentifier {
            guard let info = try meta("\(experiment)/\(run)") else { continue }
            for model in try names(in: "\(experiment)/models") {
                guard let info = try meta("\(experiment)/models/\(model)"),
                    info["source_run_id"]?.string == run, info["name"]?.string == path
                else { continue }
                return try local(info["artifact_location"]?.string)
            }
            return try local(info["artifact_uri"]?.string, appending: path)
        }
        throw .source("names a run that does not exist")
    }

    private func local(_ uri: String?, appending path: String? = nil) throws(Problem) -> String {
        var source = try ArtifactSource(uri ?? "", server: nil)
        if let path { source = try source.appending(path) }
        guard case .directory(let directory) = source else {
            throw .source("leads from one reference to another")
        }
        return directory
    }

    private func open(_ path: String) throws(Problem) -> Descriptor? {
        do throws(SystemError) {
            return try directory.open(beneath: path, .read)
        } catch {
            if error.isNotFound || error.isNotDirectory { return nil }
            throw failure(path, error)
        }
    }

    private func failure(_ path: String, _ error: SystemError) -> Problem {
        error.isSymbolicLinkOrEscape
            ? Problem(
                .invalidState, "\(root)/\(path.printable()) is or contains a symbolic link",
                hint: "put the file or directory itself there")
            : Problem(
                .temporarilyUnavailable, "\(root)/\(path.printable()) cannot be read: \(error)",
                hint: "check that Slipway's user may read it")
    }
}
