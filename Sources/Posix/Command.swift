internal import CPosix
internal import Glibc

/// Programs by name, as a shell would find them.
package enum Executable {
    /// All paths of executable files called `name` on `searchPath`, first match first.
    package static func all(_ name: String, searchPath: String?) -> [String] {
        if name.contains("/") { return Files.isExecutable(name) ? [name] : [] }
        return (searchPath ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
            .map { "\($0)/\(name)" }.filter(Files.isExecutable)
    }

    package static func find(_ name: String, searchPath: String?) -> String? {
        all(name, searchPath: searchPath).first
    }
}

/// A program run to its end.
package struct Command: Sendable {
    package let path: String
    package let arguments: [String]
    package let environment: [String: String]

    package init(_ path: String, _ arguments: [String], environment: [String: String]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    package struct Outcome: Sendable {
        package let status: ExitStatus
        /// What the program wrote to standard output, up to the limit.
        package let output: String
        /// What it wrote to standard error, up to the limit; empty where that went to a file.
        package let errors: String
        /// Whether it was ended for taking too long.
        package let timedOut: Bool
    }

    /// Runs the program, keeps what it writes, and ends its whole process group when time is up.
    ///
    /// - Parameters:
    ///   - seconds: how long it may take; then it gets SIGTERM, and SIGKILL five seconds later.
    ///   - limit: how many bytes of each output stream are kept; the rest is read and dropped.
    ///   - input: its standard input; nil for `/dev/null`.
    ///   - errors: where standard error goes instead of into the outcome.
    /// - Returns: how it ended and what it wrote.
    /// - Throws: `SystemError` where it cannot be started.
    package func run(
        seconds: Double, limit: Int = 1 << 20, input: Descriptor? = nil, errors: Descriptor? = nil
    ) throws(SystemError) -> Outcome {
        let (child, pipes) = try startWithPipes(limit: limit, input: input, errors: errors)
        var streams = pipes
        var watch = Deadline(seconds: seconds, child)
        while streams.contains(where: { !$0.ended }) {
            var polls = streams.map {
                pollfd(fd: $0.ended ? -1 : $0.reader.number, events: Int16(POLLIN), revents: 0)
            }
            poll(&polls, nfds_t(polls.count), 200)
            for (index, poll) in polls.enumerated() where poll.revents != 0 { streams[index].readMore() }
            watch.enforce()
            // A grandchild may hold the pipes open after the end: do not wait for it.
            if watch.killed { break }
        }
        let status = watch.waitForEnd()
        return Outcome(
            status: status, output: String(decoding: streams[0].bytes, as: UTF8.self),
            errors: String(decoding: streams[1].bytes, as: UTF8.self), timedOut: watch.expired)
    }

    /// Runs the program and hands on what it writes, as `run(seconds:limit:)` otherwise.
    ///
    /// - Parameters:
    ///   - seconds: how long it may take.
    ///   - signal: ends the program in time; SIGKILL follows five seconds later.
    ///   - shouldStop: asked several times a second; true ends the program as a timeout does.
    ///   - sink: gets the bytes of both output streams as they come, on the caller's thread.
    /// - Returns: how it ended.
    /// - Throws: `SystemError` where it cannot be started; what `sink` throws, after the program was ended.
    package func run(
        seconds: Double, endingWith signal: Int32, shouldStop: () -> Bool = { false },
        sink: ([UInt8]) throws -> Void
    ) throws -> Outcome {
        let (child, reader) = try startWithPipe()
        var stream = Stream(reader, .max)
        var watch = Deadline(seconds: seconds, child, signal)
        var failure: (any Error)?
        var status: ExitStatus?
        while !stream.ended, !watch.killed {
            var polls = [pollfd(fd: reader.number, events: Int16(POLLIN), revents: 0)]
            poll(&polls, 1, 100)
            if polls[0].revents != 0 { stream.readMore() }
            do {
                if failure == nil, !stream.bytes.isEmpty { try sink(stream.bytes) }
            } catch {
                failure = error
            }
            stream.bytes = []
            watch.enforce(now: failure != nil || shouldStop())
            // A grandchild may hold the pipe open after the end.
            if polls[0].revents == 0 { status = child.poll() }
            if status != nil { break }
        }
        let end = status ?? watch.waitForEnd()
        // Whoever was asked to end and has, may have left others of its group who have not.
        if watch.expired { child.signalGroup(SIGKILL) }
        if let failure { throw failure }
        return Outcome(status: end, output: "", errors: "", timedOut: watch.expired)
    }

    private func startWithPipe() throws(SystemError) -> (ChildProcess, Descriptor) {
        let pipe = try Descriptor.pipe()
        return (try start(input: nil, output: pipe.writer, errors: pipe.writer), pipe.reader)
    }

    /// The writing ends of the pipes are closed here when this returns: only the child still holds them.
    private func startWithPipes(limit: Int, input: Descriptor?, errors: Descriptor?) throws(SystemError) -> (
        ChildProcess, [Stream]
    ) {
        let output = try Descriptor.pipe()
        let complaints = try Descriptor.pipe()
        let child = try start(input: input, output: output.writer, errors: errors ?? complaints.writer)
        return (child, [Stream(output.reader, limit), Stream(complaints.reader, limit)])
    }

    private func start(input: Descriptor?, output: Descriptor, errors: Descriptor) throws(SystemError)
        -> ChildProcess
    {
        try .start(
            path, arguments, environment: environment, input: input, output: output, error: errors,
            group: .own)
    }

    /// One output stream of a running program.
    private struct Stream {
        let reader: Descriptor
        let limit: Int
        var bytes: [UInt8] = []
        var ended = false

        init(_ reader: Descriptor, _ limit: Int) {
            self.reader = reader
            self.limit = limit
        }

        mutating func readMore() {
            let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, filled in
                filled = max(0, Glibc.read(reader.number, buffer.baseAddress, 1 << 16))
            }
            if chunk.isEmpty { ended = true }
            bytes += chunk.prefix(limit - bytes.count)
        }
    }

    /// Ends a child that takes too long: by the given signal first, by SIGKILL after five seconds.
    private struct Deadline {
        let child: ChildProcess
        let signal: Int32
        private(set) var expired = false
        private(set) var killed = false
        private var next: Int64

        init(seconds: Double, _ child: ChildProcess, _ signal: Int32 = Signals.terminate) {
            self.child = child
            self.signal = signal
            next = slipway_monotonic_milliseconds() + Int64(min(seconds, 1e9) * 1000)
        }

        mutating func enforce(now: Bool = false) {
            let time = slipway_monotonic_milliseconds()
            if !expired {
                guard now || time >= next else { return }
                expired = true
                next = time + 5000
                child.signalGroup(signal)
            } else if !killed, time >= next {
                killed = true
                child.signalGroup(SIGKILL)
            }
        }

        mutating func waitForEnd() -> ExitStatus {
            var status = child.poll()
            while status == nil {
                usleep(2000)
                enforce()
                status = child.poll()
            }
            return status ?? .exited(127)
        }
    }
}
