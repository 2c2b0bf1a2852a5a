internal import Core
internal import Posix
internal import Settings
internal import Synchronization

/// Why a running build is to end: a cancel, which comes as SIGTERM or lies in the build's directory, or what makes going
/// on impossible.
final class StopRequest: Sendable {
    private let requested = Atomic(false)
    private let given = Mutex<Problem?>(nil)
    private let directory: BuildDirectory
    private let settings: Settings
    private let lastLook = Mutex(ContinuousClock.now)

    init(_ directory: BuildDirectory, _ settings: Settings) {
        self.directory = directory
        self.settings = settings
    }

    /// Takes SIGTERM and SIGINT for a cancel; call it before any other thread exists.
    func heedSignals() throws(SystemError) {
        let signals = Signals([Signals.terminate, Signals.interrupt])
        signals.block()
        try Threads.detach { [weak self] in
            _ = signals.wait()
            self?.requested.store(true, ordering: .relaxed)
        }
    }

    /// Why the build cannot go on; nil for a cancel.
    var reason: Problem? { given.withLock { $0 } }

    /// Ends the build as failed; the first reason stays, unless somebody wanted the end before it came up.
    func giveUp(_ problem: Problem) {
        guard requested.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return
        }
        given.withLock { $0 = problem }
    }

    /// Asked often; it looks around a few times a second.
    var isRequested: Bool {
        if requested.load(ordering: .relaxed) { return true }
        let isDue = lastLook.withLock { last in
            guard ContinuousClock.now - last > .milliseconds(200) else { return false }
            last = .now
            return true
        }
        guard isDue else { return false }
        if directory.isCancelRequested {
            requested.store(true, ordering: .relaxed)
        } else {
            do throws(Problem) {
                try DiskSpace.check(settings.server.state, settings.builds.minFree)
            } catch {
                giveUp(error)
            }
        }
        return requested.load(ordering: .relaxed)
    }

    func check() throws(Problem) {
        if isRequested { throw reason ?? Problem(.invalidState, "the build was cancelled") }
    }
}
