internal import Core

/// A file of `group: user user` lines as Apache reads it, read again when it changes
/// (https://httpd.apache.org/docs/2.4/mod/mod_authz_groupfile.html).
final class HtgroupFile: Sendable {
    private let file: WatchedFile<[UserName: Set<String>]>

    init(path: String) { file = WatchedFile(path: path, parse: Self.parse) }

    /// The groups that a user is in; none where the file could never be read.
    func groups(of user: UserName) -> Set<String> { file.current?[user] ?? [] }

    /// Reads the lines of an htgroup file.
    ///
    /// - Returns: each user's groups, and `line: what is wrong` for what is no line of the kind.
    @Sendable static func parse(_ bytes: [UInt8]) -> ([UserName: Set<String>], complaints: [String]) {
        var groups: [UserName: Set<String>] = [:]
        let complaints = FileLines.read(bytes) { line in
            let names = line.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1).map { part in
                part.split { $0 <= 0x20 }.map { String(decoding: Array($0), as: UTF8.self) }
            }
            guard names.count == 2, names[0].count == 1 else { return "is no group: user user line" }
            for user in names[1].compactMap({ UserName($0) }) {
                groups[user, default: []].insert(names[0][0])
            }
            return nil
        }
        return (groups, complaints)
    }
}
