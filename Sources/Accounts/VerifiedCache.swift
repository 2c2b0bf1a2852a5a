internal import Core
internal import Crypto
internal import Synchronization

/// Passwords that were found right a short while ago, so that a script's every request does not cost a hash.
///
/// Nothing of a password is kept but its mark under a key of this process. Refusals are not remembered.
final class VerifiedCache: Sendable {
    private struct Entry {
        let user: VerifiedUser
        let storeMark: String
        let until: ContinuousClock.Instant
    }

    /// What an entry is found by: no store answers for another, no user for another.
    typealias Key = [UInt8]

    static let lifetime = Duration.seconds(60)
    private static let limit = 4096

    private let processKey = ProcessKey()
    private let entries = Mutex<[Key: Entry]>([:])

    /// What an answer is found by; the caller's address belongs to it where the store's answer may depend on it.
    func key(_ store: StoreKind, _ credentials: Credentials, from address: String) -> Key {
        let place = store == .pam ? address : ""
        return processKey.mark(
            "\(store.rawValue)\0\(place)\0\(credentials.user)\0\(credentials.password.revealed)".utf8)
    }

    /// What was added, unless it is old, or the store says of the user something else now.
    func find(_ key: Key, storeMark: String?) -> VerifiedUser? {
        entries.withLock { entries in
            guard let entry = entries[key], entry.until > .now, entry.storeMark == storeMark else {
                return nil
            }
            return entry.user
        }
    }

    func add(_ key: Key, _ user: VerifiedUser, storeMark: String) {
        entries.withLock { entries in
            if entries.count >= Self.limit {
                let now = ContinuousClock.now
                entries = entries.filter { $0.value.until > now }
                if entries.count >= Self.limit { entries = [:] }
            }
            entries[key] = Entry(user: user, storeMark: storeMark, until: .now + Self.lifetime)
        }
    }
}
