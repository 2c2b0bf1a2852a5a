internal import Core

/// A container engine that was found on this machine, and what it and the machine can do.
package struct Engine: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable { case docker, podman, buildah }

    package let kind: Kind
    /// The program that is run.
    package let path: String
    /// The server's version where there is a server.
    package let version: String
    /// Whether a Dockerfile may say `RUN --mount`.
    package let mounts: Bool
    /// The server that docker talks to, if it is not the usual one (`DOCKER_HOST`).
    let host: String?
    /// The OCI runtime in place of the engine's usual one, where that cannot work here.
    let runtime: String?
    /// Options of `podman run` without which this machine starts no container.
    let limits: [String]
    /// Whether containers share this machine's network, as they cannot have one of their own here.
    let sharesNetwork: Bool
    let remarks: [String]

    init(
        kind: Kind, path: String, version: String, mounts: Bool, host: String? = nil, runtime: String? = nil,
        limits: [String] = [], sharesNetwork: Bool = false, remarks: [String] = []
    ) {
        self.kind = kind
        self.path = path
        self.version = version
        self.mounts = mounts
        self.host = host
        self.runtime = runtime
        self.limits = limits
        self.sharesNetwork = sharesNetwork
        self.remarks = remarks
    }

    /// What to mend on this machine although builds work, each a sentence for an administrator.
    package func advice() -> [String] { remarks }

    /// The command that runs an image, with what this machine needs, as a person would type it.
    ///
    /// - Parameters:
    ///   - image: the image's name.
    ///   - hostPort: the port on this machine that leads to the server; 8080 it is where containers share the network.
    /// - Returns: a program and its arguments.
    package func runCommand(image: String, hostPort: Int) -> [String] {
        let publish = sharesNetwork ? networkOption : ["--publish", "127.0.0.1:\(hostPort):8080"]
        switch kind {
        case .docker:
            return ["docker"] + (host.map { ["--host", $0] } ?? []) + ["run", "--rm"] + publish + [image]
        case .podman, .buildah:
            // buildah runs no images; podman finds them, as both keep them in one place.
            return ["podman"] + runtimeOption + ["run", "--rm"] + limits + publish + [image]
        }
    }

    var runtimeOption: [String] { runtime.map { ["--runtime", $0] } ?? [] }
    var networkOption: [String] { sharesNetwork ? ["--network", "host"] : [] }
}
