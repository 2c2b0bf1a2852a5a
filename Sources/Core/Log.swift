internal import Glibc

/// One line to standard error: time, level, component, message, then `key=value`.
///
/// Values are made printable here, so that no request can forge a line; secrets are kept out by `Secret`.
package struct Log: Sendable {
    package enum Level: String, Sendable { case info, warning, error }

    private let component: String

    package init(_ component: String) { self.component = component }

    package func info(_ message: String, _ fields: KeyValuePairs<String, any Sendable> = [:]) {
        write(.info, message, fields)
    }

    package func warning(_ message: String, _ fields: KeyValuePairs<String, any Sendable> = [:]) {
        write(.warning, message, fields)
    }

    package func error(_ message: String, _ fields: KeyValuePairs<String, any Sendable> = [:]) {
        write(.error, message, fields)
    }

    private func write(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, any Sendable>) {
        var line = "\(Clock.system.now()) \(level.rawValue) \(component): \(message.printable(limit: 2000))"
        for (key, value) in fields {
            let text = String(describing: value).printable(limit: 1000)
            let quoted = text.contains { $0 == " " || $0 == "=" || $0 == "\"" } || text.isEmpty
            line += " \(key)=" + (quoted ? "\"\(text.replacing("\"", with: "'"))\"" : text)
        }
        line += "\n"
        // One write a line: lines of several processes on one descriptor do not mix.
        unsafe Array(line.utf8).withUnsafeBytes { _ = unsafe Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
