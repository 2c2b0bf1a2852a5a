internal import Core
internal import Posix

/// Has runners started, here or elsewhere.
///
/// Nothing above it may take a runner for a process of this machine.
package protocol Launcher: Sendable {
    /// Starts a build's runner, or leaves word that one is wanted.
    ///
    /// It is called within dispatch's transaction, so it waits for nobody; twice does no harm.
    func launch(_ build: BuildDirectory) throws

    /// Whether no runner is to be expected any more: if its lease is free too, the build is lost.
    ///
    /// - Parameters:
    ///   - build: one that was launched and has not ended.
    ///   - age: how long ago that was.
    /// - Returns: true where nothing is to be waited for.
    func hasGivenUp(_ build: BuildDirectory, launchedFor age: Duration) -> Bool
}

/// Starts runners as processes of this machine, detached from whoever asks.
package struct LocalLauncher: Launcher {
    private let program: String
    private let arguments: [String]
    private let environment: [String: String]

    /// Knows how to start a runner.
    ///
    /// - Parameters:
    ///   - program: path of the `slipway` executable.
    ///   - arguments: what stands after `build ID`, such as where the settings are.
    ///   - environment: the runner's whole environment.
    package init(program: String, arguments: [String], environment: [String: String]) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
    }

    /// The runner has a session of its own and writes to the build's log; it outlives this process.
    package func launch(_ build: BuildDirectory) throws {
        let log = try build.openLogToWrite()
        let child = try ChildProcess.start(
            program, ["build", build.id.text] + arguments, environment: environment, output: log, error: log,
            group: .session)
        // Somebody has to take note of its end, or it stays as a zombie while this process lives.
        try Threads.detach { _ = child.wait() }
    }

    /// Until a runner holds its lease, there are some seconds.
    package func hasGivenUp(_ build: BuildDirectory, launchedFor age: Duration) -> Bool { age >= .seconds(5) }
}

/// Leaves runners to a site's scheduler: a `Job` in the build's directory is the word, `JobWatch` takes it there.
package struct SchedulerLauncher: Launcher {
    package init() {}

    package func launch(_ build: BuildDirectory) throws {
        guard try build.knownJob() == nil else { return }
        // A scheduler that opens it first would give it rights of its own.
        _ = try build.openLogToWrite()
        try build.write(Job())
    }

    /// Without a job it is a build that was begun before the settings named a scheduler; a job that cannot be read is one.
    package func hasGivenUp(_ build: BuildDirectory, launchedFor age: Duration) -> Bool {
        do throws(SystemError) {
            return try build.knownJob()?.isGivenUp ?? (age >= .seconds(5))
        } catch {
            return false
        }
    }
}
