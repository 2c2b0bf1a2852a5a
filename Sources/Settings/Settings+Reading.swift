internal import Core
internal import Posix

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
            database: reader.path("server", "database") ?? state,
            socket: reader.path("server", "socket") ?? "\(state)/responder.sock",
            responders: reader.integer("server", "responders", 1...256) ?? max(2, min(cores, 8)),
            threads: reader.integer("server", "threads", 1...256) ?? 8,
            nginxSendsLogs: reader.value("server", "nginx_sends_logs", Self.truth) ?? false)
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
            removeImages: reader.value("builds", "remove_images", Self.truth) ?? false,
            compressLogsAfterDays: reader.integer("builds", "compress_logs_after_days", 0...36_500) ?? 7,
            smokeTest: reader.value("builds", "smoke_test", Self.truth) ?? true,
            smokeTestSeconds: reader.integer("builds", "smoke_test_seconds", 1...86_400) ?? 300,
            writeTags: reader.value("builds", "write_tags", Self.truth) ?? false,
            logLimit: reader.integer("builds", "log_limit", 4096...1 << 40) ?? 256 << 20)
        launcher = Launcher(&reader)
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
        reader.refuse(
            launcher.kind == .slurm && state.contains { "%\\".contains($0) }, "server", "state",
            "must not hold % or \\ with launcher.kind slurm: sbatch reads them as something else")
        reader.refuse(
            launcher.kind != .local && builds.removeImages, "builds", "remove_images",
            "has no use with launcher.kind \(launcher.kind.rawValue): images are with the engines of the nodes"
        )
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
        if case .fileStore = registry.uri {
            reader.refuse(builds.writeTags, "builds", "write_tags", "needs an MLflow server in registry.uri")
        }
        for root in registry.allowedRoots where !root.hasPrefix("/") {
            reader.refuse(
                true, "registry", "allowed_roots", "\"\(root.printable())\" must be an absolute path")
        }
        try reader.finish()
    }
}

// What holds between settings, and for the members of lists.
extension Settings {
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
}
