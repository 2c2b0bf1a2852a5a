/// What went wrong, in words for the person who can do something about it.
///
/// The one error type above the C wrappers. `message` says what happened, `hint` what to do next; both are
/// lower case, without a full stop, and hold neither secrets nor paths of a stranger's making.
package struct Problem: Error, Sendable, CustomStringConvertible {
    /// MLflow's error codes, so that its own client raises a readable exception
    /// (see `mlflow/protos/databricks.proto`, `ErrorCode`).
    package enum Code: String, Sendable, CaseIterable {
        case invalidParameterValue = "INVALID_PARAMETER_VALUE"
        case unauthenticated = "UNAUTHENTICATED"
        case permissionDenied = "PERMISSION_DENIED"
        case resourceDoesNotExist = "RESOURCE_DOES_NOT_EXIST"
        case resourceAlreadyExists = "RESOURCE_ALREADY_EXISTS"
        case invalidState = "INVALID_STATE"
        case requestTooLarge = "REQUEST_TOO_LARGE"
        case methodNotAllowed = "METHOD_NOT_ALLOWED"
        case requestLimitExceeded = "REQUEST_LIMIT_EXCEEDED"
        case temporarilyUnavailable = "TEMPORARILY_UNAVAILABLE"
        case internalError = "INTERNAL_ERROR"
        /// The runner of a build ended without a word.
        case runnerLost = "RUNNER_LOST"
        /// The machine that a build ran on was restarted.
        case hostRestarted = "HOST_RESTARTED"
        /// The container engine could not build the image.
        case buildFailed = "BUILD_FAILED"
        case buildTimedOut = "BUILD_TIMED_OUT"
        /// The image was built, but does not answer as it should.
        case verificationFailed = "VERIFICATION_FAILED"
        /// The image was built, but the registry did not take it.
        case pushFailed = "PUSH_FAILED"
    }

    package let code: Code
    package let message: String
    package let hint: String?
    /// After how many seconds a second try makes sense, where that is known.
    package var retryAfter: Int?
    /// What lies beneath; for the log, never for a response.
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    package var description: String {
        let advice = hint.map { " (\($0))" } ?? ""
        let beneath = cause.map { ": \($0)" } ?? ""
        return "\(code.rawValue): \(message)\(advice)\(beneath)"
    }
}

extension Problem {
    /// A value that its giver can mend.
    ///
    /// - Parameters:
    ///   - field: the name of the field, header or file that holds the value.
    ///   - rule: what the value must be.
    ///   - hint: what to do; nil where the rule says it.
    /// - Returns: a problem with the code `invalidParameterValue`.
    package static func invalid(_ field: String, _ rule: String, hint: String? = nil) -> Problem {
        Problem(.invalidParameterValue, "\(field): \(rule)", hint: hint)
    }
}
