import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

@Suite("Threads")
struct ThreadsTests {
    @Test("run side by side, each index once, the first on the caller's thread")
    func concurrently() {
        let caller = pthread_self()
        let threads = Mutex<[Int: UInt]>([:])
        let together = Mutex(0)
        Threads.concurrently(8) { index in
            threads.withLock { $0[index] = UInt(pthread_self()) }
            // Each waits for all the others: one after another they would never meet.
            let met = eventually { threads.withLock { $0.count } == 8 }
            if met { together.withLock { $0 += 1 } }
        }
        let seen = threads.withLock { $0 }
        #expect(together.withLock { $0 } == 8)
        #expect(Set(seen.keys) == Set(0..<8))
        #expect(Set(seen.values).count == 8)
        #expect(seen[0] == UInt(caller))
    }

    @Test("are as many as asked for, none included", arguments: [0, 1, 2])
    func few(_ count: Int) {
        let calls = Mutex<[Int]>([])
        Threads.concurrently(count) { index in calls.withLock { $0.append(index) } }
        #expect(calls.withLock { $0 }.sorted() == Array(0..<count))
    }

    @Test("that are detached run without being waited for")
    func detach() throws {
        let ran = try Occasion()
        try Threads.detach { ran.happen() }
        let poller = try Poller()
        try poller.watch(ran.descriptor)
        #expect(try poller.wait() == ran.descriptor.number)
    }
}

@Suite("A poller")
struct PollerTests {
    @Test("tells which descriptor can be read")
    func pipes() throws {
        let pipes = try (0..<3).map { _ in try Descriptor.pipe() }
        let poller = try Poller()
        for pipe in pipes { try poller.watch(pipe.reader) }
        try pipes[1].writer.write("x".utf8)
        #expect(try poller.wait() == pipes[1].reader.number)
        // What was not read is still there.
        #expect(try poller.wait() == pipes[1].reader.number)
    }

    @Test("an occasion wakes every poller, those that come later included, for good")
    func occasion() throws {
        let occasion = try Occasion()
        let woken = Mutex(0)
        let waiting = Mutex(0)
        Threads.concurrently(4) { index in
            if index == 0 {
                _ = eventually { waiting.withLock { $0 } == 3 }
                occasion.happen()
                occasion.happen()
            }
            waiting.withLock { $0 += 1 }
            guard let poller = try? Poller(), (try? poller.watch(occasion.descriptor)) != nil else { return }
            for _ in 0..<2 where (try? poller.wait()) == occasion.descriptor.number {
                woken.withLock { $0 += 1 }
            }
        }
        #expect(woken.withLock { $0 } == 8)
    }

    @Test("does not watch what cannot be waited for")
    func refused() throws {
        let directory = try TemporaryDirectory()
        let poller = try Poller()
        #expect(throws: SystemError.self) { try poller.watch(try Descriptor.openDirectory(directory.path)) }
    }
}

@Suite("Signals")
struct SignalsTests {
    @Test("that are blocked are waited for, and none is no signal")
    func wait() {
        let received = Mutex<[Int32?]>([])
        // The mask is a thread's own: this one ends with the test.
        Threads.concurrently(2) { index in
            guard index == 1 else { return }
            let signals = Signals([SIGUSR1, SIGUSR2])
            signals.block()
            let none = signals.wait(milliseconds: 0)
            raise(SIGUSR2)
            let first = signals.wait(milliseconds: 60_000)
            raise(SIGUSR1)
            let second = signals.wait()
            received.withLock { $0 = [none, first, second] }
        }
        #expect(received.withLock { $0 } == [nil, SIGUSR2, SIGUSR1])
    }
}

@Suite("A socket")
struct SocketTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("replaces what an earlier one left, and is open to its owner and group only")
    func listen() throws {
        let path = directory.file("s.sock")
        _ = try Socket.listen(at: path)
        let listener = try Socket.listen(at: path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK)
        #expect(status.st_mode & 0o777 == 0o660)
        #expect(listener.number > 2)
    }

    @Test("whose path is too long for the system is refused")
    func tooLong() {
        let error = #expect(throws: SystemError.self) {
            try Socket.listen(at: directory.file(String(repeating: "s", count: 108)))
        }
        #expect(error?.errno == ENAMETOOLONG)
    }
}

@Suite("This process")
struct ThisProcessTests {
    @Test("knows its environment, its executable and its processors")
    func facts() throws {
        #expect(ThisProcess.environment["PATH"] == getenv("PATH").map { String(cString: $0) })
        #expect(Files.isExecutable(try ThisProcess.executablePath()))
        #expect(ThisProcess.cores >= 1)
        #expect(ThisProcess.userID == geteuid())
        #expect(try ThisProcess.workingDirectory().hasPrefix("/"))
    }
}
