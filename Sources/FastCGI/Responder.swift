internal import CFastCGI
internal import Core
internal import Glibc
package import Posix
internal import Synchronization

/// Answers FastCGI requests from a listening socket, several at a time, until told to stop.
///
/// Each thread waits by epoll on the listener and on a stop signal, and only then accepts: a thread that blocks in
/// `FCGX_Accept_r` cannot be woken. Connections are not kept, since an idle one would pin its thread.
package struct Responder: Sendable {
    private let listener: Descriptor
    private let threads: Int
    private let bodyLimit: Int
    private let streams: EventStreams?
    private let answer: @Sendable (GatewayRequest) -> GatewayResponse

    /// Prepares a responder; `run` starts it.
    ///
    /// - Parameters:
    ///   - listener: a listening socket; it may be shared with other processes.
    ///   - threads: how many requests are answered at a time.
    ///   - bodyLimit: the longest request body that is read, in bytes.
    ///   - streams: who goes on with answers that are events; without it they end at once.
    ///   - answer: called on several threads at once.
    package init(
        listener: Descriptor, threads: Int, bodyLimit: Int, streams: EventStreams? = nil,
        answer: @escaping @Sendable (GatewayRequest) -> GatewayResponse
    ) {
        self.listener = listener
        self.threads = threads
        self.bodyLimit = bodyLimit
        self.streams = streams
        self.answer = answer
    }

    /// Serves until SIGTERM, SIGINT or SIGUSR1, then finishes the requests in hand and returns.
    ///
    /// Call it once, from the main thread, before any other thread exists: it sets the process's signal mask.
    package func run() throws(SystemError) {
        // Blocked before FCGX_Init, which installs handlers of its own; sigwait below receives them instead.
        let signals = Signals([SIGTERM, SIGINT, SIGUSR1])
        signals.block()
        FCGX_Init()
        Signals.ignore(SIGPIPE)
        try listener.stopBlocking()
        let stop = try Occasion()
        // The last request in hand may be for a stream: these end after it.
        let allServed = try Occasion()
        let serving = Atomic(threads)
        Threads.concurrently(threads + 2) { index in
            do {
                switch index {
                case 0:
                    _ = signals.wait()
                    stop.happen()
                case 1: try streams?.run(until: allServed)
                default:
                    defer {
                        if serving.subtract(1, ordering: .relaxed).newValue == 0 { allServed.happen() }
                    }
                    try serve(until: stop)
                }
            } catch {
                Log("fastcgi").error("a thread cannot wait for requests", ["cause": error])
            }
        }
    }

    private func serve(until stop: Occasion) throws(SystemError) {
        let poller = try Poller()
        try poller.watch(listener, exclusive: true)
        try poller.watch(stop.descriptor)
        var request = FCGX_Request()
        FCGX_InitRequest(&request, listener.number, FCGI_FAIL_ACCEPT_ON_INTR)
        defer { FCGX_Free(&request, 1) }
        while true {
            let ready = try poller.wait()
            if ready == stop.descriptor.number { return }
            // Another thread or process may have been faster: then there is nothing to accept.
            guard ready == listener.number, FCGX_Accept_r(&request) == 0 else { continue }
            let response = answer(read(request))
            if case .events(let subscription) = response.body, let streams {
                handOver(&request, response, subscription, streams)
                continue
            }
            send(response, to: request.out)
            // Even where the web server asks to keep it (fastcgi_keep_conn).
            request.keepConnection = 0
            FCGX_Finish_r(&request)
        }
    }

    private func read(_ request: FCGX_Request) -> GatewayRequest {
        var parameters: [String: String] = [:]
        var next = request.envp
        while let entry = next?.pointee {
            // By bytes: to Swift a mark upon a character is part of it, and no equals sign.
            let pair = UnsafeBufferPointer(start: entry, count: strlen(entry)).map { UInt8(bitPattern: $0) }
            if let equals = pair.firstIndex(of: UInt8(ascii: "=")) {
                let name = String(decoding: pair[..<equals], as: UTF8.self)
                let value = String(decoding: pair[(equals + 1)...], as: UTF8.self)
                // A header in two lines is one with both (RFC 9110, section 5.3), cookies in their own way.
                let separator = name == "HTTP_COOKIE" ? "; " : ", "
                parameters[name] = parameters[name].map { $0 + separator + value } ?? value
            }
            next = next?.advanced(by: 1)
        }
        return GatewayRequest(
            parameters: parameters, body: readBody(request.in, parameters["CONTENT_LENGTH"]))
    }

    private func readBody(_ stream: UnsafeMutablePointer<FCGX_Stream>?, _ announced: String?) -> [UInt8]? {
        let length = announced.flatMap { Int($0) } ?? 0
        guard length > 0 else { return [] }
        guard length <= bodyLimit else { return nil }
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
            buffer.withMemoryRebound(to: CChar.self) { text in
                filled = Int(max(0, FCGX_GetStr(text.baseAddress, Int32(length), stream)))
            }
        }
    }

    /// Takes the connection out of the library's request, whose buffers are given back, and leaves it to `streams`.
    private func handOver(
        _ request: inout FCGX_Request, _ response: GatewayResponse, _ subscription: EventSubscription,
        _ streams: EventStreams
    ) {
        let connection = Descriptor(adopting: request.ipcFd)
        let requestID = UInt16(truncatingIfNeeded: request.requestId)
        request.ipcFd = -1
        FCGX_Free(&request, 0)
        streams.take(
            .init(
                connection: connection, requestID: requestID, head: Self.head(response),
                subscription: subscription))
    }

    private static func head(_ response: GatewayResponse) -> [UInt8] {
        var head = "Status: \(response.status)\r\n"
        for (name, value) in response.headers {
            head += "\(name): "
            head.unicodeScalars.append(
                contentsOf: value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
            head += "\r\n"
        }
        return Array((head + "\r\n").utf8)
    }

    private func send(_ response: GatewayResponse, to stream: UnsafeMutablePointer<FCGX_Stream>?) {
        guard put(Self.head(response), stream) else { return }
        switch response.body {
        case .events: break
        case .bytes(let bytes): _ = put(bytes, stream)
        case .file(let file, var offset, let length):
            let end = offset + length
            while offset < end {
                guard let chunk = try? file.read(at: offset, limit: min(end - offset, 1 << 16)),
                    !chunk.isEmpty,
                    put(chunk, stream)
                else { return }
                offset += chunk.count
            }
        }
    }

    /// - Returns: whether the web server still listens.
    private func put(_ bytes: [UInt8], _ stream: UnsafeMutablePointer<FCGX_Stream>?) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                FCGX_PutStr(text.baseAddress, Int32(text.count), stream) == Int32(text.count)
            }
        }
    }
}
