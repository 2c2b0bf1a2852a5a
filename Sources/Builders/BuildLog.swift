internal import Core
internal import Posix

/// What an engine wrote during one failed build.
struct BuildLog {
    private let lines: [String]

    init(_ text: String) {
        let plain = text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        lines = plain.split { $0.isNewline }.map { Self.withoutProgress(String($0)) }.filter { !$0.isEmpty }
    }

    /// The failure in the failing step's own words, and what to do about it.
    ///
    /// - Parameters:
    ///   - status: how the engine ended.
    ///   - proxy: the proxy's address, if the build had one.
    /// - Returns: the problem; no user name or password of an address is in it.
    func problem(_ status: ExitStatus, proxy: String? = nil) -> Problem {
        let words = Self.redacted(cause ?? "the engine ended with \(status) and said nothing")
        let log = lines.joined(separator: "\n")
        var hint = Self.hint(log)
        if let proxy, Self.signsOfProxy.contains(where: log.lowercased().contains) {
            hint =
                "look whether the proxy \(Self.redacted(proxy)) answers and lets builds through (network.https_proxy)"
        }
        return Problem(.buildFailed, words.printable(limit: 600), hint: hint)
    }

    private static let signsOfProxy = [
        "proxy", "tunnel", "connection refused", "failed to connect", "could not connect",
        "client error (connect)",
    ]

    /// The last complaint of what ran in the step, with the lines that explain it; else the engine's own.
    var cause: String? {
        let output = lines.filter { !Self.isEngineSummary($0) }
        guard var index = output.lastIndex(where: Self.isComplaint) else {
            return lines.last(where: Self.isEngineComplaint) ?? output.last
        }
        // An indented complaint explains one that stands above it.
        for above in output.indices[..<index].reversed().prefix(3)
        where Self.isContinuation(output[above + 1]) {
            guard index == above + 1 else { break }
            index = above
        }
        var explanation = [output[index]]
        explanation += output[(index + 1)...].prefix(3).prefix(while: Self.isContinuation)
        return explanation.map { $0.drop { " \t".contains($0) } }.joined(separator: " ")
    }

