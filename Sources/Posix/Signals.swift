internal import CPosix
internal import Glibc

/// A set of signals that this process waits for instead of being interrupted by.
package struct Signals: Sendable {
    package static let hangUp = SIGHUP
    package static let interrupt = SIGINT
    package static let terminate = SIGTERM
    package static let kill = SIGKILL
    package static let childEnded = SIGCHLD

    private let numbers: [Int32]

    package init(_ numbers: [Int32]) { self.numbers = numbers }

    /// Blocks the signals in the calling thread and in all that it starts from now on.
    package func block() {
        var set = self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of the signals; they must be blocked.
    ///
    /// The corresponding C function is `sigwait(3)`.
    package func wait() -> Int32 {
        var set = self.set
        var received: Int32 = 0
        while sigwait(&set, &received) != 0 {}
        return received
    }

    /// Waits for one of the signals, but not longer than `milliseconds`; nil when none came.
    ///
    /// The corresponding C function is `sigtimedwait(2)`.
    package func wait(milliseconds: Int) -> Int32? {
        var set = self.set
        var timeout = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        let received = sigtimedwait(&set, nil, &timeout)
        return received > 0 ? received : nil
    }

    /// Can be read while one of the signals is pending, so that a poller wakes; `wait(milliseconds:)` then takes it.
    ///
    /// The corresponding C function is `signalfd(2)`.
    package func descriptor() throws(SystemError) -> Descriptor {
        var set = self.set
        let number = slipway_signal_descriptor(&set)
        guard number >= 0 else { throw SystemError("signalfd") }
        return Descriptor(adopting: number)
    }

    package static func ignore(_ number: Int32) { signal(number, SIG_IGN) }

    /// Has the kernel send this process a signal when the process that started it dies.
    ///
    /// - Parameters:
    ///   - parent: that process's id.
    ///   - number: the signal.
    /// - Returns: false where it is dead already.
    package static func follow(parent: Int32, with number: Int32) -> Bool {
        slipway_signal_on_parent_death(number)
        return getppid() == parent
    }

    private var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}
