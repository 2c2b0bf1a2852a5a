internal import Core

/// Takes what an engine writes during one build: secrets out, lines into the log, steps to whoever follows.
struct BuildOutput {
    private let log: LogWriter
    /// Texts that must not be seen, the longest first.
    private let secrets: [[UInt8]]
    private let follow: ([EngineStep]) -> Void
    private let read: (String) -> Void
    private var steps = StepReader()
    /// The beginning of a line whose end has not come.
    private var rest: [UInt8] = []
    /// The end of it all, whether or not the log had room for it: a failure is told by it.
    private var tail: [UInt8] = []
    /// A line longer than this is handed on in pieces.
    private static let longest = 64 << 10
    private static let tailLimit = 64 << 10

    var end: String { String(decoding: tail.suffix(Self.tailLimit), as: UTF8.self) }

    init(
        log: LogWriter, secrets: [String], read: @escaping (String) -> Void = { _ in },
        follow: @escaping ([EngineStep]) -> Void
    ) {
        self.log = log
        // What stars stand for must not be found in them again.
        self.secrets = secrets.filter { $0.utf8.count >= 3 && $0.contains { $0 != "*" } }.map {
            Array($0.utf8)
        }.sorted {
            $0.count > $1.count
        }
        self.read = read
        self.follow = follow
    }

    mutating func take(_ bytes: [UInt8], at now: Timestamp) throws(Problem) {
        rest += bytes
        // Before an endless line is cut: a secret must not be cut with it.
        if rest.count > Self.longest { rest = redacted(rest) }
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) ?? (rest.count > Self.longest ? cut : nil)
        else {
            return
        }
        let whole = Array(rest[...end])
        rest.removeSubrange(...end)
        try hand(on: whole, at: now)
    }

    /// What is left when the engine has ended.
    mutating func finish(at now: Timestamp) throws(Problem) {
        if !rest.isEmpty { try hand(on: rest + [UInt8(ascii: "\n")], at: now) }
        rest = []
        steps.finish(at: now)
        follow(steps.steps)
    }

    /// Where an endless line can be cut without cutting a secret.
    private var cut: Int { max(0, rest.count - (secrets.first?.count ?? 0) - 1) }

    private mutating func hand(on bytes: [UInt8], at now: Timestamp) throws(Problem) {
        let shown = redacted(bytes)
        tail += shown.suffix(Self.tailLimit)
        if tail.count > 2 * Self.tailLimit { tail.removeFirst(tail.count - Self.tailLimit) }
        try log.write(shown)
        var changed = false
        for line in shown.split(separator: UInt8(ascii: "\n")) where line.count < 4096 {
            let text = String(decoding: line, as: UTF8.self)
            read(text)
            changed = steps.read(text, at: now) || changed
        }
        if changed { follow(steps.steps) }
    }

    private func redacted(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for secret in secrets where secret.count <= result.count {
            while let range = result.firstRange(of: secret) {
                result.replaceSubrange(range, with: "***".utf8)
            }
        }
        return result
    }
}
