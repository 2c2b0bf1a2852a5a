internal import AuthdFrames
internal import Glibc
internal import PAM
internal import Posix

/// One password checked, in a process of its own: reads one request, asks PAM, answers, ends.
///
/// Modules hang, leak and crash; whatever one does, it does here, and it ends with the process.
enum Attempt {
    /// `slipway-authd attempt --service S --parent PID`, with the connection as standard input.
    ///
    /// - Returns: the exit status: 0 where it is known what was answered.
    static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 4, arguments[0] == "--service", arguments[2] == "--parent",
            let parent = Int32(arguments[3])
        else { return 2 }
        do throws(SystemError) {
            try ThisProcess.keepMemoryPrivate()
            try ThisProcess.forgoNewPrivileges()
            try ThisProcess.leaveSurroundings()
            guard Signals.follow(parent: parent, with: Signals.kill) else { return 1 }
            // Not even a module's own children get hold of the connection.
            let connection = Connection(try ThisProcess.takeStandardInput())
            try answer(connection, service: arguments[1])
            return 0
        } catch {
            Log.write(.error, "an attempt failed", ["cause": error])
            return 1
        }
    }

    private static func answer(_ connection: Connection, service: String) throws(SystemError) {
        let frame = WipedBytes(count: AttemptRequest.frameLength)
        let flaw = flaw(of: connection, filling: frame)
        // Whoever left without a word only looked whether anybody listens.
        if flaw == "nothing came" { return }
        let readAt = ContinuousClock.now
        var answer = AttemptAnswer.malformed
        if flaw == nil, let request = AttemptRequest(frame: frame) {
            let result = PasswordCheck.run(service: service, request)
            answer = result.answer
            Log.write(
                answer == .unavailable ? .error : .info, "password checked",
                [
                    "user": request.user.printable(limit: 64), "address": request.address, "outcome": answer,
                    "milliseconds": Int((ContinuousClock.now - readAt) / .milliseconds(1)),
                    "reason": result.reason,
                ])
        } else {
            Log.write(.warning, "malformed request", ["reason": flaw ?? "its content"])
        }
        if answer != .accepted { waitForWholeSecond(since: readAt) }
        try connection.send(answer.frame.span, until: .now + .seconds(1))
    }

    /// Reads the frame; it has two seconds, since who sends it holds all of it.
    ///
    /// - Returns: what is wrong with it, or nil.
    private static func flaw(of connection: Connection, filling frame: WipedBytes) -> String? {
        let deadline = ContinuousClock.now + .seconds(2)
        do throws(SystemError) {
            let count = try frame.fill { (room) throws(SystemError) in
                try connection.receive(into: &room, until: deadline)
            }
            if count == 0 { return "nothing came" }
            guard count == frame.count else { return "it ended after \(count) bytes" }
        } catch {
            return error.errno == ETIMEDOUT ? "it did not come in time" : error.description
        }
        var more: [UInt8] = [0]
        var room = more.mutableSpan
        // That nothing more has come is how it should be, and an error of this call.
        let count = try? connection.receive(into: &room, until: .now)
        return count == 1 ? "it is too long" : nil
    }

    /// Waits until a whole number of seconds has passed since the request was read.
    ///
    /// An unknown user is known sooner than a wrong password, a locked account sooner or later than both. To who waits
    /// for an answer all of them take one second, or, where modules are slow, some whole number of them.
    private static func waitForWholeSecond(since start: ContinuousClock.Instant) {
        let seconds = (ContinuousClock.now - start).components.seconds + 1
        let end = start + .seconds(seconds)
        while end.millisecondsLeft > 0 { usleep(useconds_t(end.millisecondsLeft) * 1000) }
    }
}
