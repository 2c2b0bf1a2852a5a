package import Core
internal import Posix

extension Engine {
    /// Looks at what is installed, and asks it.
    ///
    /// Of several docker clients the one that can do BuildKit wins: a machine may have an old one beside a new one
    /// without buildx, and only a try tells which pair of client and server works.
    ///
    /// - Parameters:
    ///   - preferred: `auto` or nil for docker, then podman, then buildah; one of these names; or a program's path.
    ///   - environment: this process's own.
    /// - Returns: the engine, and what this machine needs for it.
    /// - Throws: `temporarilyUnavailable` saying what to start, mend or install.
    package static func detect(preferred: String?, environment: [String: String]) throws(Problem) -> Engine {
        let search = EngineSearch(environment: EngineEnvironment.filtered(environment), host: .current)
        return try search.find(preferred ?? "auto")
    }
}

extension Engine {
    /// Whether the engine is still there as it was detected: a fraction of what detecting it anew costs.
    ///
    /// - Parameter environment: this process's own.
    /// - Returns: false where anything about it may have changed.
    package func isUnchanged(environment: [String: String]) -> Bool {
        guard Files.isExecutable(path) else { return false }
        guard kind == .docker else { return true }
        let environment = EngineEnvironment.filtered(environment)
        let ask = Command(path, ["version", "--format", "{{.Server.Version}}"], environment: environment)
        guard let answer = try? ask.run(seconds: 15), answer.status.isSuccess else { return false }
        return answer.output.filter { !$0.isNewline } == version && environment["DOCKER_HOST"] == host
    }
}

/// One look at what is installed.
struct EngineSearch {
    let environment: [String: String]
    let host: Host

    func find(_ preferred: String) throws(Problem) -> Engine {
        let names: [String]
        switch preferred {
        case "auto": names = Engine.Kind.allCases.map(\.rawValue)
        case _ where preferred.contains("/") || Engine.Kind(rawValue: preferred) != nil: names = [preferred]
        default:
            throw .invalid(
                "engine", "\"\(preferred.printable(limit: 80))\" is none",
                hint: "say auto, docker, podman, buildah or the path of one of them")
        }
        var failures: [Problem] = []
        for name in names {
            if let engine = best(of: name, &failures) { return engine }
        }
        if let failure = Self.combined(failures) { throw failure }
        throw Problem(
            .temporarilyUnavailable,
            preferred == "auto" ? "no container engine is installed" : "there is no program \(preferred)",
            hint: "install docker, podman or buildah, for example: apt-get install podman")
    }

    /// One problem that says all: any of them may be the one to mend.
    private static func combined(_ failures: [Problem]) -> Problem? {
        guard let first = failures.first else { return nil }
        var messages: [String] = []
        var hints: [String] = []
        for failure in failures where !messages.contains(failure.message) {
            messages.append(failure.message)
            if let hint = failure.hint, !hints.contains(hint) { hints.append(hint) }
        }
        return Problem(
            first.code, messages.joined(separator: "; "), hint: hints.joined(separator: "; or "),
            cause: first.cause)
    }

    /// The first program of this name that can do everything, else the first that works.
    private func best(of name: String, _ failures: inout [Problem]) -> Engine? {
        var usable: Engine?
        var seen: Set<String> = []
        for path in Executable.all(name, searchPath: environment["PATH"])
        where seen.insert((try? Files.canonical(path)) ?? path).inserted {
            do throws(Problem) {
                let engine = try ask(path)
                if engine.mounts { return engine }
                usable = usable ?? engine
            } catch {
                failures.append(error)
            }
        }
        return usable
    }

    /// What a program is, by its own word: `docker` may be podman in disguise.
    private func ask(_ path: String) throws(Problem) -> Engine {
        let outcome = try run(path, ["--version"])
        let words = outcome.output.split { " ,\n".contains($0) }.map(String.init)
        guard outcome.status.isSuccess, words.count >= 3, words[1] == "version",
            let kind = Engine.Kind(rawValue: words[0].lowercased())
        else {
            throw Problem(
                .temporarilyUnavailable, "\(path) is no container engine that is known here",
                hint: "say docker, podman, buildah or the path of one of them")
        }
        return kind == .docker ? try askDocker(path) : try askRootless(kind, path, version: words[2])
    }

