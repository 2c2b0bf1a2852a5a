internal import Core
internal import Posix
package import Schedulers

/// A build's job at the site's scheduler: the content of job.json, which dispatch begins and `JobWatch` goes on with.
package struct Job: Codable, Sendable, Equatable {
    /// What the scheduler calls it; nil until it was handed over.
    package var number: String?
    /// Whether it may have been handed over: whoever comes after a crash has to look for it first.
    var wasTried = false
    /// What the scheduler said last.
    package var state: JobState?
    /// Why it cannot be handed over for now.
    package var complaint: String?
    /// Whether no runner of it is to be expected any more.
    var isGivenUp = false

    enum CodingKeys: String, CodingKey {
        case number, state, complaint
        case wasTried = "tried"
        case isGivenUp = "given_up"
    }
}

extension BuildDirectory {
    private var jobPath: String { "\(path)/job.json" }

    /// As far as it can be read.
    package var job: Job? { (try? knownJob()) ?? nil }

    /// nil where no scheduler has the build, or the file makes no sense.
    ///
    /// - Throws: what keeps it from being read, which says nothing of the job.
    func knownJob() throws(SystemError) -> Job? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(jobPath, limit: 64 << 10)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
        return try? JSON.decode(Job.self, bytes, "job.json")
    }

    func write(_ job: Job) throws { try Files.replace(jobPath, with: JSON.encode(job)) }
}

extension Job {
    /// Notes what the scheduler says; that it has forgotten a job does not make its last word untrue.
    mutating func take(_ next: JobState) {
        if next.phase != nil || state?.phase != .ended { state = next }
    }

    /// Why a build came to no end of its own, as the scheduler tells it.
    ///
    /// - Parameters:
    ///   - hadBegun: whether a runner had the build.
    ///   - logEnd: what the log says last.
    /// - Returns: the build's error.
    func loss(hadBegun: Bool, logEnd: String?) -> Problem {
        let name = number.map { "job \($0)" } ?? "its job"
        let told =
            state?.word == nil
            ? "the scheduler knows \(name) no more" : "the scheduler says \(state?.text ?? "") of \(name)"
        let end = logEnd.map { "; the log ends with: \($0)" } ?? ""
        return Problem(
            .runnerLost,
            (hadBegun ? "the build's runner came to no end" : "the build's runner never began")
                + ": \(told)\(end)",
            hint: Self.hint(state))
    }

    /// By words of Slurm and of Kubernetes; other schedulers have like ones.
    private static func hint(_ state: JobState?) -> String {
        let words = "\(state?.word ?? "") \(state?.reason ?? "")".uppercased()
        let known: [(signs: [String], hint: String)] = [
            (
                ["TIMEOUT", "DEADLINE", "TIMELIMIT"],
                "give jobs more time at the scheduler (launcher.options or the manifest), then build again"
            ),
            (
                ["OUT_OF_MEMORY", "OOM"],
                "give jobs more memory at the scheduler (launcher.options or the manifest), then build again"
            ),
            (["NODE_FAIL", "BOOT_FAIL", "NODEDOWN"], "the node is gone: look after it, and build again"),
            (
                ["CANCELLED", "PREEMPTED", "REVOKED"],
                "somebody ended the job at the scheduler: build again"
            ),
        ]
        return known.first { $0.signs.contains(where: words.contains) }?.hint
            ?? "look at the log and at the scheduler's own, and whether slipway, its settings and the state directory "
            + "are the same on the node, then build again"
    }
}
