import FoundationEssentials
import Testing

/// Texts that were looked at once and are to stay as they are.
enum Golden {
    /// The folder of these tests.
    static let directory = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")

    /// Compares with a file; with SLIPWAY_RECORD=1 writes it anew, and fails all the same.
    static func expect(_ written: String, _ file: String) throws {
        // Keys follow from the context's files.
        let text = written.replacing(/(=|key: )[0-9a-f]{32}/) { "\($0.1)KEY" }
        let path = "\(directory)/\(file)"
        if ProcessInfo.processInfo.environment["SLIPWAY_RECORD"] == "1" {
            try Data(text.utf8).write(to: URL(filePath: path))
            Issue.record("recorded \(path)")
        }
        let golden = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        #expect(text == golden)
    }
}
