package import Core
internal import Posix

/// All that a site can set, checked; `slipway.yaml` and `SLIPWAY_SECTION_KEY` variables say it, defaults stand here.
package struct Settings: Sendable, Equatable {
    package var server: Server
    package var auth: Auth
    package var registry: Registry
    package var builds: Builds
    package var images: Images
    package var python: Python
    package var conda: Conda
    package var network: Network

    /// The pool of responders and where everything is kept.
    package struct Server: Sendable, Equatable {
        /// Directory of the database and of every build.
        package var state: String
        /// The socket that nginx connects to.
        package var socket: String
        /// Processes.
        package var responders: Int
        /// Requests that one responder answers at a time.
        package var threads: Int
    }

    /// Who may call.
    package struct Auth: Sendable, Equatable {
        package enum Store: String, Sendable, CaseIterable { case htpasswd, pam, mlflow }

        /// Asked in this order.
        package var stores: [Store]
        /// A file of `user:hash` lines.
        package var htpasswd: String
        /// A file of `group: user user` lines, for the users of `htpasswd`.
        package var htgroup: String?
        /// The socket of slipway-authd.
        package var authdSocket: String
        /// The MLflow server that knows users, if it is not the registry.
        package var mlflowURI: String?
        /// Whether MLflow's administrators are administrators here.
        package var mlflowAdministrators: Bool
        /// Users, `STORE:user`, `@group`, or `*` for all, as below.
        package var administrators: [String]
        package var viewers: [String]
        /// Patterns of model names, with spaces between them, by who may build those.
        package var builders: [String: String]
        package var sessionIdleMinutes: Int
        package var sessionHours: Int
        /// The address that browsers see.
        package var publicURL: String?
        /// Proxies in front of the web server: addresses, or ranges such as `10.0.0.0/8`.
        package var trustedProxies: [String]
    }

    /// Where models are registered.
    package struct Registry: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            /// The address of an MLflow server, http or https.
            case server(String)
            /// The root of an MLflow file store (`mlruns`).
            case fileStore(String)
        }
        package var uri: Kind
        package var username: String?
        package var password: Secret?
        package var token: Secret?
        /// Certificates to trust instead of the system's, in PEM.
        package var caBundle: String?
        /// Directories from which `file:` sources may come, beside the file store itself.
        package var allowedRoots: [String]
    }

    package struct Builds: Sendable, Equatable {
        /// Builds that run at a time on this machine.
        package var maxParallel: Int
        /// How long the engine may work on one build.
        package var timeoutSeconds: Int
        /// How long it may print nothing.
        package var idleTimeoutSeconds: Int
        /// Builds that may wait at a time.
        package var maxQueued: Int
        /// With fewer megabytes left on the state directory's disk no build is accepted or begun.
        package var minFree: Int
        /// After so many days an ended build is removed; nil keeps all.
        package var keepDays: Int?
        /// How many ended builds are kept at most; nil keeps all.
        package var keepCount: Int?
        /// Whether a finished image is tried before its build succeeds.
        package var smokeTest: Bool
        /// How long that may take, the model's loading included.
        package var smokeTestSeconds: Int
    }

    package struct Images: Sendable, Equatable {
        /// `auto`, `docker`, `podman`, `buildah`, or a path of one of these.
        package var engine: String
        /// Goes before the name that is made from a model's.
        package var prefix: String
        /// Base image for a Python minor version, such as `3.11`; others get the tables'.
        package var baseImages: [String: ImageReference]
        /// Patterns of base images that may be used beside those; empty allows all.
        package var allowedBaseImages: [String]
        /// Whether base images must be named by digest.
        package var requireDigest: Bool
        /// A file of tables instead of the built-in ones.
        package var tables: String?
        /// The buildx builder that builds, instead of docker's own.
        package var builder: String?
        /// Where `debian`, `debian-security` and `ubuntu` lie, for builds.
        package var aptMirror: String?
        /// Whether finished images go to a registry where a request does not say.
        package var push: Bool
        /// Where images go whose names hold no registry, such as `registry.example.com/models`.
        package var pushRegistry: String?
        /// Logins of registries, in the format of docker's config.json and containers' auth.json.
        package var registryAuthFile: String?
        /// Registries that are reached without certificates that this machine trusts, as `HOST` or `HOST:PORT`.
        package var insecureRegistries: [String]
    }

    package struct Python: Sendable, Equatable {
        /// Package index for pip and uv instead of their default: an address, or a name from the tables.
        package var indexURL: String?
        /// Indexes to look into beside that one.
        package var extraIndexURLs: [String]
        /// Hosts of indexes whose certificates are not looked at, with port where it is not the usual one.
        package var trustedHosts: [String]
        /// Credentials of indexes in netrc(5)'s format; builds can read it, images never hold it.
        package var netrc: String?
        /// Where torch's wheels for one CUDA or none lie; `none` takes what the index has.
        package var torchWheelsURL: String?
        /// Where uv fetches Pythons that a base image lacks.
        package var downloadsMirror: String?
        /// Certificates that builds trust when they fetch packages, in PEM; never part of the image.
        package var caBundle: String?
    }

    package struct Conda: Sendable, Equatable {
        package enum Micromamba: Sendable, Equatable {
            /// An image that has `/bin/micromamba`.
            case image(ImageReference)
            /// The program's own path on this machine.
            case program(String)
        }
        /// nil is the tables' image.
        package var micromamba: Micromamba?
        /// Names or addresses by which channels are replaced, such as `defaults` by `conda-forge`.
        package var channels: [String: String]
        /// Where channels without an address lie.
        package var channelAlias: String?
    }

    /// The way out of this network, for builds and for Slipway itself.
    package struct Network: Sendable, Equatable {
        /// With user and password where the proxy wants them, hence secret.
        package var httpProxy: Secret?
        package var httpsProxy: Secret?
        /// Hosts and domains that are reached directly, with commas between them.
        package var noProxy: String?
    }

    /// Everything that is wrong, one line each with file and line, in the file's order.
    package struct Invalid: Error, Sendable, Equatable, CustomStringConvertible {
        package let problems: [String]
        package var description: String { problems.joined(separator: "\n") }
    }
}

