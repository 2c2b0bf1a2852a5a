package import Core
internal import Posix
internal import Synchronization

/// Whom a rule of the settings means: `alice`, `htpasswd:alice`, `@group`, or `*` for everybody who is known.
package enum Member: Sendable, Equatable {
    case user(UserName, store: StoreKind?)
    case group(String)
    case everybody

    /// - Returns: nil for a text that names nobody.
    package init?(_ text: String) {
        guard !text.isEmpty, !text.hasControlCharacters else { return nil }
        if text == "*" {
            self = .everybody
        } else if text.hasPrefix("@") {
            guard text.utf8.count > 1 else { return nil }
            self = .group(String(text.dropFirst()))
        } else {
            let parts = text.utf8.split(
                separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false
            ).map { String(decoding: Array($0), as: UTF8.self) }
            let store = parts.count == 2 ? StoreKind(rawValue: parts[0]) : nil
            guard parts.count == 1 || store != nil, let name = UserName(parts[parts.count - 1]) else {
                return nil
            }
            self = .user(name, store: store)
        }
    }
}

/// Who may do what, by the settings.
package struct Roles: Sendable {
    private let administrators: [Member]
    private let viewers: [Member]
    private let builders: [(member: Member, models: [NamePattern])]
    private let trustsMLflow: Bool
    private let groups: Groups

    /// - Parameters:
    ///   - administrators: may do everything.
    ///   - viewers: may read.
    ///   - builders: may read, and build models of these names.
    ///   - trustsMLflow: whether an administrator of MLflow's is one here.
    ///   - groups: who is in which group.
    package init(
        administrators: [Member], viewers: [Member] = [],
        builders: [(member: Member, models: [NamePattern])] = [],
        trustsMLflow: Bool = true, groups: Groups = Groups(htgroup: nil)
    ) {
        self.administrators = administrators
        self.viewers = viewers
        self.builders = builders
        self.trustsMLflow = trustsMLflow
        self.groups = groups
    }

    func role(of user: UserName, _ store: StoreKind, storeSaysAdministrator: Bool) -> Role {
        func isMeant(_ member: Member) -> Bool {
            switch member {
            case .everybody: true
            case .user(let name, let of): name == user && (of ?? store) == store
            case .group(let name): groups.names(of: user, store).contains { $0.utf8.elementsEqual(name.utf8) }
            }
        }
        if store == .mlflow, storeSaysAdministrator, trustsMLflow { return .administrator }
        if administrators.contains(where: isMeant) { return .administrator }
        let models = builders.filter { isMeant($0.member) }.flatMap(\.models)
        if !models.isEmpty { return .builder(models: models) }
        return viewers.contains(where: isMeant) ? .viewer : .none
    }
}

/// Who is in which group: the system's users in the system's groups, an htpasswd file's users in an htgroup file's.
///
/// A user of one store is never taken for another's of the same name.
package final class Groups: Sendable {
    private struct Known {
        let names: Set<String>
        let until: ContinuousClock.Instant
    }

    private let htgroup: HtgroupFile?
    /// The system's groups may lie far away.
    private let system = Mutex<[UserName: Known]>([:])
    private static let lifetime = Duration.seconds(60)

    package init(htgroup: String?) { self.htgroup = htgroup.map(HtgroupFile.init) }

    func names(of user: UserName, _ store: StoreKind) -> Set<String> {
        switch store {
        case .mlflow: return []
        case .htpasswd: return htgroup?.groups(of: user) ?? []
        case .pam:
            let now = ContinuousClock.now
            if let known = system.withLock({ $0[user] }), known.until > now { return known.names }
            let names = Set(SystemGroups.names(of: user.text))
            system.withLock { known in
                if known.count > 1024 { known = [:] }
                known[user] = Known(names: names, until: now + Self.lifetime)
            }
            return names
        }
    }
}
