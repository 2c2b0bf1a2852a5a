internal import Core
internal import FoundationEssentials
package import Settings

/// What a scheduler says of a job.
package struct JobState: Codable, Sendable, Equatable {
    /// nil where it knows the job no more.
    package let phase: Settings.Launcher.Phase?
    /// The scheduler's own word, such as `PENDING`.
    package let word: String?
    /// Why, where it says so.
    package let reason: String?

    package init(_ phase: Settings.Launcher.Phase?, _ word: String? = nil, reason: String? = nil) {
        self.phase = phase
        self.word = word
        self.reason = reason
    }

    /// Whether no runner of the job can be at work any more, as far as the scheduler knows.
    package var isOver: Bool { phase == nil || phase == .ended }

    /// The scheduler's words as one text.
    package var text: String { [word, reason.map { "(\($0))" }].compactMap { $0 }.joined(separator: " ") }
}

extension JobState {
    /// Reads `WORD REASON…`, the reason being whatever follows; nothing means that the job is unknown.
    ///
    /// - Throws: `Problem` where there is more than that, or a word that `states` does not know.
    init(words answer: String, _ states: [String: Settings.Launcher.Phase]) throws(Problem) {
        let lines = answer.split(whereSeparator: \.isNewline)
        guard let line = lines.first else {
            self.init(nil)
            return
        }
        let parts = line.split(separator: " ", maxSplits: 1)
        guard lines.count == 1, let word = parts.first.map(String.init), let phase = states[word] else {
            throw Problem(
                .internalError, "status answered \"\(answer.printable(limit: 80))\"",
                hint: "it has to print one line with a word of launcher.states first")
        }
        let reason = parts.dropFirst().first.map { String($0).printable(limit: 200) }
        self.init(phase, word, reason: reason == "None" ? nil : reason)
    }

    /// Reads a Job of Kubernetes as JSON; nothing means that the job is unknown.
    ///
    /// - Throws: `Problem` where it is none.
    init(kubernetes answer: String) throws(Problem) {
        guard answer.contains(where: { !$0.isWhitespace }) else {
            self.init(nil)
            return
        }
        guard let job = try? JSONDecoder().decode(KubernetesJob.self, from: Data(answer.utf8)),
            job.kind == "Job"
        else {
            throw Problem(
                .internalError, "status answered \"\(answer.printable(limit: 80))\"",
                hint: "it has to print a Job as JSON")
        }
        let status = job.status
        let end = status?.conditions?.first {
            ["Complete", "Failed"].contains($0.type) && $0.status == "True"
        }
        if let end {
            self.init(.ended, end.type.printable(limit: 80), reason: end.reason?.printable(limit: 200))
        } else if let active = status?.active, active > 0 {
            // Before 1.24 a Job does not say whether its pod has started.
            let runs = status?.ready != 0
            self.init(runs ? .running : .pending, runs ? "Active" : "Pending")
        } else {
            self.init(.pending, "Pending")
        }
    }
}

/// What is read of a Job in Kubernetes' API.
private struct KubernetesJob: Decodable {
    struct Status: Decodable {
        let active: Int?
        let ready: Int?
        let conditions: [Condition]?
    }
    struct Condition: Decodable {
        let type: String
        let status: String
        let reason: String?
    }
    let kind: String
    let status: Status?
}