    /// BuildKit's `#7 1.234 ` in front of a step's output.
    private static func withoutProgress(_ line: String) -> String {
        var rest = line[...]
        if let match = rest.prefixMatch(of: /#[0-9]+ ([0-9]+\.[0-9]+ )?/) {
            rest = rest[match.range.upperBound...]
        }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    /// Lines in which an engine tells that a step failed, and repeats the step, but not why.
    private static func isEngineSummary(_ line: String) -> Bool {
        let starts = [
            "ERROR: process \"", "ERROR: executor failed", "ERROR: failed to solve: process",
            "error: failed to solve: process",
            "executor failed running", "failed to solve: ", "Error: building at STEP",
            "error building at STEP",
            "The command '", "ERROR: Service ", "------", " > [", ">>>", "Error: error building", "CANCELED",
            "DEPRECATED: ", "--> ", " ---> ", "STEP ", "Step ", "sha256:", "DONE ", "[stage-", "Dockerfile:",
            "Removing intermediate container", "ERROR: failed to build: failed to solve: process",
        ]
        return starts.contains(where: line.hasPrefix)
            || line.contains("did not complete successfully: exit code")
            || line.contains("while running runtime: exit status") || line.contains(" | >>>")
    }

    private static func isComplaint(_ line: String) -> Bool {
        let text = line.drop { " \t×".contains($0) }.lowercased()
        return text.hasPrefix("error") || text.hasPrefix("e: ") || text.hasPrefix("fatal")
            || text.hasPrefix("no solution found")
            || text.contains("error: ") || text.contains("not found") || text.contains("no module named")
            || text.contains("no space left") || text.contains("permission denied")
            || text.hasPrefix("cannot ") || text.hasPrefix("failed to ")
            || text.hasPrefix("killed") || text.contains(" killed ") || text.hasPrefix("memoryerror")
    }

    private static func isEngineComplaint(_ line: String) -> Bool {
        line.lowercased().contains("error") || line.hasPrefix("The command '")
    }

    private static func isContinuation(_ line: String) -> Bool {
        (line.first.map { " \t╰│├".contains($0) } ?? false) && line.contains { $0.isLetter }
    }

    /// An address's user and password give way to stars.
    private static func redacted(_ text: String) -> String {
        text.replacing(/:\/\/[^\/@ ]+@/, with: "://***@")
    }

    private static func hint(_ log: String) -> String {
        let text = log.lowercased()
        let known: [(signs: [String], hint: String)] = [
            (
                ["no space left on device", "disk quota exceeded", "[errno 28]"],
                "free space on the engine's disk, for example by removing old images and build caches"
            ),
            (
                [
                    "exit code: 137", "exit status 137", "code: 137", "memoryerror", "cannot allocate memory",
                    "killed signal terminated program", "out of memory",
                ],
                "memory ran out: give the engine's machine more, or build fewer at a time (builds.max_parallel)"
            ),
            (
                [
                    "cannot connect to the docker daemon", "error during connect",
                    "rpc error: code = unavailable", "unable to connect to podman",
                    "is the docker daemon running",
                ],
                "the container engine went away while it built: look at its service, then build again"
            ),
            (
                [
                    "hash mismatch", "do not match the hashes",
                    "hashes are required in --require-hashes mode",
                    "require that all packages have a hash",
                ],
                "a package is not the file that the model's requirements name by its hash: look whether the index "
                    + "has changed it, or mend the hash"
            ),
            (
                ["toomanyrequests", "pull rate limit", "too many requests"],
                "a registry or index wants no more requests for now: wait, log in there, or name a mirror"
            ),
            (
                [
                    "unauthorized: ", "401 unauthorized", "401 error, credentials not correct",
                    "403 forbidden",
                    "denied: requested access",
                ],
                "a registry or index refuses the login: give one (python.netrc for packages, the engine's own for base "
                    + "images)"
            ),
            (
                ["certificate verify failed", "invalid peer certificate", "unknownissuer", "x509:"],
                "give the site's certificate authorities in the settings (ca_bundle)"
            ),
            (
                [
                    "manifest unknown", "pull access denied", "failed to resolve source metadata",
                    "no such host",
                    "initializing source docker://", "failed to do request: head", "manifest for ",
                ],
                "the base image cannot be had: check its name and the way to its registry, name one that is here"
                    + " (base_images), or make one: slipway base-image create"
            ),
            (
                ["exec format error"],
                "the base image is for another processor than this machine's: install emulation (qemu-user-static), "
                    + "or name a base image for this one"
            ),
            (
                ["couldn't parse requirement", "invalid requirement"],
                "mend that line of the model's requirements and register the model again"
            ),
            (
                [
                    "temporary failure in name resolution", "name or service not known",
                    "could not resolve host",
                    "failed to lookup address",
                ],
                "the build finds no way to the package index: look at the engine's network and its DNS, or set "
                    + "network.https_proxy or python.index_url"
            ),
            (
                [
                    "no wheels with a matching", "not a supported wheel", "no wheels are available",
                    "only wheels are available for",
                ],
                "a package has no wheel for this Python or processor: name a version that has, or another Python"
            ),
            (
                [
                    "no solution found", "no matching distribution", "resolutionimpossible",
                    "could not find a version",
                ],
                "these requirements cannot all be met with this Python: mend the model's requirements or its Python version"
            ),
            (
                [
                    "command 'gcc'", "gcc: not found", "rust toolchain", "failed to build",
                    "failed building wheel",
                ],
                "a package has no wheel for this Python: name a version that has, or a base image with compilers"
            ),
            (
                [
                    "no module named pip", "python3: not found", "python3: no such file",
                    "\"python3\": executable file",
                ],
                "the base image needs python3 with pip: name another"
            ),
        ]
        let found = known.first { $0.signs.contains(where: text.contains) }
        return found?.hint ?? "the build's log has the whole story"
    }
}
