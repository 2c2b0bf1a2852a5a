internal import Core
internal import Posix
internal import Synchronization

/// A file of `group: user user` lines as Apache reads it, read again when it changes
/// (https://httpd.apache.org/docs/2.4/mod/mod_authz_groupfile.html).
final class HtgroupFile: Sendable {
    private struct Content {
        var stamp: Files.Status?
        var groups: [String: Set<String>] = [:]
        var loaded = false
    }

    private let path: String
    private let content = Mutex(Content())
    private let log = Log("accounts")

    init(path: String) { self.path = path }

    /// The groups that a user is in.
    func groups(of user: String) -> Set<String> {
        content.withLock { content in
            refresh(&content)
            return content.groups[user] ?? []
        }
    }

    private func refresh(_ content: inout Content) {
        do {
            let stamp = try Files.status(Files.canonical(path))
            if content.loaded && stamp == content.stamp { return }
            let text = String(decoding: try Files.read(path, limit: 4 << 20), as: UTF8.self)
            content = Content(stamp: stamp, groups: Self.parse(text), loaded: true)
        } catch {
            if content.loaded && content.stamp == nil { return }
            content.loaded = true
            content.stamp = nil
            log.error("the htgroup file cannot be read; the last good content stays", ["cause": error])
        }
    }

    /// - Returns: each user's groups.
    static func parse(_ text: String) -> [String: Set<String>] {
        var groups: [String: Set<String>] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let group = String(parts[0].filter { !$0.isWhitespace })
            for user in parts[1].split(whereSeparator: \.isWhitespace) {
                groups[String(user), default: []].insert(group)
            }
        }
        return groups
    }
}
