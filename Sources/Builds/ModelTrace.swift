internal import Core

/// What a model said when it failed, on one line: its own part of a Python traceback, or the last lines without one.
struct ModelTrace {
    private static let limit = 1500

    /// Empty where there was nothing.
    let text: String
    /// The error itself, such as `ValueError: no such column`; nil without a traceback.
    let error: String?

    init(_ text: String) {
        let plain = text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        let lines = plain.split { $0.isNewline }.map(String.init)
        var blocks: [Block] = []
        for line in lines {
            if line.contains("Traceback (most recent call last)") {
                blocks.append(Block())
            } else if !blocks.isEmpty {
                blocks[blocks.count - 1].read(line)
            }
        }
        // Servers wrap what a model throws: the part that is the model's own tells most.
        let block = blocks.last { $0.isOfModel && !$0.errors.isEmpty } ?? blocks.last { !$0.errors.isEmpty }
        let shown = block?.lines ?? lines.filter(Self.isMeaningful).suffix(15).map { $0.trimmed }
        self.text = Self.end(shown.map { $0.printable(limit: 300) })
        error = block?.errors.first?.printable(limit: 300)
    }

    /// As many of the last lines as there is room for.
    private static func end(_ lines: [String]) -> String {
        var kept: [String] = []
        var length = 0
        for line in lines.reversed() {
            length += line.unicodeScalars.count + 3
            guard length <= limit else { break }
            kept.append(line)
        }
        return kept.reversed().joined(separator: " | ")
    }

    /// Python marks by lines of their own which part of a line failed.
    private static func isMeaningful(_ line: String) -> Bool { line.contains { !" ^~|+-".contains($0) } }

    /// One traceback.
    private struct Block {
        private var frames: [(path: String, text: String)] = []
        private(set) var errors: [String] = []
        private var hasEnded = false

        /// Whether something else than the server's own code had a part in it.
        var isOfModel: Bool { frames.contains { !Self.isOfServer($0.path) } }

        var lines: [String] {
            let own = frames.filter { !Self.isOfServer($0.path) }
            return (own.isEmpty ? frames.suffix(1) : own).map(\.text) + errors
        }

        mutating func read(_ line: String) {
            guard !hasEnded, isMeaningful(line) else { return }
            if errors.isEmpty, let match = line.prefixMatch(of: /\ +File "([^"]+)", line [0-9]+/) {
                // A recursion without end repeats itself.
                if frames.count >= 100 { frames.remove(at: 50) }
                frames.append((String(match.1), line.trimmed))
            } else if errors.isEmpty, line.hasPrefix(" ") {
                guard let last = frames.indices.last else { return }
                frames[last].text += ": " + line.trimmed
            } else if errors.count < 4, !Self.isOfLog(line) {
                errors.append(line.trimmed)
            } else {
                hasEnded = true
            }
        }

        /// What comes after a traceback and is no more of its error's message.
        private static func isOfLog(_ line: String) -> Bool {
            line.contains(/^(INFO|ERROR|WARNING|DEBUG|CRITICAL)\b|^\[?[0-9]{4}[-\/][0-9]{2}[-\/][0-9]{2}/)
                || line.hasPrefix("During handling of the above exception")
                || line.hasPrefix("The above exception was the direct cause")
        }

        private static func isOfServer(_ path: String) -> Bool {
            [
                "/mlflow/", "/uvicorn/", "/fastapi/", "/starlette/", "/anyio/", "/asyncio/", "/flask/",
                "/werkzeug/", "/gunicorn/", "/click/", "/concurrent/futures/", "/importlib/", "<frozen ",
                "<string>", "runpy.py",
            ].contains(where: path.contains)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
