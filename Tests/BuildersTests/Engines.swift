import Posix
import TestSupport

@testable import Builders

/// A directory of programs that answer as engines do.
struct Engines {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    // The script is the arms of a shell's `case` over the program's arguments; the program's path comes back.
    @discardableResult
    func add(_ name: String, in folder: String = "bin", _ script: String) throws -> String {
        let path = directory.file(folder)
        try Files.makeDirectory(path, permissions: 0o755)
        let text = "#!/bin/sh\ncase \"$*\" in\n\(script)\n*) echo \"what is $*\" >&2; exit 64;;\nesac\n"
        return try directory.write(text, to: "\(folder)/\(name)", permissions: 0o755)
    }

    func search(_ folders: [String] = ["bin"], host: Host = Host(canTunnel: true) { _ in [] }) -> EngineSearch
    {
        let path = folders.map { directory.file($0) }.joined(separator: ":")
        return EngineSearch(environment: ["PATH": path, "TMPDIR": directory.path], host: host)
    }

    static let podman = """
        --version) echo podman version 4.3.1;;
        "info --format {{.Host.OCIRuntime.Name}}") echo crun;;
        """

    /// A docker whose builder answers as told.
    static func docker(builds: String) -> String {
        """
        --version) echo "Docker version 20.10.24+dfsg1, build 297e128";;
        "version --format {{.Server.Version}}") echo 20.10.24;;
        "build --output type=tar,dest=/dev/null "*) [ "$DOCKER_BUILDKIT" = 1 ] && [ -f "$4/Dockerfile" ] && \(builds);;
        """
    }
}
