internal import Core
internal import Glibc
package import Posix

/// Keeps a number of responder processes alive on one socket that outlives each of them.
package final class ResponderPool {
    package struct Configuration: Sendable {
        /// Path of the responders' program and what it is given.
        package let program: String
        package let arguments: [String]
        package let environment: [String: String]
        package let socketPath: String
        package let count: Int
        /// How long a responder may take to finish the requests in hand.
        package let drainSeconds: Int

        package init(
            program: String, arguments: [String], environment: [String: String], socketPath: String,
            count: Int,
            drainSeconds: Int = 30
        ) {
            self.program = program
            self.arguments = arguments
            self.environment = environment
            self.socketPath = socketPath
            self.count = count
            self.drainSeconds = drainSeconds
        }
    }

    /// One place in the pool, and who holds it.
    private struct Place {
        var process: ChildProcess?
        var startedAt = ContinuousClock.now
        /// Doubles with every responder that dies young, up to five seconds.
        var delay = Duration.milliseconds(100)
        var startAfter = ContinuousClock.now
    }

    private let configuration: Configuration
    private let listener: Descriptor
    private let log = Log("pool")
    private let standardError: Descriptor
    private var places: [Place]
    /// Responders that were replaced or told to stop, and when they are killed.
    private var leaving: [(process: ChildProcess, killAfter: ContinuousClock.Instant)] = []

    package init(_ configuration: Configuration) throws(SystemError) {
        self.configuration = configuration
        standardError = try Descriptor.standard(2)
        listener = try Socket.listen(at: configuration.socketPath)
        places = Array(repeating: Place(), count: configuration.count)
    }

    /// Runs until SIGTERM or SIGINT; SIGHUP replaces every responder by a new one without losing a request.
    ///
    /// Call it from the main thread, before any other thread exists.
    ///
    /// - Parameters:
    ///   - tick: called about once a second.
    ///   - mayReload: asked before a reload; false keeps the responders as they are.
    package func run(tick: () -> Void, mayReload: () -> Bool) {
        let signals = Signals([Signals.terminate, Signals.interrupt, Signals.hangUp, Signals.childEnded])
        signals.block()
        log.info("started", ["socket": configuration.socketPath, "responders": configuration.count])
        var nextTick = ContinuousClock.now
        while true {
            reap()
            startMissing()
            if ContinuousClock.now >= nextTick {
                nextTick = ContinuousClock.now + .seconds(1)
                tick()
            }
            switch signals.wait(milliseconds: 250) {
            case Signals.terminate?, Signals.interrupt?: return stop(signals)
            case Signals.hangUp? where mayReload(): reload()
            default: break
            }
        }
    }

    private func startMissing() {
        for index in places.indices where places[index].process == nil {
            guard ContinuousClock.now >= places[index].startAfter else { continue }
            places[index].startedAt = .now
            do throws(SystemError) {
                places[index].process = try start()
            } catch {
                log.error("a responder cannot be started", ["cause": error])
                backOff(index)
            }
        }
    }

    private func start() throws(SystemError) -> ChildProcess {
        // A group of its own: Ctrl-C at a terminal reaches the pool alone, which then drains its responders.
        try ChildProcess.start(
            configuration.program, configuration.arguments, environment: configuration.environment,
            input: listener, output: standardError, error: standardError, group: .own)
    }

    private func reap() {
        for index in places.indices {
            guard let process = places[index].process, let status = process.poll() else { continue }
            log.warning("a responder ended by itself", ["pid": process.pid, "status": status])
            places[index].process = nil
            backOff(index)
        }
        leaving.removeAll { process, killAfter in
            if process.poll() != nil { return true }
            if ContinuousClock.now >= killAfter { process.signal(Signals.kill) }
            return false
        }
    }

    private func backOff(_ index: Int) {
        let livedLong = ContinuousClock.now - places[index].startedAt > .seconds(10)
        places[index].delay = livedLong ? .milliseconds(100) : min(places[index].delay * 2, .seconds(5))
        places[index].startAfter = livedLong ? .now : .now + places[index].delay
    }

    /// New responders accept beside the old ones before these are told to stop.
    private func reload() {
        log.info("reloading")
        for index in places.indices {
            guard let successor = try? start() else {
                log.error("a responder cannot be started; the old one stays")
                continue
            }
            if let process = places[index].process { drain(process) }
            places[index] = Place(process: successor)
        }
    }

    private func drain(_ process: ChildProcess) {
        process.signal(Signals.terminate)
        leaving.append((process, .now + .seconds(configuration.drainSeconds)))
    }

    private func stop(_ signals: Signals) {
        log.info("stopping")
        for place in places { if let process = place.process { drain(process) } }
        places = []
        while !leaving.isEmpty {
            reap()
            if !leaving.isEmpty { _ = signals.wait(milliseconds: 50) }
        }
        unlink(configuration.socketPath)
        log.info("stopped")
    }
}
