import Core
import Posix
import Testing

@testable import Builders

@Suite struct EngineSearchTests {
    @Test func `of two docker clients the one with BuildKit wins`() throws {
        let engines = try Engines()
        try engines.add("docker", in: "new", Engines.docker(builds: "exit 1"))
        let old = try engines.add("docker", in: "old", Engines.docker(builds: "exit 0"))
        let engine = try engines.search(["new", "old"]).find("docker")
        #expect(engine == Engine(kind: .docker, path: old, version: "20.10.24", mounts: true))
        let plain = try engines.search(["new"]).find("auto")
        #expect(plain.mounts == false)
        #expect(plain.advice().first?.contains("install the buildx plugin") == true)
    }

    @Test func `a name, a path and auto find the same`() throws {
        let engines = try Engines()
        let path = try engines.add("podman", Engines.podman)
        for preferred in ["podman", path] {
            let engine = try engines.search().find(preferred)
            #expect(engine == Engine(kind: .podman, path: path, version: "4.3.1", mounts: true))
        }
    }

    @Test func `podman that calls itself docker is podman`() throws {
        let engines = try Engines()
        try engines.add("docker", Engines.podman)
        #expect(try engines.search().find("docker").kind == .podman)
    }

    @Test func `a daemon that does not answer gives way to podman, and is named where there is none`() throws
    {
        let engines = try Engines()
        try engines.add(
            "docker",
            """
            --version) echo "Docker version 28.2.2, build e6534b4";;
            version*) echo "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2; exit 1;;
            """)
        let problem = #expect(throws: Problem.self) { try engines.search().find("docker") }
        #expect(problem?.code == .temporarilyUnavailable)
        #expect(problem?.message.contains("Is the docker daemon running?") == true)
        #expect(problem?.hint?.contains("systemctl start docker") == true)
        try engines.add("podman", Engines.podman)
        #expect(try engines.search().find("auto").kind == .podman)
    }

    @Test func `a socket that is closed to this user is said`() throws {
        let engines = try Engines()
        try engines.add(
            "docker",
            """
            --version) echo "Docker version 28.2.2, build e6534b4";;
            version*) echo "permission denied while trying to connect to the Docker daemon socket" >&2; exit 1;;
            """)
        let problem = #expect(throws: Problem.self) { try engines.search().find("docker") }
        #expect(problem?.hint?.contains("usermod -aG docker") == true)
    }

    @Test(arguments: ["nerdctl", "", "rm -rf"])
    func `what is no engine is refused`(_ preferred: String) throws {
        let engines = try Engines()
        #expect(throws: Problem.self) { try engines.search().find(preferred) }
    }

    @Test func `a rootless user without ids is told the commands`() throws {
        let engines = try Engines()
        let files = [
            "/proc/self/status": "Uid:\t1001\t1001\n",
            "/etc/passwd": "root:x:0:0::/:/bin/sh\nsw:x:1001:1001::/:/bin/sh\n",
        ]
        let user = Host(canTunnel: true) { Array((files[$0] ?? "").utf8) }
        let script = Engines.podman + "\n\"unshare cat /proc/self/uid_map\") echo ' 0 1001 1';;"
        try engines.add("podman", script)
        let problem = #expect(throws: Problem.self) { try engines.search(host: user).find("podman") }
        #expect(problem?.message.contains("rootless podman for user sw has no subordinate ids") == true)
        #expect(
            problem?.hint?.contains("usermod --add-subuids 100000-165535 --add-subgids 100000-165535 sw")
                == true)
        #expect(problem?.hint?.contains("podman system migrate") == true)
        try engines.add(
            "podman", script.replacing("' 0 1001 1'", with: "' 0 1001 1'; echo ' 1 100000 65536'"))
        #expect(try engines.search(host: user).find("podman").sharesNetwork == false)
        let closed = Host(canTunnel: false) { Array((files[$0] ?? "").utf8) }
        #expect(try engines.search(host: closed).find("podman").sharesNetwork)
    }

    @Test func `where crun cannot work runc takes its place`() throws {
        let engines = try Engines()
        try engines.add("podman", Engines.podman)
        let runc = try engines.add("runc", "x) ;;")
        let mixed = Host(canTunnel: true) { path in
            path == "/sys/fs/cgroup/unified/cgroup.controllers" ? Array("hugetlb\n".utf8) : []
        }
        let engine = try engines.search(host: mixed).find("podman")
        #expect(engine.runtimeOption == ["--runtime", runc])
        #expect(engine.advice().count == 1)
    }
}
