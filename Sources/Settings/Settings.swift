package import Core

/// All that a site can set, checked; `slipway.yaml` and `SLIPWAY_SECTION_KEY` variables say it, defaults stand here.
package struct Settings: Sendable, Equatable {
    package var server: Server
    package var auth: Auth
    package var registry: Registry
    package var builds: Builds
    package var images: Images
    package var python: Python

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
        /// A file of `user:bcrypt` lines.
        package var htpasswd: String
        package var administrators: [String]
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
    }

    package struct Images: Sendable, Equatable {
        /// `auto`, `docker`, `podman`, `buildah`, or a path of one of these.
        package var engine: String
        /// Goes before the name that is made from a model's.
        package var prefix: String
        /// Base image for a Python minor version, such as `3.11`; others get `python:VERSION-slim`.
        package var baseImages: [String: ImageReference]
    }

    package struct Python: Sendable, Equatable {
        /// Package index for pip and uv instead of their default.
        package var indexURL: String?
        /// Certificates that builds trust when they fetch packages, in PEM; never part of the image.
        package var caBundle: String?
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
            htpasswd: reader.path("auth", "htpasswd") ?? "/etc/slipway/htpasswd",
            administrators: reader.list("auth", "administrators") ?? [])
        registry = Registry(
            uri: reader.value("registry", "uri", Self.registryKind) ?? .fileStore("\(state)/mlruns"),
            username: reader.text("registry", "username"),
            password: reader.secret("registry", "password", readSecret),
            token: reader.secret("registry", "token", readSecret),
            caBundle: reader.path("registry", "ca_bundle"),
            allowedRoots: reader.list("registry", "allowed_roots") ?? [])
        builds = Builds(
            maxParallel: reader.integer("builds", "max_parallel", 1...256) ?? max(1, cores / 2),
            timeoutSeconds: reader.integer("builds", "timeout_seconds", 1...604_800) ?? 3600)
        images = Images(
            engine: reader.value("images", "engine", Self.engine) ?? "auto",
            prefix: reader.value("images", "prefix", Self.imagePrefix) ?? "slipway",
            baseImages: reader.map("images", "base_images", Self.baseImage) ?? [:])
        python = Python(
            indexURL: reader.value("python", "index_url", Self.indexURL),
            caBundle: reader.path("python", "ca_bundle"))
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

    private static func indexURL(_ text: String) throws(SettingRule) -> String {
        if let broken = WebAddress.brokenRule(text) { throw SettingRule(broken.rule) }
        return text
    }

    private static func engine(_ text: String) throws(SettingRule) -> String {
        guard ["auto", "docker", "podman", "buildah"].contains(text) || text.hasPrefix("/") else {
            throw SettingRule("must be auto, docker, podman, buildah or the path of one of them")
        }
        return text
    }
}
