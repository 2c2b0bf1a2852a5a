import Testing

@testable import Builders

@Suite struct HostTests {
    private func host(uid: Int = 0, capabilities: String, open: String = "20000", processes: String = "96364")
        -> Host
    {
        let files = [
            "/proc/self/status": "Name:\tx\nUid:\t\(uid)\t\(uid)\t\(uid)\t\(uid)\nCapEff:\t\(capabilities)\n",
            "/proc/self/limits": """
            Limit                     Soft Limit           Hard Limit           Units
            Max processes             96364                \(processes)         processes
            Max open files            1024                 \(open)              files
            """,
            "/proc/sys/kernel/pid_max": "32768\n",
            "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nbuilder:x:1001:1001::/home/b:/bin/sh\n",
            "/etc/subuid": "a:100000:65536\nb:165536:65536\n", "/etc/subgid": "a:100000:65536\n",
        ]
        return Host(canTunnel: true) { Array((files[$0] ?? "").utf8) }
    }

    @Test func `a root that may not raise limits is given what it has`() {
        let limits = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=32768:32768"]
        #expect(host(capabilities: "000001fffeffffff").limitOptions == limits)
        #expect(
            host(capabilities: "000001fffeffffff", processes: "4096").limitOptions.last == "nproc=4096:4096")
        #expect(
            host(capabilities: "000001fffeffffff", open: "1048576", processes: "unlimited").limitOptions == []
        )
        #expect(host(capabilities: "000001ffffffffff").limitOptions == [])
        #expect(host(uid: 1001, capabilities: "0000000000000000").limitOptions == [])
    }

    @Test func `the user and the next free ids are read from the system's files`() {
        let user = host(uid: 1001, capabilities: "0")
        #expect(user.isRoot == false)
        #expect(user.userName == "builder")
        #expect(user.firstFreeSubordinateID == 231_072)
        #expect(Host(canTunnel: true) { _ in [] }.firstFreeSubordinateID == 100_000)
    }
}
