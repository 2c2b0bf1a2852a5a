internal import Glibc

/// Operating-system threads: every C call here blocks, and the concurrency pool has but one thread a core.
package enum Threads {
    /// Starts a thread that nobody waits for.
    package static func detach(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let thread = try start(body)
        pthread_detach(thread)
    }

    /// Holds the calling thread for a while.
    package static func sleep(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var rest = timespec()
        while nanosleep(&left, &rest) != 0 && errno == EINTR { left = rest }
    }

    /// Runs `body(0)` to `body(count - 1)` side by side, the first on the caller's thread; returns when all have ended.
    ///
    /// Where the system gives no further thread, the rest runs on the caller's, one after another.
    package static func concurrently(_ count: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var threads: [pthread_t] = []
            var left: [Int] = []
            for index in stride(from: 1, to: count, by: 1) {
                if let thread = try? start({ body(index) }) {
                    threads.append(thread)
                } else {
                    left.append(index)
                }
            }
            if count > 0 { body(0) }
            left.forEach(body)
            for thread in threads { pthread_join(thread, nil) }
        }
    }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) -> pthread_t {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(body))
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw SystemError("pthread_create", errno: code)
        }
        return thread
    }
}
