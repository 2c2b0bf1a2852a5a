internal import Posix

/// A new directory for one test, removed with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
    /// Absolute, without symbolic links.
    package let path: String

    package init() throws {
        let parent = try Files.canonical(ThisProcess.environment["TMPDIR"] ?? "/tmp")
        path = "\(parent)/slipway-tests-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        try Files.makeDirectory(path)
    }

    deinit { try? Files.remove(path) }

    /// The path of a name in it.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file in it and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String, permissions: UInt32 = 0o600) throws -> String {
        let file = try Descriptor.open(file(name), .write, permissions: permissions)
        try file.write(text.utf8)
        return self.file(name)
    }

    /// The text of a file in it.
    package func read(_ name: String) throws -> String {
        String(decoding: try Files.read(file(name), limit: 1 << 24), as: UTF8.self)
    }
}
