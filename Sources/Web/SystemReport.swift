internal import Builds
package import Core
internal import FastCGI

/// How this Slipway stands: what `slipway doctor` prints and administrators see.
package struct SystemReport: Codable, Sendable {
    /// One thing that was looked at.
    package struct Check: Codable, Sendable {
        package enum State: String, Codable, Sendable {
            case ok
            /// Works, and could be better.
            case warning
            case error
        }

        package let name: String
        package let state: State
        package let message: String
        /// What to do.
        package let hint: String?

        package init(_ name: String, _ state: State, _ message: String, hint: String? = nil) {
            self.name = name
            self.state = state
            self.message = message
            self.hint = hint
        }

        /// What `look` finds out, or the error that it ends with.
        package init(_ name: String, _ look: () throws -> String) {
            do {
                self.init(name, .ok, try look())
            } catch {
                let problem = error as? Problem
                self.init(name, .error, problem?.message ?? "\(error)", hint: problem?.hint)
            }
        }
    }

    /// Slipway's own.
    package let version: String
    package let checks: [Check]

    package init(checks: [Check]) {
        version = Slipway.version
        self.checks = checks
    }

    package var isHealthy: Bool { !checks.contains { $0.state == .error } }

    package func encoded() throws(Problem) -> [UInt8] { try JSON.encode(self) }

    static func route(_ examine: @escaping @Sendable () throws -> SystemReport) -> Route {
        Route("GET", "/slipway/system", access: .administrators) { _, _ in
            Answer.json(try examine().encoded())
        }
    }
}
