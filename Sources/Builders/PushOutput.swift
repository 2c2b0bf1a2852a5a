internal import Core

/// Finds layers and the digest in what an engine writes while it pushes.
///
/// docker writes a line whenever a layer changes (`4fc242d58285: Pushed`) and the digest at the end; podman and buildah
/// say which layers they begin with (`Copying blob sha256:…`), and that all are through (`Copying config …`).
struct PushOutput {
    /// Whether a layer is through, by its name.
    private var layers: [Substring: Bool] = [:]
    private(set) var digest: String?
    /// What was said last, for a failure.
    private(set) var lines: [String] = []

    var done: Int { layers.values.count { $0 } }
    var total: Int { layers.count }

    /// - Returns: whether there is progress to tell.
    mutating func read(_ line: String) -> Bool {
        lines.append(line)
        if lines.count > 20 { lines.removeFirst() }
        if let match = line.prefixMatch(of: /[A-Za-z0-9_][A-Za-z0-9._-]*: digest: (sha256:[0-9a-f]{64})\b/) {
            digest = String(match.1)
            return false
        }
        let ofDocker = /([0-9a-f]{12}): (?:(Pushed|Layer already|Mounted)|Preparing|Waiting)/
        let ofOthers = /Copying blob (?:sha256:)?([0-9a-f]{12,64})( skipped| done)?/
        if let match = line.prefixMatch(of: ofDocker) ?? line.prefixMatch(of: ofOthers) {
            return note(match.1, isDone: match.2 != nil)
        }
        guard line.hasPrefix("Copying config ") else { return false }
        for name in layers.keys { layers[name] = true }
        return true
    }

    private mutating func note(_ layer: Substring, isDone: Bool) -> Bool {
        guard layers[layer] != nil || layers.count < 1000 else { return false }
        let before = layers[layer]
        let after = isDone || before == true
        layers[layer] = after
        return before != after
    }
}
