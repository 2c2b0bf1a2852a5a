internal import CPosix
internal import Glibc

/// One connected UNIX-domain socket; no call on it waits past its deadline.
package struct Connection: Sendable {
    package let descriptor: Descriptor

    package init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Takes the next connection of a listening socket, without waiting.
    ///
    /// - Returns: nil where none waits, or the one that did has gone.
    package static func accept(from listener: Descriptor) throws(SystemError) -> Connection? {
        let number = slipway_accept(listener.number)
        if number >= 0 { return Connection(Descriptor(adopting: number)) }
        guard [EAGAIN, EINTR, ECONNABORTED].contains(errno) else { throw SystemError("accept4") }
        return nil
    }

    /// Who is at the other end.
    package struct Peer: Sendable, Equatable {
        package let process: Int32
        package let user: UInt32
        /// The effective group; the others of its groups are not told.
        package let group: UInt32
    }

    /// Who connected, with the ids of that moment.
    ///
    /// The corresponding C function is `getsockopt(2)` with `SO_PEERCRED`.
    package func peer() throws(SystemError) -> Peer {
        var process: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
        guard slipway_peer(descriptor.number, &process, &user, &group) == 0 else {
            throw SystemError("getsockopt")
        }
        return Peer(process: process, user: user, group: group)
    }

    /// Reads until the room is full or the other end has closed.
    ///
    /// - Parameters:
    ///   - room: what is to be filled.
    ///   - deadline: for all of it, however slowly it comes; then the error is `ETIMEDOUT`.
    /// - Returns: how many bytes came.
    /// - Throws: `SystemError` of the call that failed.
    package func receive(into room: inout MutableSpan<UInt8>, until deadline: ContinuousClock.Instant)
        throws(SystemError) -> Int
    {
        var filled = 0
        while filled < room.count {
            try wait(POLLIN, until: deadline)
            let count = room.withUnsafeMutableBytes { bytes in
                recv(
                    descriptor.number, bytes.baseAddress?.advanced(by: filled), bytes.count - filled,
                    Int32(MSG_DONTWAIT))
            }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw SystemError("recv")
            }
            filled += count
        }
        return filled
    }

    /// Sends all bytes; that the other end has closed is an `EPIPE`, never a signal.
    ///
    /// - Parameters:
    ///   - bytes: what to send.
    ///   - deadline: for all of it; then the error is `ETIMEDOUT`.
    /// - Throws: `SystemError` of the call that failed.
    package func send(_ bytes: borrowing Span<UInt8>, until deadline: ContinuousClock.Instant)
        throws(SystemError)
    {
        var sent = 0
        while sent < bytes.count {
            try wait(POLLOUT, until: deadline)
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor.number, bytes.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw SystemError("send")
            }
            sent += count
        }
    }

    private func wait(_ events: Int32, until deadline: ContinuousClock.Instant) throws(SystemError) {
        while true {
            var watched = pollfd(fd: descriptor.number, events: Int16(events), revents: 0)
            let left = deadline.millisecondsLeft
            let ready = poll(&watched, 1, Int32(clamping: left))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw SystemError("poll") }
            if left == 0 { throw SystemError("poll", errno: ETIMEDOUT) }
        }
    }
}

extension ContinuousClock.Instant {
    /// Whole milliseconds until then, rounded up; none where it has passed.
    package var millisecondsLeft: Int64 {
        let left = max(.zero, self - .now).components
        return left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
