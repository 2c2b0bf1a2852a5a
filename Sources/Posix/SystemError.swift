internal import Glibc

/// A system call that failed: which, on what, and its errno.
package struct SystemError: Error, Sendable, CustomStringConvertible {
    /// The call's name, as in its manual page.
    package let call: String
    /// The file or program that it was about, where there was one.
    package let subject: String?
    package let errno: Int32

    package init(_ call: String, _ subject: String? = nil, errno code: Int32 = Glibc.errno) {
        self.call = call
        self.subject = subject
        errno = code
    }

    package var description: String {
        "\(call)\(subject.map { " \($0)" } ?? ""): \(String(cString: strerror(errno)))"
    }

    static let synchronizing = "fsync"

    /// Whether what was written may be lost although the disk took it.
    package var isLoss: Bool { call == Self.synchronizing }
    package var isNotFound: Bool { errno == ENOENT }
    package var isNoSpace: Bool { errno == ENOSPC || errno == EDQUOT }
    package var isNotDirectory: Bool { errno == ENOTDIR }
    package var isSymbolicLinkOrEscape: Bool { errno == ELOOP || errno == EXDEV }
}

/// Calls `body` until it is not interrupted by a signal.
func retrying(_ body: () -> Int32) -> Int32 {
    while true {
        let result = body()
        if result >= 0 || errno != EINTR { return result }
    }
}
