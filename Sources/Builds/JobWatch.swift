internal import Core
package import Schedulers
package import Settings

/// Goes between builds and the scheduler: hands jobs over, asks how they are, has them cancelled, gives up lost ones.
///
/// One at a time for a state directory, in a thread of its own: a command may take long. It touches the index only to
/// read which builds there are, and nothing of a build but its job.json; ends are for dispatch to write.
package struct JobWatch {
    private let history: History
    private let log = Log("jobs")
    /// By build, what cannot be read from files.
    private var sights: [BuildID: Sight] = [:]

    package init(history: History) { self.history = history }

    /// What this process has seen of a build.
    private struct Sight {
        /// When its status was written, by the runner's clock: it only has to differ.
        var beat: Timestamp
        /// When that last changed, by this process's clock.
        var lastBeat: Duration
        /// Since when the scheduler has called the job ended or unknown.
        var overSince: Duration?
        /// Not before then is the scheduler asked again.
        var nextAsk: Duration
    }

    /// Looks after every launched build once.
    ///
    /// - Parameters:
    ///   - scheduler: where their jobs are.
    ///   - settings: how often it is asked, and how long a silent runner may live.
    ///   - now: time on a clock that is never set.
    package mutating func round(_ scheduler: Scheduler, _ settings: Settings.Launcher, at now: Duration) {
        do {
            let builds = try history.launched().map(history.directory)
            sights = sights.filter { sight in builds.contains { $0.id == sight.key } }
            // Who waits longest first: a scheduler that does not answer ends the round at the first of them.
            let due = builds.sorted { sights[$0.id]?.nextAsk ?? .zero < sights[$1.id]?.nextAsk ?? .zero }
            for build in due {
                guard try visit(build, scheduler, settings, now) else { return }
            }
        } catch {
            log.error("a job could not be looked after; it is tried again", ["cause": error])
        }
    }

    /// - Returns: false where the scheduler does not answer, so that others need not ask it now.
    private mutating func visit(
        _ build: BuildDirectory, _ scheduler: Scheduler, _ settings: Settings.Launcher, _ now: Duration
    ) throws -> Bool {
        guard var job = build.job, !job.isGivenUp, let status = try? build.status(), !status.state.isTerminal
        else { return true }
        var sight =
            sights[build.id] ?? Sight(beat: status.updatedAt, lastBeat: now, nextAsk: now)
        if sight.beat != status.updatedAt {
            sight.beat = status.updatedAt
            sight.lastBeat = now
        }
        defer { sights[build.id] = sight }
        let before = job
        var answers = true
        if now >= sight.nextAsk {
            let isCancelled = build.isCancelRequested
            // A job that is to end is looked at closely.
            sight.nextAsk = now + .seconds(isCancelled ? 1 : settings.pollSeconds)
            do throws(Problem) {
                if let number = job.number {
                    if isCancelled { cancel(number, build, scheduler) }
                    job.take(try scheduler.state(of: number, build.id))
                } else {
                    try handOver(build, &job, isCancelled, scheduler)
                }
                job.complaint = nil
                sight.overSince = job.state?.isOver == true ? sight.overSince ?? now : nil
            } catch {
                answers = false
                sight.nextAsk = now + .seconds(settings.pollSeconds)
                job.complaint = error.message
                if job.complaint != before.complaint {
                    log.error(
                        "the scheduler does not do as asked; it is tried again",
                        ["build": build.id, "cause": error.message, "hint": error.hint ?? ""])
                }
            }
        }
        if let overSince = sight.overSince {
            let isSilent = now - max(sight.lastBeat, overSince) >= .seconds(settings.graceSeconds)
            let hasLeft = status.state != .queued && status.runner == nil
            // What never began and is wanted no more needs no patience: a runner that came now would end at once.
            let isUnwanted = status.state == .queued && build.isCancelRequested
            job.isGivenUp = isSilent || hasLeft || isUnwanted
        }
        if job != before { try build.write(job) }
        return answers
    }

    /// Asks for a job's end where no runner can see the wish, or none is seen to have the build.
    private func cancel(_ job: String, _ build: BuildDirectory, _ scheduler: Scheduler) {
        // On other machines' file systems a runner may not be seen: then the scheduler's signal is a second wish.
        guard let lease = try? build.takeLease() else { return }
        withExtendedLifetime(lease) {}
        do {
            try scheduler.cancel(job, build.id)
        } catch {
            log.error(
                "a job could not be cancelled; it is tried again", ["job": job, "cause": error.message])
        }
    }

    /// Submits a build's job, or finds the one that was submitted before a crash.
    private func handOver(
        _ build: BuildDirectory, _ job: inout Job, _ isCancelled: Bool, _ scheduler: Scheduler
    ) throws(Problem) {
        if job.wasTried, scheduler.canFind, let number = try scheduler.find(build.id) {
            job.number = number
        } else if isCancelled {
            job.state = JobState(nil)
            job.isGivenUp = true
        } else {
            // Before it is: a crash leaves a doubt rather than a second job.
            job.wasTried = true
            do {
                try build.write(job)
            } catch {
                throw Problem(.internalError, "job.json cannot be written", cause: error)
            }
            job.number = try scheduler.submit(build.id, log: build.logPath)
            log.info("handed over", ["build": build.id, "job": job.number ?? ""])
        }
    }
}
