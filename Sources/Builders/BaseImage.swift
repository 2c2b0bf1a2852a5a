package import Core
internal import Posix

/// A base image made on this machine, for sites that reach a Debian mirror but no image registry.
package enum BaseImage {
    /// Makes an image of this machine's Debian release with its Python and pip, and gives it to the engine.
    ///
    /// - Parameters:
    ///   - engine: who gets the image.
    ///   - reference: the image's name.
    ///   - caBundle: certificates for a mirror on https whose own are not known here, in PEM.
    ///   - mirror: a Debian mirror's address; nil for the one that this machine installs from.
    ///   - environment: this process's own.
    ///   - say: gets a line at each step.
    /// - Throws: `Problem` where a tool is missing or fails. What was made so far is removed.
    package static func create(
        engine: Engine, reference: ImageReference, caBundle: String?, mirror: String?,
        environment: [String: String], say: (String) -> Void
    ) throws(Problem) {
        let site = try DebianSite(mirror: mirror)
        let work = "\(environment["TMPDIR"] ?? "/var/tmp")/slipway-base-\(BuildID.random())"
        var tools = try Tools(EngineEnvironment.filtered(environment), work: work)
        defer { tools.remove(work) }
        do {
            try Files.makeDirectory(work)
            if let caBundle {
                try Files.replace("\(work)/wgetrc", with: "ca_certificate = \(caBundle)\n".utf8)
                tools.environment["WGETRC"] = "\(work)/wgetrc"
            }
        } catch {
            throw Problem(.internalError, "no temporary files can be written", cause: error)
        }
        let root = "\(work)/root"
        let packages = "ca-certificates,python3,python3-pip,python3-venv,python-is-python3"
        say("1/4 installing \(site.release) from \(site.mirror) (about a minute)")
        try tools.run(
            "debootstrap",
            [
                "--variant=minbase", "--include=\(packages)",
                site.release, root,
                site.mirror,
            ])
        say("2/4 removing what an image does not need")
        try trim(root)
        say("3/4 packing")
        let archive = "\(work)/base.tar"
        let without = ["dev", "proc", "sys"].map { "--exclude=./\($0)/*" }
        try tools.run(
            "tar", ["-C", root, "--numeric-owner", "--sort=name"] + without + ["-cf", archive, "."])
        say("4/4 importing into \(engine.kind.rawValue) as \(reference)")
        try engine.load(archive, as: reference, tools)
        let python = try tools.run(
            "chroot", [root, "python3", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])
        say("done: Python \(python.filter { !$0.isNewline })")
    }

    /// Takes away caches, documentation and what is this machine's alone, and lets pip install beside Debian's packages.
    private static func trim(_ root: String) throws(Problem) {
        do {
            for name in try Files.names(in: "\(root)/usr/lib") where name.hasPrefix("python3.") {
                try Files.remove("\(root)/usr/lib/\(name)/EXTERNALLY-MANAGED")
            }
            for directory in emptied {
                let path = "\(root)/\(directory)"
                guard try Files.status(path)?.kind == .directory else { continue }
                for name in try Files.names(in: path) { try Files.remove("\(path)/\(name)") }
            }
            for directory in ["var/cache/apt/archives/partial", "var/lib/apt/lists/partial"] {
                try Files.makeDirectory("\(root)/\(directory)", permissions: 0o755)
            }
            try Files.remove("\(root)/etc/hostname")
            for file in ["etc/machine-id", "etc/resolv.conf"] {
                try Files.replace("\(root)/\(file)", with: [], permissions: 0o644)
            }
        } catch {
            throw Problem(.internalError, "the new image's files cannot be changed", cause: error)
        }
    }

    private static let emptied = [
        "tmp", "var/cache/apt", "var/lib/apt/lists", "var/log", "usr/share/doc", "usr/share/info",
        "usr/share/locale", "usr/share/man",
    ]
}

