package import Core
internal import Posix

/// An operating system and a processor that an image is for, such as `linux/arm64`.
package struct Platform: Sendable, Equatable, CustomStringConvertible {
    package let architecture: String
    package let variant: String?

    /// Reads `linux/ARCHITECTURE[/VARIANT]` as containerd's platforms package does.
    ///
    /// - Throws: `Problem` naming `field`.
    package init(_ text: String, field: String) throws(Problem) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts[0] == "linux", Self.emulators[parts[1]] != nil,
            parts.count == 2 || ["v5", "v6", "v7", "v8"].contains(parts[2])
        else {
            throw .invalid(
                field, "\"\(text.printable(limit: 40))\" is not a platform that is known here",
                hint: "use linux/\(Self.emulators.keys.sorted().joined(separator: ", linux/"))")
        }
        architecture = parts[1]
        variant = parts.count == 3 ? parts[2] : nil
    }

    package var description: String { "linux/\(architecture)" + (variant.map { "/\($0)" } ?? "") }

    /// What `uname -m` says there; nil where that varies.
    package var machine: String? { architecture == "arm" ? nil : Self.emulators[architecture] }

    /// Names of QEMU's emulators as binfmt_misc knows them, by architecture.
    private static let emulators = [
        "amd64": "x86_64", "arm64": "aarch64", "arm": "arm", "ppc64le": "ppc64le", "riscv64": "riscv64",
        "s390x": "s390x",
    ]

    /// Refuses a platform whose programs this machine cannot run.
    ///
    /// - Parameters:
    ///   - own: this machine's architecture.
    ///   - exists: whether there is a file of this path.
    /// - Throws: `Problem` saying what to install.
    func checkCanRun(own: String, exists: (String) -> Bool) throws(Problem) {
        guard architecture != own, let name = Self.emulators[architecture],
            !exists("/proc/sys/fs/binfmt_misc/qemu-\(name)")
        else { return }
        throw Problem(
            .invalidState,
            "this machine (linux/\(own)) cannot run programs of \(self), so no image can be built for it",
            hint: "install emulation, for example: apt-get install qemu-user-static binfmt-support; "
                + "or let a builder of that platform build (images.builder)")
    }

    fileprivate static var ownArchitecture: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #elseif arch(riscv64)
            "riscv64"
        #elseif arch(s390x)
            "s390x"
        #else
            "unknown"
        #endif
    }
}

extension Engine {
    /// Refuses a platform whose programs the engine's machine cannot run, as far as this one can know.
    package func checkCanRun(_ platform: Platform?) throws(Problem) {
        // A server elsewhere may have what this machine lacks.
        guard host?.hasPrefix("unix:") != false else { return }
        try platform?.checkCanRun(own: Platform.ownArchitecture) { path in
            ((try? Files.status(path)) ?? nil) != nil
        }
    }
}
