/// What slipway-authd says to a request.
///
/// A frame of 16 bytes:
///
///     0   "SLPA"
///     4   version, 1
///     5   the outcome
///     6   zeros to the end
package enum AttemptAnswer: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// The password is right and the account may be used.
    case accepted = 1
    /// A wrong password or no such user: not told apart.
    case refused = 2
    /// The right password, but it or the account has expired.
    case expired = 3
    /// The right password, but this account may not be used now, here or at all.
    case denied = 4
    /// The system could not tell.
    case unavailable = 5
    /// As many attempts as may be are going on.
    case busy = 6
    /// The request was not one.
    case malformed = 7

    package static let frameLength = 16

    /// Reads a frame.
    ///
    /// - Returns: nil where it is not exactly what `frame` makes.
    package init?(frame: some Collection<UInt8>) {
        let bytes = Array(frame)
        guard bytes.count == Self.frameLength, let answer = Self(rawValue: bytes[5]), bytes == answer.frame
        else { return nil }
        self = answer
    }

    /// The answer as it is sent.
    package var frame: [UInt8] {
        head + [rawValue] + Array(repeating: 0, count: Self.frameLength - head.count - 1)
    }

    package var description: String {
        switch self {
        case .accepted: "accepted"
        case .refused: "refused"
        case .expired: "expired"
        case .denied: "denied"
        case .unavailable: "unavailable"
        case .busy: "busy"
        case .malformed: "malformed"
        }
    }
}
