internal import Core
internal import Glibc
internal import Posix
internal import Synchronization

/// Copies files from a store to this machine, several at a time.
final class Transfer: Sendable {
    private struct State {
        /// The next file to begin with.
        var next = 0
        var bytes = 0
        /// Threads at work.
        var running = 0
        var failures: [(path: String, problem: Problem)] = []
        /// Whether the caller wants no more.
        var isStopped = false

        /// Whether nothing more should be fetched.
        var isOver: Bool { isStopped || !failures.isEmpty }
    }

    private let files: [ArtifactFile]
    private let store: any ArtifactStore
    private let destination: Destination
    private let limits: FetchLimits
    private let state = Mutex(State())

    init(
        _ files: [ArtifactFile], from store: any ArtifactStore, to destination: Destination,
        _ limits: FetchLimits
    ) {
        self.files = files
        self.store = store
        self.destination = destination
        self.limits = limits
    }

    /// Copies all files, until one fails or the caller wants no more; returns the bytes that arrived.
    ///
    /// Both closures are called on this thread.
    func run(threads: Int, shouldStop: () -> Bool, progress: (Int) -> Void) throws(Problem) -> Int {
        for _ in 0..<min(threads, files.count) {
            state.withLock { $0.running += 1 }
            do throws(SystemError) { try Threads.detach { self.work() } } catch { work() }
        }
        var pause: UInt32 = 500
        var shown = ContinuousClock.now
        while state.withLock({ $0.running }) > 0 {
            usleep(pause)
            // Small models are noticed at once, large ones cost nothing.
            pause = min(pause * 2, 20_000)
            guard shown.duration(to: .now) >= .milliseconds(100) else { continue }
            shown = .now
            let isStopped = shouldStop()
            progress(
                state.withLock {
                    $0.isStopped = $0.isStopped || isStopped
                    return $0.bytes
                })
        }
        let end = state.withLock { $0 }
        for (path, problem) in end.failures {
            Log("artifacts").warning("a file could not be fetched", ["file": path, "problem": problem])
        }
        if let first = end.failures.first { throw first.problem }
        guard !end.isStopped else { throw Problem(.invalidState, "the download was stopped") }
        progress(end.bytes)
        return end.bytes
    }

    /// One thread's share: whatever file is next, until there is none.
    private func work() {
        let reader = store.reader()
        while let file = begin() {
            do {
                try bring(file, reader)
            } catch is Abandoned {
                break
            } catch {
                let problem =
                    error as? Problem
                    ?? Problem(.internalError, "\(file.path.quoted) could not be fetched", cause: error)
                state.withLock { $0.failures.append((file.path, problem)) }
            }
        }
        state.withLock { $0.running -= 1 }
    }

    private func begin() -> ArtifactFile? {
        state.withLock { state in
            guard !state.isOver, state.next < files.count else { return nil }
            state.next += 1
            return files[state.next - 1]
        }
    }

    private func bring(_ file: ArtifactFile, _ reader: any ArtifactReader) throws {
        var attempt = 1
        while true {
            var received = 0
            do {
                let type = try copy(file, reader, &received)
                return try file.check(received, type)
            } catch let error as ReadInterrupted {
                state.withLock { $0.bytes -= received }
                guard attempt < 3 else {
                    throw Problem(
                        .temporarilyUnavailable,
                        "\(file.path.quoted) did not arrive whole in \(attempt) attempts: \(error.reason)",
                        hint: "look at the log of the MLflow server, and of any proxy in between")
                }
                attempt += 1
            }
        }
    }

    /// Writes a file's bytes as they come; returns their content type.
    private func copy(_ file: ArtifactFile, _ reader: any ArtifactReader, _ received: inout Int) throws
        -> String?
    {
        let output = try destination.create(file.path)
        // Some bytes too many are taken, so that a page in the file's place can be named as one.
        let most = min((file.size ?? limits.bytes) + 1 << 16, limits.bytes)
        var count = 0
        defer { received = count }
        return try reader.read(file.path) { bytes in
            count += bytes.count
            guard count <= most else { throw file.mismatch(count, nil) }
            do throws(SystemError) {
                try output.write(bytes)
            } catch {
                throw Destination.failure(file.path, error)
            }
            let (total, isOver) = state.withLock { state in
                state.bytes += bytes.count
                return (state.bytes, state.isOver)
            }
            guard total <= limits.bytes else { throw limits.tooMuch }
            if isOver { throw Abandoned() }
        }
    }

    /// Another file failed, or the caller wants no more.
    private struct Abandoned: Error {}
}

extension ArtifactFile {
    /// Holds what arrived against what the store listed.
    fileprivate func check(_ received: Int, _ type: String?) throws(Problem) {
        if let size {
            guard received == size else { throw mismatch(received, type) }
        } else if type?.hasPrefix("text/html") == true, !path.hasSuffix(".html") {
            throw mismatch(received, type)
        }
    }

    fileprivate func mismatch(_ received: Int, _ type: String?) -> Problem {
        let arrived = "\(received) bytes" + (type.map { " of \($0.printable(limit: 60))" } ?? "")
        let listed = size.map { "\($0) bytes" } ?? "a file"
        return Problem(
            .temporarilyUnavailable,
            "\(path.quoted) arrived as \(arrived), but its store lists \(listed)",
            hint: "a proxy or sign-in page may answer in the store's place, "
                + "or the file was changed meanwhile")
    }
}
