package import Core
package import HTTPClient
internal import MLflow
internal import Posix

/// What a fetch brought.
package struct Fetched: Sendable, Equatable {
    package let files: Int
    package let bytes: Int
}

/// Brings a model's directory to this machine.
package struct ModelFetcher: Sendable {
    private let server: HTTPServer?
    private let limits: FetchLimits
    /// More connections than the threads of an MLflow server would only wait for each other.
    private let threads = 4

    /// Makes a fetcher; `server` is the MLflow server that holds `proxied` locations, nil where there is none.
    package init(server: HTTPServer?) { self.init(server: server, limits: FetchLimits()) }

    init(server: HTTPServer?, limits: FetchLimits) {
        self.server = server
        self.limits = limits
    }

    /// Copies what lies at `location` to `directory`, names and contents byte for byte.
    ///
    /// Files get the mode 0644 and directories 0755. Every file is held against the size that its store says it has:
    /// what arrives in its place from a proxy or a store in trouble is an error that names the file. On an error
    /// nothing is left at `directory`.
    ///
    /// - Parameters:
    ///   - location: the model's own directory, with MLmodel at its top.
    ///   - directory: must not exist yet; the directory above it must.
    ///   - shouldStop: asked ten times a second, on the caller's thread; true ends the fetch as an error does.
    ///   - progress: told the bytes that arrived and, if the store says, how many there will be; on the caller's
    ///     thread, at most ten times a second and once at the end.
    /// - Returns: how many files and bytes arrived.
    /// - Throws: `resourceDoesNotExist` where there is no model, `invalidState` where it holds what must not be copied,
    ///   `temporarilyUnavailable` where the store or this machine's disk fails.
    package func fetch(
        _ location: ArtifactLocation, to directory: String, shouldStop: () -> Bool = { false },
        progress: (Int, Int?) -> Void
    ) throws(Problem) -> Fetched {
        try fetch(from: try store(of: location), to: directory, shouldStop: shouldStop, progress: progress)
    }

    func fetch(
        from store: any ArtifactStore, to directory: String, shouldStop: () -> Bool = { false },
        progress: (Int, Int?) -> Void
    ) throws(Problem) -> Fetched {
        let plan = try FetchPlan(store.reader(), limits)
        if let free = Files.freeBytes(at: Files.parent(of: directory)), let needed = plan.bytes, needed > free
        {
            throw Problem(
                .temporarilyUnavailable,
                "the model has \(needed) bytes, but only \(free) are free where builds are kept",
                hint: "free space there, or move Slipway's state directory to a larger disk")
        }
        let destination = try Destination(directory)
        do throws(Problem) {
            for path in plan.directories { try destination.makeDirectory(path) }
            let transfer = Transfer(plan.files, from: store, to: destination, limits)
            let bytes = try transfer.run(threads: threads, shouldStop: shouldStop) {
                progress($0, plan.bytes)
            }
            return Fetched(files: plan.files.count, bytes: bytes)
        } catch {
            destination.remove()
            throw error
        }
    }

    func store(of location: ArtifactLocation) throws(Problem) -> any ArtifactStore {
        switch location {
        case .directory(let path, let root): return try LocalStore(path, beneath: root)
        case .proxied(let path):
            guard let server else {
                throw Problem(
                    .invalidState, "the model lies in the store of an MLflow server, and none is configured",
                    hint: "set registry.uri to that server's address")
            }
            return ProxiedStore(path: path) { MLflowAPI(server) }
        }
    }
}