extension Settings {
    /// Reads settings from a file's content and the environment; the environment wins.
    ///
    /// - Parameters:
    ///   - file: the content of `slipway.yaml` and the name to call it in messages; nil where there is no file.
    ///   - environment: only names that begin with `SLIPWAY_` count.
    ///   - cores: processors of this machine, for defaults.
    ///   - readSecret: reads a `*_file` setting's file; an error becomes a problem of that setting.
    /// - Throws: `Invalid` with everything that is wrong.
    package init(
        file: (name: String, content: [UInt8])?, environment: [String: String], cores: Int,
        readSecret: (String) throws -> String
    ) throws(Invalid) {
        var reader = SettingsReader(file: file, environment: environment)
        let state = reader.path("server", "state") ?? "/var/lib/slipway"
        server = Server(
            state: state,
            socket: reader.path("server", "socket") ?? "\(state)/responder.sock",
            responders: reader.integer("server", "responders", 1...256) ?? max(2, min(cores, 8)),
            threads: reader.integer("server", "threads", 1...256) ?? 8)
        auth = Auth(
            stores: reader.list("auth", "stores").map { $0.compactMap(Auth.Store.init) } ?? [.htpasswd],
            htpasswd: reader.path("auth", "htpasswd") ?? "/etc/slipway/htpasswd",
            htgroup: reader.path("auth", "htgroup"),
            authdSocket: reader.path("auth", "authd_socket") ?? "/run/slipway-authd/socket",
            mlflowURI: reader.value("auth", "mlflow_uri", Self.address),
            mlflowAdministrators: reader.value("auth", "mlflow_administrators", Self.truth) ?? true,
            administrators: reader.list("auth", "administrators") ?? [],
            viewers: reader.list("auth", "viewers") ?? [],
            builders: reader.map("auth", "builders", Self.modelPatterns) ?? [:],
            sessionIdleMinutes: reader.integer("auth", "session_idle_minutes", 1...43_200) ?? 720,
            sessionHours: reader.integer("auth", "session_hours", 1...8760) ?? 168,
            publicURL: reader.value("auth", "public_url", Self.address).map(\.withoutClosingSlashes),
            trustedProxies: reader.list("auth", "trusted_proxies") ?? [])
        registry = Registry(
            uri: reader.value("registry", "uri", Self.registryKind) ?? .fileStore("\(state)/mlruns"),
            username: reader.text("registry", "username"),
            password: reader.secret("registry", "password", readSecret),
            token: reader.secret("registry", "token", readSecret),
            caBundle: reader.path("registry", "ca_bundle"),
            allowedRoots: reader.list("registry", "allowed_roots") ?? [])
        builds = Builds(
            maxParallel: reader.integer("builds", "max_parallel", 1...256) ?? max(1, cores / 2),
            timeoutSeconds: reader.integer("builds", "timeout_seconds", 1...604_800) ?? 3600,
            idleTimeoutSeconds: reader.integer("builds", "idle_timeout_seconds", 1...604_800) ?? 1800,
            maxQueued: reader.integer("builds", "max_queued", 1...100_000) ?? 1000,
            minFree: reader.integer("builds", "min_free_mb", 0...10_000_000) ?? 1024,
            keepDays: reader.integer("builds", "keep_days", 1...36_500),
            keepCount: reader.integer("builds", "keep_count", 0...10_000_000),
            smokeTest: reader.value("builds", "smoke_test", Self.truth) ?? true,
            smokeTestSeconds: reader.integer("builds", "smoke_test_seconds", 1...86_400) ?? 300)
        images = Images(
            engine: reader.value("images", "engine", Self.engine) ?? "auto",
            prefix: reader.value("images", "prefix", Self.imagePrefix) ?? "slipway",
            baseImages: reader.map("images", "base_images", Self.baseImage) ?? [:],
            allowedBaseImages: reader.list("images", "allowed_base_images") ?? [],
            requireDigest: reader.value("images", "require_digest", Self.truth) ?? false,
            tables: reader.path("images", "tables"),
            builder: reader.value("images", "builder", Self.builder),
            aptMirror: reader.value("images", "apt_mirror", Self.mirror),
            push: reader.value("images", "push", Self.truth) ?? false,
            pushRegistry: reader.value("images", "push_registry", Self.pushRegistry),
            registryAuthFile: reader.path("images", "registry_auth_file"),
            insecureRegistries: reader.list("images", "insecure_registries") ?? [])
        python = Python(
            indexURL: reader.value("python", "index_url", Self.index),
            extraIndexURLs: reader.list("python", "extra_index_urls") ?? [],
            trustedHosts: reader.list("python", "trusted_hosts") ?? [],
            netrc: reader.path("python", "netrc"),
            torchWheelsURL: reader.value("python", "torch_wheels_url") { text throws(SettingRule) in
                text == "none" ? text : try Self.address(text)
            },
            downloadsMirror: reader.value("python", "downloads_mirror", Self.address),
            caBundle: reader.path("python", "ca_bundle"))
        conda = Conda(
            micromamba: reader.value("conda", "micromamba", Self.micromamba),
            channels: reader.map("conda", "channels", Self.channel) ?? [:],
            channelAlias: reader.value("conda", "channel_alias", Self.address))
        network = Network(
            httpProxy: reader.secretOrText("network", "http_proxy", readSecret, Self.proxy),
            httpsProxy: reader.secretOrText("network", "https_proxy", readSecret, Self.proxy),
            noProxy: reader.value("network", "no_proxy", Self.noProxy))
        checkAuth(&reader)
        for address in python.extraIndexURLs {
            guard let broken = WebAddress.brokenRule(address) else { continue }
            reader.refuse(true, "python", "extra_index_urls", broken.rule)
        }
        for host in python.trustedHosts where host.wholeMatch(of: /[A-Za-z0-9.-]+(:[0-9]{1,5})?/) == nil {
            reader.refuse(
                true, "python", "trusted_hosts", "\"\(host.printable())\" must be a host, or host:port")
        }
        for pattern in images.allowedBaseImages
        where pattern.wholeMatch(of: /[A-Za-z0-9.\/:@_*-]+/) == nil {
            reader.refuse(
                true, "images", "allowed_base_images",
                "\"\(pattern.printable())\" must be an image's name, with * for any text")
        }
        for host in images.insecureRegistries where !Self.isRegistryHost(host) {
            reader.refuse(
                true, "images", "insecure_registries",
                "\"\(host.printable())\" must be a registry's host, or host:port")
        }
        reader.refuse(
            registry.username != nil && registry.password == nil, "registry", "username",
            "needs registry.password_file beside it")
        reader.refuse(
            registry.username != nil && registry.token != nil, "registry", "token_file",
            "cannot stand beside registry.username: choose one way to log in")
        reader.refuse(
            registry.username == nil && registry.password != nil, "registry", "password_file",
            "needs registry.username beside it")
        for root in registry.allowedRoots where !root.hasPrefix("/") {
            reader.refuse(
                true, "registry", "allowed_roots", "\"\(root.printable())\" must be an absolute path")
        }
        try reader.finish()
    }

