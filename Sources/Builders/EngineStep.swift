package import Core

/// One instruction of a Dockerfile, as an engine reports on it.
package struct EngineStep: Sendable, Codable, Equatable {
    /// The instruction without mounts, shortened.
    package let name: String
    package let startedAt: Timestamp
    /// nil while it runs.
    package var seconds: Double?
    /// Whether the engine had its result already.
    package var cached: Bool

    enum CodingKeys: String, CodingKey {
        case name, seconds, cached
        case startedAt = "started_at"
    }
}

/// Finds steps in an engine's plain output.
///
/// BuildKit numbers its steps and interleaves them (`#7 [build 2/6] RUN …`, `#7 DONE 1.2s`, `#7 CACHED`); the others
/// go one by one (`STEP 3/14: RUN …`, `Step 3/14 : RUN …`) and say after a step that it was cached.
struct StepReader {
    private(set) var steps: [EngineStep] = []
    /// Places in `steps` by BuildKit's number.
    private var numbered: [Substring: Int] = [:]
    private var current: Int?

    /// - Returns: whether a step began or ended.
    mutating func read(_ line: String, at now: Timestamp) -> Bool {
        guard Self.isWorthReading(line) else { return false }
        if let match = line.prefixMatch(of: /#([0-9]+) \[([a-z0-9-]+ )?([0-9]+\/[0-9]+)\] (.+)/) {
            guard numbered[match.1] == nil else { return false }
            numbered[match.1] = begin(String(match.4), now)
            return true
        }
        if let match = line.prefixMatch(of: /#([0-9]+) (DONE ([0-9.]+)s|CACHED|ERROR)/) {
            guard let index = numbered[match.1], steps[index].seconds == nil else { return false }
            steps[index].seconds =
                match.3.flatMap { Double($0) }
                ?? (match.2 == "CACHED" ? 0 : now.seconds(since: steps[index].startedAt))
            steps[index].cached = match.2 == "CACHED"
            return true
        }
        if let match = line.prefixMatch(of: /(\[[0-9]+\/[0-9]+\] )?(STEP|Step) [0-9]+(\/[0-9]+)? ?: ?(.+)/) {
            endCurrent(now)
            current = begin(String(match.4), now)
            return true
        }
        if let current, line.hasPrefix("--> Using cache") || line.hasPrefix(" ---> Using cache") {
            steps[current].cached = true
        }
        return false
    }

    /// Whether the line can be one of an engine's own: patterns cost a hundred times as much, and few lines are.
    private static func isWorthReading(_ line: String) -> Bool {
        let bytes = line.utf8
        switch bytes.first {
        case UInt8(ascii: "#"):
            // `#7 [`, `#7 DONE`, `#7 CACHED`, `#7 ERROR`, and not `#7 1.234 ` before what runs in the step.
            let rest = bytes.dropFirst().drop { (0x30...0x39).contains($0) }.dropFirst()
            return rest.first.map { Array("[DCE".utf8).contains($0) } ?? false
        case UInt8(ascii: "["), UInt8(ascii: "S"): return line.contains("tep ") || line.contains("STEP ")
        case UInt8(ascii: "-"), UInt8(ascii: " "): return line.hasPrefix("--> ") || line.hasPrefix(" ---> ")
        default: return false
        }
    }

    mutating func finish(at now: Timestamp) {
        endCurrent(now)
        for index in steps.indices where steps[index].seconds == nil {
            steps[index].seconds = now.seconds(since: steps[index].startedAt)
        }
    }

    private mutating func endCurrent(_ now: Timestamp) {
        guard let current else { return }
        steps[current].seconds = now.seconds(since: steps[current].startedAt)
        self.current = nil
    }

    /// - Returns: the step's place; nil where there are enough of them, as what runs in a step may write such lines too.
    private mutating func begin(_ instruction: String, _ now: Timestamp) -> Int? {
        guard steps.count < 200 else { return nil }
        let words = instruction.split(separator: " ").filter { word in
            !["--mount=", "SLIPWAY_"].contains(where: word.hasPrefix) && word != "\\"
        }
        steps.append(
            EngineStep(
                name: words.joined(separator: " ").printable(limit: 120), startedAt: now, seconds: nil,
                cached: false))
        return steps.count - 1
    }
}
