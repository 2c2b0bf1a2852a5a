internal import Posix

/// What of this machine and this user decides how containers can be started.
struct Host: Sendable {
    let isRoot: Bool
    let userName: String
    /// cgroup v1 with controllers on a cgroup2 mount beside it, which crun refuses.
    let hasMixedControlGroups: Bool
    /// `podman run`'s options for a root that may not raise limits; else empty.
    let limitOptions: [String]
    let firstFreeSubordinateID: Int
    /// Whether this user may make the tunnels of which rootless containers' networks consist.
    let canTunnel: Bool

    static var current: Host {
        Host(canTunnel: (try? Descriptor.open("/dev/net/tun", .read)) != nil) { path in
            (try? Files.read(path, limit: 1 << 20)) ?? []
        }
    }

    /// - Parameters:
    ///   - canTunnel: whether `/dev/net/tun` can be opened.
    ///   - read: the content of a file of the system; empty where it is missing.
    init(canTunnel: Bool, read: (String) -> [UInt8]) {
        self.canTunnel = canTunnel
        func lines(_ path: String) -> [Substring] {
            String(decoding: read(path), as: UTF8.self).split(separator: "\n")
        }
        let status = lines("/proc/self/status")
        func field(_ name: String) -> String? {
            status.first { $0.hasPrefix(name + ":") }?.split { " :\t".contains($0) }.dropFirst().first.map(
                String.init)
        }
        let user = field("Uid") ?? "0"
        isRoot = user == "0"
        let account = lines("/etc/passwd").first { line in
            line.split(separator: ":", omittingEmptySubsequences: false).dropFirst(2).first.map(String.init)
                == user
        }
        userName = account?.split(separator: ":").first.map(String.init) ?? user
        hasMixedControlGroups = !lines("/sys/fs/cgroup/unified/cgroup.controllers").isEmpty

        // Bit 24 is CAP_SYS_RESOURCE (capabilities(7)). Rootless podman asks for no more than it may.
        let mayRaise = field("CapEff").flatMap { UInt64($0, radix: 16) }.map { $0 & 1 << 24 != 0 } ?? true
        limitOptions =
            isRoot && !mayRaise ? Self.limitOptions(lines("/proc/self/limits"), lines(Self.pidMaximum)) : []

        let ranges = (lines("/etc/subuid") + lines("/etc/subgid")).map { $0.split(separator: ":") }
        let ends = ranges.compactMap { range -> Int? in
            guard range.count == 3, let start = Int(range[1]), let count = Int(range[2]) else { return nil }
            return start + count
        }
        firstFreeSubordinateID = max(100_000, ends.max() ?? 0)
    }

    private static let pidMaximum = "/proc/sys/kernel/pid_max"

    /// podman asks for 1048576 open files and pid_max processes whatever its own hard limits are; by then it has lowered
    /// its own limit of processes to pid_max.
    private static func limitOptions(_ limits: [Substring], _ pidMaximum: [Substring]) -> [String] {
        func hard(_ name: String) -> Int? {
            let line = limits.first { $0.hasPrefix(name) }
            return line?.dropFirst(name.count).split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        var options: [String] = []
        if let files = hard("Max open files"), files < 1_048_576 {
            options += ["--ulimit", "nofile=\(files):\(files)"]
        }
        let highest = pidMaximum.first.flatMap { Int($0) } ?? 32_768
        if let processes = hard("Max processes"), processes < 4_194_304 {
            let allowed = min(processes, highest)
            options += ["--ulimit", "nproc=\(allowed):\(allowed)"]
        }
        return options
    }
}
