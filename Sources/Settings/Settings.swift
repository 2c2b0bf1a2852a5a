package import Core

/// All that a site can set, checked; `slipway.yaml` and `SLIPWAY_SECTION_KEY` variables say it, defaults stand here.
package struct Settings: Sendable, Equatable {
    package var server: Server
    package var auth: Auth
    package var registry: Registry
    package var builds: Builds
    package var launcher: Launcher
    package var images: Images
    package var python: Python
    package var conda: Conda
    package var network: Network

    /// The pool of responders and where everything is kept.
    package struct Server: Sendable, Equatable {
        /// Directory of every build, and of the database where that has no other.
        package var state: String
        /// Directory of the database, which must be on a disk of this machine's own.
        package var database: String
        /// The socket that nginx connects to.
        package var socket: String
        /// Processes.
        package var responders: Int
        /// Requests that one responder answers at a time.
        package var threads: Int
        /// Whether nginx is told to send logs from their files, which it has to be able to read.
        package var nginxSendsLogs: Bool
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
        /// Builds that run, or are a scheduler's, at a time.
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
        /// Whether the images of those go with them.
        package var removeImages: Bool
        /// After so many days an ended build's log is compressed.
        package var compressLogsAfterDays: Int
        /// Whether a finished image is tried before its build succeeds.
        package var smokeTest: Bool
        /// How long that may take, the model's loading included.
        package var smokeTestSeconds: Int
        /// Whether the registry is told by tags of the model version what became of a build.
        package var writeTags: Bool
        /// Bytes that a build's log may have before what engine and container print is left out of it.
        package var logLimit: Int
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