extension Engine {
    /// Takes an archive of a root file system as an image.
    fileprivate func load(_ archive: String, as reference: ImageReference, _ tools: Tools) throws(Problem) {
        switch kind {
        case .docker, .podman:
            try tools.run(path, ["import", archive, reference.description])
        case .buildah:
            let container = try tools.run(path, ["from", "scratch"]).filter { !$0.isWhitespace }
            defer { _ = try? tools.run(path, ["rm", container]) }
            try tools.run(path, ["add", "--quiet", container, archive, "/"])
            try tools.run(
                path, ["commit", "--quiet", "--format", "docker", container, reference.description])
        }
    }
}

/// Which Debian this machine is, and where it installs from.
private struct DebianSite {
    let release: String
    let mirror: String

    init(mirror: String?) throws(Problem) {
        let lines = Self.lines("/etc/os-release")
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix("\(name)=") }?.dropFirst(name.count + 1).filter { $0 != "\"" }
        }
        guard value("ID") == "debian", let release = value("VERSION_CODENAME"),
            release.allSatisfy({ ("a"..."z").contains($0) }), !release.isEmpty
        else {
            throw Problem(
                .invalidState, "base images can be made on Debian only",
                hint: "run it on a Debian machine and copy the image here with save and load")
        }
        self.release = release
        guard let mirror = mirror ?? Self.ownMirror else {
            throw Problem(
                .invalidState, "apt's sources on this machine name no Debian mirror",
                hint: "name one by --mirror, for example --mirror https://mirror.example.com/debian")
        }
        try WebAddress.check(mirror, field: "mirror")
        self.mirror = mirror
    }

    /// The first mirror in apt's sources, one-line or deb822 style.
    private static var ownMirror: String? {
        let directory = "/etc/apt/sources.list.d"
        let names = (try? Files.names(in: directory)) ?? []
        let lines = (["/etc/apt/sources.list"] + names.map { "\(directory)/\($0)" }).flatMap(Self.lines)
        for line in lines where line.hasPrefix("deb ") || line.hasPrefix("URIs:") {
            let words = line.split(separator: " ").map(String.init)
            if let address = words.first(where: { $0.hasPrefix("http") && $0.contains("/debian") }),
                !address.contains("debian-security")
            {
                return address
            }
        }
        return nil
    }

    private static func lines(_ path: String) -> [String] {
        let text = String(decoding: (try? Files.read(path, limit: 1 << 20)) ?? [], as: UTF8.self)
        return text.split { $0.isNewline }.map(String.init)
    }
}

/// The programs that make an image, run one after another.
private struct Tools {
    var environment: [String: String]
    private let work: String

    init(_ environment: [String: String], work: String) throws(Problem) {
        self.environment = environment
        self.environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        self.work = work
    }

    /// - Returns: what the program wrote to standard output.
    @discardableResult
    func run(_ name: String, _ arguments: [String]) throws(Problem) -> String {
        guard let path = Executable.find(name, searchPath: environment["PATH"]) else {
            throw Problem(
                .invalidState, "\(name) is not installed", hint: "for example: apt-get install \(name)")
        }
        let outcome: Command.Outcome
        do {
            outcome = try Command(path, arguments, environment: environment).run(seconds: 1800)
        } catch {
            throw Problem(.internalError, "\(name) cannot be run", cause: error)
        }
        guard outcome.status.isSuccess else {
            let lines = (outcome.output + outcome.errors).split { $0.isNewline }
            let said = lines.last.map { String($0).printable(limit: 300) } ?? outcome.status.description
            throw Problem(
                .invalidState, "\(name) failed: \(said)",
                hint: name == "debootstrap" ? "it needs root and a Debian mirror that answers" : nil)
        }
        return outcome.output
    }

    /// Removes the work directory but nothing that a failed debootstrap left mounted in it.
    func remove(_ path: String) {
        _ = try? run("rm", ["-rf", "--one-file-system", "--", path])
    }
}