    private func checkAuth(_ reader: inout SettingsReader) {
        let stores = reader.list("auth", "stores")
        for name in stores ?? [] where Auth.Store(rawValue: name) == nil {
            reader.refuse(true, "auth", "stores", "\"\(name.printable())\" must be htpasswd, pam or mlflow")
        }
        reader.refuse(stores?.isEmpty == true, "auth", "stores", "must name htpasswd, pam or mlflow")
        reader.refuse(Set(auth.stores).count < auth.stores.count, "auth", "stores", "names a store twice")
        var hasServer = auth.mlflowURI != nil
        if case .server = registry.uri { hasServer = true }
        reader.refuse(
            auth.stores.contains(.mlflow) && !hasServer, "auth", "stores",
            "mlflow needs auth.mlflow_uri where registry.uri is no server")
        let rules = [
            ("administrators", auth.administrators), ("viewers", auth.viewers),
            ("builders", Array(auth.builders.keys).sorted()),
        ]
        for (key, members) in rules {
            for member in members where !Self.isMember(member) {
                reader.refuse(
                    true, "auth", key,
                    "\"\(member.printable())\" must be a user, STORE:user, @group, or * for everybody")
            }
        }
        reader.refuse(auth.administrators.contains("*"), "auth", "administrators", "must not be everybody")
        for proxy in auth.trustedProxies where NetworkRange(proxy) == nil {
            reader.refuse(
                true, "auth", "trusted_proxies",
                "\"\(proxy.printable())\" must be an address, or a range such as 10.0.0.0/8")
        }
    }

