internal import AuthdFrames
package import Core
internal import Glibc
internal import Posix

/// Asks slipway-authd whether a password is right.
package struct AuthdClient: Sendable {
    private let socketPath: String
    private let seconds: Double

    /// - Parameters:
    ///   - socketPath: where slipway-authd listens.
    ///   - seconds: how long one check may take in all; slipway-authd itself gives up after ten.
    package init(socketPath: String, seconds: Double = 15) {
        self.socketPath = socketPath
        self.seconds = seconds
    }

    /// What slipway-authd found.
    package enum Verdict: Sendable, CaseIterable {
        /// The password is right and the account may be used.
        case accepted
        /// A wrong password, no such user, or a name that no user can have: not told apart.
        case refused
        /// The right password, but it or the account has expired.
        case expired
        /// The right password, but this account may not be used now, here or at all.
        case denied
    }

    /// Checks a password.
    ///
    /// Any answer but `accepted` takes a whole number of seconds, one as a rule: nothing can be read from the time.
    ///
    /// - Parameters:
    ///   - user: the name as it was typed.
    ///   - password: the password.
    ///   - address: the caller's, for PAM's rules and log; may be empty.
    /// - Returns: the verdict.
    /// - Throws: a `temporarilyUnavailable` where there is no verdict, its hint for an administrator; an
    ///   `invalidParameterValue` where the address is none.
    package func check(user: String, password: Secret, address: String) throws(Problem) -> Verdict {
        guard let request = AttemptRequest(user: user, password: password.revealed.utf8, address: address)
        else {
            guard AttemptRequest(user: user, password: password.revealed.utf8, address: "") != nil else {
                return .refused
            }
            throw .invalid("the caller's address", "PAM cannot be told of it")
        }
        let answer: AttemptAnswer?
        do throws(SystemError) {
            answer = try ask(request)
        } catch {
            throw unavailable(error)
        }
        switch answer {
        case .accepted: return .accepted
        case .refused: return .refused
        case .expired: return .expired
        case .denied: return .denied
        case .busy:
            throw unavailable(
                "slipway-authd is checking as many passwords as it may",
                "try again in a second; if it lasts, raise its --max-attempts")
        case .unavailable:
            throw unavailable(
                "this system cannot check passwords at the moment",
                "the log of slipway-authd says which PAM module failed or hung")
        case .malformed, nil:
            throw unavailable(
                "\(socketPath) does not answer as slipway-authd does",
                "see that slipway and slipway-authd are of the same version, and who listens on that socket")
        }
    }

    private func ask(_ request: AttemptRequest) throws(SystemError) -> AttemptAnswer? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        let connection = try Socket.connect(to: socketPath, until: deadline)
        do throws(SystemError) {
            try request.frame.read { (bytes) throws(SystemError) in
                try connection.send(bytes, until: deadline)
            }
        } catch {
            // Who is busy answers and closes without reading.
            guard error.errno == EPIPE || error.errno == ECONNRESET else { throw error }
        }
        var frame = [UInt8](repeating: 0, count: AttemptAnswer.frameLength)
        var room = frame.mutableSpan
        let count = try connection.receive(into: &room, until: deadline)
        guard count > 0 else { throw SystemError("recv", socketPath, errno: ECONNRESET) }
        return count == frame.count ? AttemptAnswer(frame: frame) : nil
    }

    private func unavailable(_ error: SystemError) -> Problem {
        let (message, hint) =
            switch error.errno {
            case ENOENT, ENOTDIR:
                ("there is no \(socketPath)", "start slipway-authd, or correct the path of its socket")
            case ECONNREFUSED, ENOTSOCK:
                ("nobody listens on \(socketPath)", "start slipway-authd: systemctl start slipway-authd")
            case EACCES, EPERM:
                (
                    "\(socketPath) may not be used by this process",
                    "run slipway in the group that slipway-authd was given by --group"
                )
            case ECONNRESET, EPIPE:
                (
                    "slipway-authd ended the conversation without an answer",
                    "its log says why; it turns away whoever is in neither --group nor --allow-user"
                )
            case ETIMEDOUT:
                (
                    "slipway-authd gave no answer within \(Int(seconds)) s",
                    "its log says whether a PAM module hangs"
                )
            default: ("slipway-authd cannot be asked", "look at \(socketPath)")
            }
        return unavailable(message, hint, cause: error)
    }

    private func unavailable(_ message: String, _ hint: String, cause: SystemError? = nil) -> Problem {
        Problem(.temporarilyUnavailable, message, hint: hint, cause: cause)
    }
}
