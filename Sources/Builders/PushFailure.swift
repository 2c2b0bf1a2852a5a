internal import Core

/// Why a registry did not take an image.
struct PushFailure: Error {
    let problem: Problem
    /// Whether it may work a moment later.
    let isPassing: Bool

    init(_ problem: Problem, isPassing: Bool = false) {
        self.problem = problem
        self.isPassing = isPassing
    }

    /// A kind of failure, by what registries and clients say of it.
    private struct Kind: Sendable {
        let signs: [String]
        let message: @Sendable (Case) -> String
        let hint: @Sendable (Case) -> String
        var isPassing = false
    }

    /// The push that failed.
    private struct Case {
        let registry: String
        let path: String
        let engine: Engine.Kind
        /// Whether there was a login to show; nil where only the engine knows.
        let hasLogin: Bool?

        var login: String {
            "podman login --authfile FILE \(registry), and images.registry_auth_file: FILE in the settings"
        }
    }

    /// Takes the client's words for what they are.
    ///
    /// - Parameters:
    ///   - lines: the last that it wrote.
    ///   - target: the name that was to be pushed.
    ///   - engine: whose words they are.
    ///   - hasLogin: whether there was a login to show; nil where only the engine knows.
    init(_ lines: [String], _ target: ImageReference, _ engine: Engine.Kind, hasLogin: Bool?) {
        let said = lines.filter { !$0.allSatisfy(\.isWhitespace) }
        // The name is its giver's, and may hold any word.
        let text = "\n" + said.suffix(2).joined(separator: "\n").replacing(target.path, with: "").lowercased()
        let push = Case(
            registry: target.registry ?? "docker.io", path: target.path, engine: engine, hasLogin: hasLogin)
        let kind = Self.kinds.first { $0.signs.contains(where: text.contains) }
        let message =
            kind?.message(push) ?? "\(engine.rawValue) could not push to the registry \(push.registry)"
        problem = Problem(
            .pushFailed, "\(message): \(Self.shortened(said.last ?? "it said nothing"))",
            hint: kind?.hint(push) ?? "the build's log has the whole story")
        isPassing = kind?.isPassing == true
    }

    /// podman names the layer that it was at.
    private static func shortened(_ line: String) -> String {
        line.replacing(/^Error: .* at destination:[ ]/, with: "")
            .replacing(/^checking whether a blob \S+ exists in \S+:[ ]/, with: "").printable(limit: 400)
    }

    /// The first that fits counts.
    private static let kinds = [
        Kind(
            signs: ["cannot connect to the docker daemon", "error during connect"],
            message: { "\($0.engine.rawValue) does not answer" }, hint: { _ in "run: slipway doctor" }),
        Kind(
            signs: ["tls handshake timeout"], message: silence, hint: reachability, isPassing: true),
        Kind(
            signs: ["x509:", "certificate", "server gave http response to https", "tls: "],
            message: { "there is no trusted connection to the registry \($0.registry)" }, hint: trust),
        Kind(
            signs: ["no basic auth credentials"],
            message: { "the registry \($0.registry) wants a login" }, hint: { "log in for it: \($0.login)" }),
        Kind(
            signs: [
                "unauthorized", "authentication required", "incorrect username or password",
                "invalid username/password", "status 401", "401 (",
            ],
            message: {
                "the registry \($0.registry) "
                    + ($0.hasLogin == false ? "wants a login" : "refused the login")
            },
            hint: {
                $0.hasLogin == false
                    ? "log in for it: \($0.login)"
                    : "look whether user and password are right; a login is made by: \($0.login)"
            }),
        Kind(
            signs: [
                "denied: ", "\ndenied", ": denied", "is denied", "access denied", "forbidden", "status 403",
                "403 (",
            ],
            message: { "the registry \($0.registry) does not let this login write to \($0.path)" },
            hint: {
                $0.hasLogin == false
                    ? "log in for it: \($0.login)"
                    : "give it the right to write there, and to create the repository where it is new"
            }),
        Kind(
            signs: [
                "name unknown", "name not known", "name_unknown", "404 not found", "status 404", "404 (",
                "repository not found",
            ],
            message: { "the registry \($0.registry) has no repository \($0.path)" },
            hint: { _ in "create it there, or push to another (image_name, images.push_registry)" }),
        Kind(
            signs: ["entity too large", "status 413", "413 ("],
            message: { "what stands in front of the registry \($0.registry) takes no layer of this size" },
            hint: { _ in "raise its limit for the size of requests" }),
        Kind(
            signs: [
                "connection refused", "no such host", "timeout", "no route to host", "network is unreachable",
                "connection reset", "broken pipe", "unexpected eof", ": eof", "deadline exceeded",
                "server misbehaving", "temporary failure", "closed network connection",
            ],
            message: silence, hint: reachability, isPassing: true),
        Kind(
            signs: [
                "internal server error", "service unavailable", "bad gateway", "gateway time", "status: 5",
                "status 5", "toomanyrequests", "too many requests",
            ],
            message: { "the registry \($0.registry) failed" },
            hint: { _ in "look into the registry's own log" }, isPassing: true),
    ]

    @Sendable private static func silence(_ push: Case) -> String {
        "the registry \(push.registry) does not answer"
    }

    @Sendable private static func reachability(_ push: Case) -> String {
        "look whether it runs, and whether this machine reaches it"
    }

    @Sendable private static func trust(_ push: Case) -> String {
        push.engine == .docker
            ? "give docker the registry's certificate authority (/etc/docker/certs.d/\(push.registry)/ca.crt), or, where "
                + "it has none, name it under insecure-registries in the docker daemon's daemon.json"
            : "put the registry's certificate authority into /etc/containers/certs.d/\(push.registry)/ca.crt, or, where "
                + "it has none, name it in images.insecure_registries"
    }
}