    private func askDocker(_ path: String) throws(Problem) -> Engine {
        let server = try run(path, ["version", "--format", "{{.Server.Version}}"])
        guard server.status.isSuccess else {
            let said = server.errors.split(separator: "\n").last.map(String.init) ?? "it says nothing"
            let isDenied = said.contains("permission denied")
            throw Problem(
                .temporarilyUnavailable, "docker's daemon does not answer: \(said.printable(limit: 300))",
                hint: isDenied
                    ? "let this user reach docker's socket, for example: usermod -aG docker USER"
                    : "start it, for example: systemctl start docker")
        }
        let mounts = try canMount(path)
        return Engine(
            kind: .docker, path: path, version: server.output.filter { !$0.isNewline }, mounts: mounts,
            host: environment["DOCKER_HOST"],
            remarks: mounts
                ? []
                : [
                    "\(path) has no BuildKit, so builds keep no caches and are several times slower: "
                        + "install the buildx plugin (Debian: docker-buildx, Docker's own packages: docker-buildx-plugin)"
                ])
    }

    /// Asks client and server by a build that is nothing but a question: the stage with mounts is read, not run.
    private func canMount(_ path: String) throws(Problem) -> Bool {
        let question = """
            FROM scratch AS never
            RUN --mount=type=cache,target=/a --mount=type=secret,id=s,target=/b --mount=type=bind,target=/c ["/d"]
            FROM scratch
            LABEL dev.slipway.question=mounts

            """
        let directory = "\(environment["TMPDIR"] ?? "/tmp")/slipway-\(BuildID.random())"
        defer { try? Files.remove(directory) }
        do {
            try Files.makeDirectory(directory)
            try Files.replace("\(directory)/Dockerfile", with: question.utf8)
        } catch {
            throw Problem(.internalError, "no temporary files can be written", cause: error)
        }
        // The result goes to nowhere: an answer leaves no image behind.
        let arguments = ["build", "--output", "type=tar,dest=/dev/null", directory]
        return try run(path, arguments, ["DOCKER_BUILDKIT": "1"]).status.isSuccess
    }

    private func askRootless(_ kind: Engine.Kind, _ path: String, version: String) throws(Problem) -> Engine {
        if !host.isRoot { try checkSubordinateIDs(kind, path) }
        var runtime: String?
        var remarks: [String] = []
        if host.hasMixedControlGroups, try usualRuntime(kind, path) == "crun" {
            runtime = Executable.find("runc", searchPath: environment["PATH"])
            remarks.append(
                "crun starts no container while /sys/fs/cgroup/unified holds controllers beside cgroup v1: "
                    + (runtime == nil ? "install runc" : "runc is used in its place"))
        }
        let sharesNetwork = !host.isRoot && !host.canTunnel
        if sharesNetwork {
            remarks.append(
                "user \(host.userName) may not open /dev/net/tun, so containers share this machine's network: "
                    + "chmod 666 /dev/net/tun")
        }
        let numbers = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
        // Cache, secret and bind mounts all came with buildah 1.24, which is in podman 4.
        let since = kind == .podman ? (4, 0) : (1, 24)
        return Engine(
            kind: kind, path: path, version: version,
            mounts: (numbers.first ?? 0, numbers.dropFirst().first ?? 0) >= since, runtime: runtime,
            limits: host.limitOptions, sharesNetwork: sharesNetwork, remarks: remarks)
    }

    private func usualRuntime(_ kind: Engine.Kind, _ path: String) throws(Problem) -> String {
        let format = kind == .podman ? "{{.Host.OCIRuntime.Name}}" : "{{.host.OCIRuntime}}"
        let name = try run(path, ["info", "--format", format]).output.filter { !$0.isWhitespace }
        return name.split(separator: "/").last.map(String.init) ?? ""
    }

    /// Without a range of ids no file of another owner can be unpacked, so no build can succeed.
    private func checkSubordinateIDs(_ kind: Engine.Kind, _ path: String) throws(Problem) {
        let map = try run(path, ["unshare", "cat", "/proc/self/uid_map"])
        let sizes = map.output.split(separator: "\n").compactMap {
            $0.split(separator: " ").last.flatMap { Int($0) }
        }
        guard map.status.isSuccess, sizes.reduce(0, +) < 10_002 else { return }
        let start = host.firstFreeSubordinateID
        let range = "\(start)-\(start + 65_535)"
        throw Problem(
            .temporarilyUnavailable,
            "rootless \(kind.rawValue) for user \(host.userName) has no subordinate ids (/etc/subuid, /etc/subgid)",
            hint: "run as root: usermod --add-subuids \(range) --add-subgids \(range) \(host.userName)"
                + " ; then as that user: podman system migrate")
    }

    private func run(_ path: String, _ arguments: [String], _ more: [String: String] = [:]) throws(Problem)
        -> Command.Outcome
    {
        do {
            return try Command(path, arguments, environment: environment.merging(more) { $1 }).run(
                seconds: 15)
        } catch {
            throw Problem(
                .temporarilyUnavailable, "\(path) cannot be run", hint: "say another engine in the settings",
                cause: error)
        }
    }
}