    private static func isMember(_ text: String) -> Bool {
        guard !text.isEmpty, !text.hasControlCharacters, text != "@" else { return false }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 1 || (Auth.Store(rawValue: String(parts[0])) != nil && !parts[1].isEmpty)
    }

    private static func modelPatterns(_ member: String, _ text: String) throws(SettingRule) -> String {
        guard !text.isEmpty, !text.hasControlCharacters else {
            throw SettingRule(
                "\"\(member.printable())\" must be followed by names of models, with * for any text and spaces between"
            )
        }
        return text
    }

    private static func registryKind(_ text: String) throws(SettingRule) -> Registry.Kind {
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return .server(text) }
        let path = text.hasPrefix("file://") ? String(text.dropFirst(7)) : text
        guard path.hasPrefix("/") else {
            throw SettingRule("must be http://…, https://… or the absolute path of an MLflow file store")
        }
        return .fileStore(path)
    }

    private static func imagePrefix(_ text: String) throws(SettingRule) -> String {
        guard let reference = try? ImageReference("\(text)/name", field: "prefix"), reference.tag == nil
        else {
            throw SettingRule("must be the beginning of an image's name, such as registry.example.com/models")
        }
        return text
    }

    private static func pushRegistry(_ text: String) throws(SettingRule) -> String {
        guard let reference = try? ImageReference("\(text)/name", field: "push_registry"),
            reference.registry != nil, reference.tag == nil
        else {
            throw SettingRule(
                "must be a registry's host, with a path after it or not, such as registry.example.com/models")
        }
        return text
    }

    private static func isRegistryHost(_ text: String) -> Bool {
        // Only what is no path of an image can be told apart from one.
        (try? ImageReference("\(text)/name", field: "insecure_registries"))?.registry == text
    }

    private static func baseImage(_ minor: String, _ text: String) throws(SettingRule) -> ImageReference {
        let parts = minor.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ part in UInt(part).map { String($0) == part } == true })
        else {
            throw SettingRule(
                "\"\(minor.printable())\" must be a Python minor version, such as 3.11")
        }
        do {
            return try ImageReference(text, field: "base_images")
        } catch {
            throw SettingRule(error.message)
        }
    }

    private static func address(_ text: String) throws(SettingRule) -> String {
        if let broken = WebAddress.brokenRule(text) { throw SettingRule(broken.rule) }
        return text
    }

    /// An address, or a name that the tables may have.
    private static func index(_ text: String) throws(SettingRule) -> String {
        text.wholeMatch(of: /[a-z0-9-]{1,40}/) == nil ? try address(text) : text
    }

    /// An address that a program for editing text can take as it is.
    private static func mirror(_ text: String) throws(SettingRule) -> String {
        let address = try address(text)
        guard !address.contains(where: { "#&?|".contains($0) }) else {
            throw SettingRule("must be the address of a directory, such as https://mirror.example.com")
        }
        return address.hasSuffix("/") ? String(address.dropLast()) : address
    }

    private static func truth(_ text: String) throws(SettingRule) -> Bool {
        guard let truth = ["true": true, "false": false][text] else {
            throw SettingRule("must be true or false")
        }
        return truth
    }

    private static func builder(_ text: String) throws(SettingRule) -> String {
        guard text.wholeMatch(of: /[A-Za-z][A-Za-z0-9._-]{0,99}/) != nil else {
            throw SettingRule("must be a builder's name, as docker buildx ls shows it")
        }
        return text
    }

    private static func micromamba(_ text: String) throws(SettingRule) -> Conda.Micromamba {
        if text.hasPrefix("/") { return .program(text) }
        do {
            return .image(try ImageReference(text, field: "micromamba"))
        } catch {
            throw SettingRule(error.message)
        }
    }

    private static func channel(_ name: String, _ replacement: String) throws(SettingRule) -> String {
        guard !replacement.isEmpty, !replacement.hasControlCharacters, !replacement.contains(" ") else {
            throw SettingRule("\"\(name.printable())\" must be followed by a channel's name or address")
        }
        return replacement
    }

    /// `http://[user:password@]host:port`; never quoted in a message.
    private static func proxy(_ text: String) throws(SettingRule) -> String {
        let scheme = text.prefix { $0 != ":" }
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        guard ["http", "https"].contains(scheme), isPlain, text.dropFirst(scheme.count + 3).count > 1,
            text.dropFirst(scheme.count).hasPrefix("://")
        else {
            throw SettingRule("must be a proxy's address, such as http://proxy.example.com:3128")
        }
        return text
    }

    private static func noProxy(_ text: String) throws(SettingRule) -> String {
        guard text.wholeMatch(of: /[A-Za-z0-9.,:*_\/\[\] -]*/) != nil else {
            throw SettingRule("must be hosts and domains with commas between them")
        }
        return text.filter { $0 != " " }
    }

    private static func engine(_ text: String) throws(SettingRule) -> String {
        guard ["auto", "docker", "podman", "buildah"].contains(text) || text.hasPrefix("/") else {
            throw SettingRule("must be auto, docker, podman, buildah or the path of one of them")
        }
        return text
    }
}
