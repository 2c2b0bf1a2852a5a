internal import CPosix
internal import Glibc

/// A descriptor that is ready, and what for.
package struct Readiness: Sendable {
    package let number: Int32
    package let isReadable: Bool
    package let isWritable: Bool
    /// The other side is gone, or will send no more.
    package let isHungUp: Bool
}

extension Poller {
    /// How many descriptors one wait tells of at most.
    private static let batch = 256

    /// Adds a connection: it is ready when there is input, when the other side goes, and at first not for output.
    ///
    /// It is watched until it is closed, which its last reference does.
    package func follow(_ connection: Descriptor) throws(SystemError) {
        guard slipway_epoll_follow(number, connection.number, false, false) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Begins or ends to watch a followed connection for room to write.
    package func follow(_ connection: Descriptor, forOutput: Bool) throws(SystemError) {
        guard slipway_epoll_follow(number, connection.number, forOutput, true) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Waits for any number of descriptors; none are ready where time ran out or a signal came in between.
    package func waitForMany(milliseconds: Int32) throws(SystemError) -> [Readiness] {
        var failure: SystemError?
        let empty = slipway_ready(descriptor: -1, readable: false, writable: false, hung_up: false)
        var ready = Array(repeating: empty, count: Self.batch)
        let count = slipway_epoll_wait_many(number, &ready, Int32(Self.batch), milliseconds)
        if count == -2 { failure = SystemError("epoll_wait") }
        if let failure { throw failure }
        return ready.prefix(Int(count)).map {
            Readiness(
                number: $0.descriptor, isReadable: $0.readable, isWritable: $0.writable, isHungUp: $0.hung_up)
        }
    }
}

extension Descriptor {
    /// Sends what the socket takes of `bytes` from `start` at once.
    ///
    /// The corresponding C function is `send(2)` with `MSG_DONTWAIT` and `MSG_NOSIGNAL`.
    /// - Returns: how many bytes it took; 0 where it has no room.
    package func send(_ bytes: [UInt8], from start: Int = 0) throws(SystemError) -> Int {
        var failure: SystemError?
        let count = bytes.withUnsafeBytes { raw in
            var sent: Int
            repeat {
                sent = slipway_send_now(number, raw.baseAddress?.advanced(by: start), raw.count - start)
            } while sent < 0 && errno == EINTR
            if sent < 0, errno != EAGAIN { failure = SystemError("send") }
            return max(0, sent)
        }
        if let failure { throw failure }
        return count
    }

    /// Throws away what the socket has received so far.
    ///
    /// - Returns: false where the other side will send no more, or is gone.
    package func discardInput() -> Bool {
        while true {
            let count = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
                slipway_receive_now(number, buffer.baseAddress, buffer.count)
            }
            if count > 0 { continue }
            return count < 0 && (errno == EAGAIN || errno == EINTR)
        }
    }
}

extension ThisProcess {
    /// Raises the limit of open files to what the system grants, `most` at most.
    ///
    /// The corresponding C function is `setrlimit(2)` with `RLIMIT_NOFILE`.
    /// - Returns: the limit then.
    package static func raiseOpenFiles(most: Int) -> Int { Int(slipway_raise_open_files(Int64(most))) }
}
