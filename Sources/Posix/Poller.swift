internal import CPosix
internal import Glibc

/// Waits until one of several descriptors can be read; each thread has its own.
package struct Poller: ~Copyable {
    private let epoll: Descriptor

    var number: Int32 { epoll.number }

    /// The corresponding C function is `epoll_create1(2)`.
    package init() throws(SystemError) {
        let number = slipway_epoll_create()
        guard number >= 0 else { throw SystemError("epoll_create1") }
        epoll = Descriptor(adopting: number)
    }

    /// Adds a descriptor to those waited for.
    ///
    /// - Parameters:
    ///   - descriptor: must stay open as long as this poller.
    ///   - exclusive: of several pollers that watch the same descriptor, wake one (`EPOLLEXCLUSIVE`).
    /// - Throws: `SystemError` of `epoll_ctl(2)`.
    package func watch(_ descriptor: Descriptor, exclusive: Bool = false) throws(SystemError) {
        guard slipway_epoll_add(epoll.number, descriptor.number, exclusive) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Waits for ever, or so long; returns the number of a descriptor that is ready, or nil where time ran out or a
    /// signal came in between.
    package func wait(milliseconds: Int32 = -1) throws(SystemError) -> Int32? {
        let ready = slipway_epoll_wait(epoll.number, milliseconds)
        guard ready != -2 else { throw SystemError("epoll_wait") }
        return ready == -1 ? nil : ready
    }
}

/// Something that happens and that any number of pollers can wait for.
package struct Occasion: Sendable {
    /// Readable once it has happened, until it is reset.
    package let descriptor: Descriptor

    /// The corresponding C function is `eventfd(2)`.
    package init() throws(SystemError) {
        let number = slipway_eventfd()
        guard number >= 0 else { throw SystemError("eventfd") }
        descriptor = Descriptor(adopting: number)
    }

    package func happen() { slipway_eventfd_signal(descriptor.number) }

    /// Lets it happen once more.
    package func reset() { slipway_eventfd_reset(descriptor.number) }
}

extension Descriptor {
    /// Makes calls on this descriptor return at once where they would wait (`O_NONBLOCK`).
    package func stopBlocking() throws(SystemError) {
        guard slipway_set_nonblocking(number, true) == 0 else { throw SystemError("fcntl") }
    }

    /// Standard input, output and error, as this process was given them; copies, so the originals stay open.
    package static func standard(_ number: Int32) throws(SystemError) -> Descriptor {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw SystemError("fcntl") }
        return Descriptor(adopting: copy)
    }
}
