/// Where a watcher of a feed stands.
package struct EventPosition: Sendable, Hashable {
    /// How far it is, such as bytes of a log.
    package var offset: Int
    /// What it was told last; 0 is nothing yet.
    package var mark: Int

    package init(offset: Int = 0, mark: Int = 0) {
        self.offset = offset
        self.mark = mark
    }
}

/// What a watcher is sent next.
package struct EventPiece: Sendable {
    package let bytes: [UInt8]
    /// Where the watcher stands once it has them.
    package let position: EventPosition
    /// Whether more can be told at once.
    package let hasMore: Bool
    /// Whether the stream ends with it.
    package let isLast: Bool

    package init(_ bytes: [UInt8], position: EventPosition, hasMore: Bool = false, isLast: Bool = false) {
        self.bytes = bytes
        self.position = position
        self.hasMore = hasMore
        self.isLast = isLast
    }
}

/// Something that any number of watchers follow, each from a position of its own.
///
/// A feed keeps nothing of its watchers: equal positions are given equal pieces, which are made once. It is used by the
/// one thread of `EventStreams`, which all watchers wait for: nothing here may block.
package protocol EventFeed: AnyObject {
    /// A directory whose files tell of news; nil where `EventStreams.wake` does.
    var directory: String? { get }

    /// Looks for news: after some in the directory, and at least once a second.
    func refresh()

    /// What follows a position; nil where a watcher there knows all.
    ///
    /// - Returns: a piece of some tens of KiB at most.
    func next(after position: EventPosition) -> EventPiece?
}

/// An answer that goes on: a feed, and where in it to begin.
package struct EventSubscription: Sendable {
    /// Subscriptions with the same key share one feed.
    let key: String
    let position: EventPosition
    /// What is sent first.
    let greeting: [UInt8]
    /// What is sent while there is nothing to tell.
    let heartbeat: [UInt8]
    /// Whether the body is a gzip stream; the response's headers have to say so.
    package let isCompressed: Bool
    let makeFeed: @Sendable () -> any EventFeed

    package init(
        key: String, position: EventPosition, greeting: [UInt8] = [], heartbeat: [UInt8],
        isCompressed: Bool = false, makeFeed: @escaping @Sendable () -> any EventFeed
    ) {
        self.key = key
        self.position = position
        self.greeting = greeting
        self.heartbeat = heartbeat
        self.isCompressed = isCompressed
        self.makeFeed = makeFeed
    }
}
