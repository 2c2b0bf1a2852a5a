package import Core

/// Who calls, once it is known.
package struct Caller: Sendable, Equatable {
    /// How a request shows who sends it.
    package enum Method: String, Sendable { case basic, session }

    package let user: String
    /// The store that knows the user; two stores' users of one name are two users.
    package let store: StoreKind
    package let method: Method
    package let role: Role
    /// What a proxied MLflow is to be sent as `Authorization`: only for users that are MLflow's own.
    package let mlflowAuthorization: Secret?

    package var isAdministrator: Bool { role == .administrator }
    /// Whether there is a model that the caller may build.
    package var isBuilder: Bool {
        switch role {
        case .none, .viewer: false
        case .builder, .administrator: true
        }
    }

    package init(
        user: String, store: StoreKind, method: Method, role: Role, mlflowAuthorization: Secret? = nil
    ) {
        self.user = user
        self.store = store
        self.method = method
        self.role = role
        self.mlflowAuthorization = mlflowAuthorization
    }
}

/// Where users and their passwords are kept.
package enum StoreKind: String, Sendable, CaseIterable { case htpasswd, pam, mlflow }

/// What a caller may do.
package enum Role: Sendable, Equatable {
    /// Is known, and may do nothing here.
    case none
    /// May read builds and their logs.
    case viewer
    /// May also build models whose names match one of the patterns.
    case builder(models: [NamePattern])
    case administrator

    /// For people and programs.
    package var name: String {
        switch self {
        case .none: "none"
        case .viewer: "viewer"
        case .builder: "builder"
        case .administrator: "administrator"
        }
    }

    package var mayRead: Bool { self != .none }

    /// Patterns of the names of all models that may be built.
    package var buildableModels: [String] {
        switch self {
        case .none, .viewer: []
        case .builder(let models): models.map(\.text)
        case .administrator: ["*"]
        }
    }

    package func mayBuild(_ model: ModelName) -> Bool {
        switch self {
        case .none, .viewer: false
        case .builder(let models): models.contains { $0.matches(model.text) }
        case .administrator: true
        }
    }
}

/// A name in which `*` stands for any text.
package struct NamePattern: Sendable, Equatable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package func matches(_ name: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(
            Array.init)
        var rest = Array(name.utf8)[...]
        guard parts.count > 1 else { return Array(rest) == parts[0] }
        guard rest.starts(with: parts[0]) else { return false }
        rest = rest.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        let last = parts[parts.count - 1]
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }
}
