internal import Builds
internal import Core
internal import FastCGI
internal import Posix

/// Streams of events, which a watcher may leave and go on with anywhere.
enum EventRoutes {
    static func routes(_ base: String, _ builds: BuildService, _ streams: EventStreams?) -> [Route] {
        [
            Route("GET", "\(base)/events", access: .readers) { request, _ in
                try open(request, streams)
                try begin(builds, streams)
                let position = try start(request, HistoryEvents.position)
                return response(
                    EventSubscription(
                        key: "", position: position ?? EventPosition(), greeting: ServerEvent.greeting,
                        heartbeat: ServerEvent.heartbeat, isCompressed: request.acceptsGzip
                    ) { HistoryEvents(builds.watch) { builds.glimpse($0.id) } })
            },
            Route("GET", "\(base)/{id}/events", access: .readers) { request, context in
                let id = try context.requiredID()
                try open(request, streams)
                guard let known = try builds.known(of: id) else { throw Problem.noBuild(id.text) }
                try begin(builds, streams)
                let hasLog = try hasLog(request)
                var position = try start(request, BuildEvents.position) ?? EventPosition()
                if let text = try request.field("offset"), position == EventPosition() {
                    guard text.utf8.count <= 18, let offset = Int(text), offset >= 0 else {
                        throw Problem.invalid("offset", "must be a number of bytes")
                    }
                    position.offset = offset
                }
                return response(
                    EventSubscription(
                        key: "\(id) \(hasLog)", position: position, greeting: ServerEvent.greeting,
                        heartbeat: ServerEvent.heartbeat, isCompressed: request.acceptsGzip
                    ) { BuildEvents(builds.watch(id, known), hasLog: hasLog) })
            },
        ]
    }

    private static func open(_ request: Request, _ streams: EventStreams?) throws(Problem) {
        guard streams?.hasRoom == true else {
            var problem = Problem(
                .temporarilyUnavailable, "no more event streams can be opened now",
                hint: "try again later, or raise the limit of open files of slipway serve")
            problem.retryAfter = 10
            throw problem
        }
    }

    /// The index is looked at here, where waiting for it holds up nobody else.
    private static func begin(_ builds: BuildService, _ streams: EventStreams?) throws {
        guard let streams else { return }
        try builds.watch.look()
        try builds.watch.follow(isWatched: { streams.count > 0 }, onNews: { streams.wake() })
    }

    /// Where a watcher who was here before goes on: the header that browsers send, or the same in the query.
    private static func start(_ request: Request, _ read: (String) -> EventPosition?) throws(Problem)
        -> EventPosition?
    {
        let field = try request.field("last_event_id")
        guard let id = request.lastEventID ?? field else { return nil }
        guard let position = read(id) else {
            throw Problem.invalid("Last-Event-ID", "is not the id of one of this stream's events")
        }
        return position
    }

    private static func hasLog(_ request: Request) throws(Problem) -> Bool {
        switch try request.field("log") {
        case nil, "true": true
        case "false": false
        default: throw .invalid("log", "must be true or false")
        }
    }

    private static func response(_ subscription: EventSubscription) -> GatewayResponse {
        GatewayResponse(
            status: 200,
            headers: [
                ("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                // To nginx: pass on each event at once.
                ("X-Accel-Buffering", "no"), ("Vary", "Accept-Encoding"),
            ] + (subscription.isCompressed ? [("Content-Encoding", "gzip")] : []),
            body: .events(subscription))
    }
}
