import FastCGI
import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

// A pool sets its thread's signal mask and is driven by signals, so each runs in a process of its own.

@Suite("A pool of responders")
struct ResponderPoolTests {
    @Test("keeps its responders alive on its socket, and ends them when told to stop")
    func lifetime() async {
        await #expect(processExitsWith: .success) {
            let pool = try RunningPool { pool in
                var seen: [String: Bool] = [:]
                seen["two started"] = eventually { pool.started.count == 2 }
                seen["the socket accepts"] = (try? WebServer(socketPath: pool.socketPath).connect()) != nil
                seen["it ticks"] = eventually { pool.ticks.withLock { $0 } > 0 }
                let killed = pool.started[0].pid
                kill(killed, SIGKILL)
                seen["a third started"] = eventually { pool.started.count == 3 }
                seen["the killed one is gone"] = eventually {
                    pool.alive.count == 2 && !pool.alive.contains(killed)
                }
                return seen
            }
            #expect(pool.wrong.isEmpty)
            // The listening socket, as FastCGI's descriptor 0.
            #expect(pool.started.allSatisfy { $0.input.hasPrefix("socket:") })
            #expect(Set(pool.started.map(\.input)).count == 1)
            #expect(pool.alive.isEmpty)
            #expect(try Files.status(pool.socketPath) == nil)
        }
    }

    @Test("replaces every responder when told to reload")
    func reload() async {
        await #expect(processExitsWith: .success) {
            let pool = try RunningPool { pool in
                var seen: [String: Bool] = [:]
                seen["two started"] = eventually { pool.started.count == 2 }
                let before = pool.alive
                pool.signal(SIGHUP)
                seen["two more started"] = eventually { pool.started.count == 4 }
                seen["only these are left"] = eventually {
                    pool.alive.count == 2 && pool.alive.isDisjoint(with: before)
                }
                return seen
            }
            #expect(pool.wrong.isEmpty)
            #expect(pool.alive.isEmpty)
        }
    }

    @Test("keeps its responders when it may not reload")
    func noReload() async {
        await #expect(processExitsWith: .success) {
            let pool = try RunningPool(mayReload: false) { pool in
                var seen: [String: Bool] = [:]
                seen["two started"] = eventually { pool.started.count == 2 }
                pool.signal(SIGHUP)
                seen["it was asked"] = eventually { pool.asked.withLock { $0 } }
                seen["the same two are left"] = pool.alive.count == 2
                return seen
            }
            #expect(pool.wrong.isEmpty)
            #expect(pool.started.count == 2)
        }
    }

    @Test("kills a responder that does not end when told to")
    func stubborn() async {
        await #expect(processExitsWith: .success) {
            let pool = try RunningPool(trap: "trap '' TERM; ") { pool in
                ["two started": eventually { pool.started.count == 2 }]
            }
            #expect(pool.wrong.isEmpty)
            #expect(pool.alive.isEmpty)
        }
    }

    @Test("goes on without responders that cannot be started")
    func missing() async {
        await #expect(processExitsWith: .success) {
            let pool = try RunningPool(program: "/missing/responder") { pool in
                ["it ticks": eventually { pool.ticks.withLock { $0 } > 0 }]
            }
            #expect(pool.wrong.isEmpty)
            #expect(try Files.status(pool.socketPath) == nil)
        }
    }
}

/// A pool of two programs that write down who they are and then sleep.
private final class RunningPool: Sendable {
    let directory: TemporaryDirectory
    let ticks = Mutex(0)
    let asked = Mutex(false)
    private let thread = UInt(pthread_self())
    private let seen = Mutex<[String: Bool]?>(nil)

    var socketPath: String { directory.file("responder.sock") }

    /// Runs a pool on this thread and `script` on another; stops it when that has returned.
    init(
        program: String? = nil, trap: String = "", mayReload: Bool = true,
        script: @escaping @Sendable (RunningPool) -> [String: Bool]
    ) throws {
        directory = try TemporaryDirectory()
        let shell = try #require(Executable.find("sh", searchPath: nil))
        // One write a line, and exec: the process that is counted is the one that gets the signals.
        let line = "\(trap)echo \"$$ $(readlink /proc/$$/fd/0)\" >> \"$0\"; exec sleep 1000"
        let pool = try ResponderPool(
            .init(
                program: program ?? shell, arguments: ["-c", line, directory.file("started")],
                environment: ["PATH": "/usr/bin:/bin"], socketPath: directory.file("responder.sock"),
                count: 2,
                drainSeconds: trap.isEmpty ? 60 : 0))
        try Threads.detach { [self] in
            let result = script(self)
            seen.withLock { $0 = result }
            signal(SIGTERM)
        }
        pool.run {
            ticks.withLock { $0 += 1 }
        } mayReload: {
            asked.withLock { $0 = true }
            return mayReload
        }
    }

    /// What the script did not see.
    var wrong: [String] { seen.withLock { $0?.filter { !$0.value }.map(\.key) } ?? ["the script's end"] }

    /// To the very thread that waits for it: in this process others have it not blocked.
    func signal(_ number: Int32) { pthread_kill(pthread_t(thread), number) }

    /// Who has written down its start, in that order.
    var started: [(pid: Int32, input: String)] {
        let text = (try? directory.read("started")) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count == 2, let pid = Int32(fields[0]) else { return nil }
            return (pid, String(fields[1]))
        }
    }

    /// Those of them that run.
    var alive: Set<Int32> { Set(started.map(\.pid).filter { kill($0, 0) == 0 }) }
}
