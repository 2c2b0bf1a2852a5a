internal import Builds
internal import Core
internal import Posix
internal import Schedulers
internal import Settings
internal import Synchronization

/// The supervisor's thread that talks with the site's scheduler: its commands may keep it waiting, and nobody else.
final class JobThread: Sendable {
    private let history: History
    private let place: Mutex<(scheduler: Scheduler, settings: Settings.Launcher)?> = Mutex(nil)
    private let isStarted = Mutex(false)

    init(_ program: Program, _ history: History) throws(Problem) {
        self.history = history
        try use(program)
    }

    /// Goes on with other settings.
    func use(_ program: Program) throws(Problem) {
        let scheduler = try program.scheduler()
        place.withLock { place in place = scheduler.map { ($0, program.settings.launcher) } }
    }

    /// Begins, where it has not; call it with the supervisor's signals blocked, which a thread inherits.
    func start() throws {
        try isStarted.withLock { isStarted in
            if !isStarted { try Threads.detach { self.run() } }
            isStarted = true
        }
    }

    private func run() {
        var watch = JobWatch(history: history)
        let began = ContinuousClock.now
        while true {
            if let (scheduler, settings) = place.withLock({ $0 }) {
                watch.round(scheduler, settings, at: ContinuousClock.now - began)
            }
            Threads.sleep(.seconds(1))
        }
    }
}
