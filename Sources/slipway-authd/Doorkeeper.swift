internal import AuthdFrames
internal import Glibc
internal import Posix

/// Accepts connections, starts an attempt for each, and sees to it that none lasts.
///
/// It reads nothing of what is sent: what a caller can do to it is to connect.
final class Doorkeeper {
    private let options: Options
    private let admission: Admission
    private let listener: Descriptor
    private let standardError: Descriptor
    private var attempts: [RunningAttempt] = []
    private var strays = Strays()
    private var strangers = RareLine()
    private var refusals = RareLine()
    private var troubles = RareLine()

    init(_ options: Options, _ admission: Admission) throws(SystemError) {
        self.options = options
        self.admission = admission
        standardError = try Descriptor.standard(2)
        listener = try Socket.listen(at: options.socket, group: admission.group)
        try listener.stopBlocking()
    }

    /// Runs until SIGTERM or SIGINT.
    func run() throws(SystemError) {
        let signals = Signals([Signals.terminate, Signals.interrupt, Signals.childEnded])
        signals.block()
        let signalled = try signals.descriptor()
        let poller = try Poller()
        try poller.watch(listener)
        try poller.watch(signalled)
        Log.write(.info, "started", ["socket": options.socket, "service": options.service])
        var isOver = false
        while !isOver {
            let ready = try poller.wait(milliseconds: untilNextDeadline())
            while let signal = signals.wait(milliseconds: 0) {
                if signal != Signals.childEnded { isOver = true }
            }
            reap()
            // Whatever became of it: the next one may do better.
            if ready == listener.number { admit() }
        }
        stop()
    }

    private func untilNextDeadline() -> Int32 {
        let next = attempts.map(\.killAt.millisecondsLeft).min() ?? .max
        // What outlived its attempt waits for the end of others.
        return Int32(clamping: min(next, strays.isEmpty ? .max : 200))
    }

    private func admit() {
        do throws(SystemError) {
            guard let connection = try Connection.accept(from: listener) else { return }
            let peer = try connection.peer()
            guard admission.includes(peer) else {
                return strangers.say { unsaid in
                    Log.write(
                        .warning, "a stranger was turned away",
                        ["uid": peer.user, "gid": peer.group, "pid": peer.process, "unsaid": unsaid])
                }
            }
            guard attempts.count < options.maxAttempts else {
                refusals.say { unsaid in
                    Log.write(
                        .warning, "busy", ["attempts": attempts.count, "uid": peer.user, "unsaid": unsaid])
                }
                return connection.answer(.busy)
            }
            start(connection)
        } catch {
            complain("a connection cannot be taken", error)
            // Descriptors or memory ran out: the connection waits on, and would be ready again at once.
            usleep(100_000)
        }
    }

    private func start(_ connection: Connection) {
        do throws(SystemError) {
            // A session of its own: its process group holds what its modules start, and no terminal reaches it.
            let process = try ChildProcess.start(
                "/proc/self/exe",
                ["attempt", "--service", options.service, "--parent", String(ThisProcess.id)],
                environment: [:], directory: "/", input: connection.descriptor, error: standardError,
                group: .session)
            attempts.append(
                RunningAttempt(process, connection, killAt: .now + .seconds(options.timeoutSeconds)))
        } catch {
            complain("an attempt cannot be started", error)
            connection.answer(.unavailable)
        }
    }

    private func complain(_ message: String, _ cause: SystemError) {
        troubles.say { Log.write(.error, message, ["cause": cause, "unsaid": $0]) }
    }

    private func reap() {
        attempts.removeAll { $0.hasEnded() }
        strays.collect(beside: attempts)
    }

    private func stop() {
        Log.write(.info, "stopping", ["attempts": attempts.count])
        _ = unsafe unlink(options.socket)
        for attempt in attempts { attempt.kill() }
        // Who waits for a disk that is gone dies when it comes back: not even this process's end needs that.
        let deadline = ContinuousClock.now + .seconds(5)
        reap()
        while !attempts.isEmpty || !strays.isEmpty, ContinuousClock.now < deadline {
            usleep(2000)
            reap()
        }
        Log.write(.info, "stopped")
    }
}

extension Connection {
    /// Sends an answer that the connection's buffer has room for; that nobody waits for it any more is no matter.
    func answer(_ answer: AttemptAnswer) { try? send(answer.frame.span, until: .now) }
}
