internal import Glibc

/// What the system knows about the running process and its machine.
package enum ThisProcess {
    /// The environment as it was when the process began; names that are not UTF-8 are repaired.
    package static var environment: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let pair = String(cString: entry)
            if let equals = pair.firstIndex(of: "=") {
                variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            next = next.advanced(by: 1)
        }
        return variables
    }

    /// Path of the running executable, which stays right when PATH or the working directory changes.
    package static func executablePath() throws(SystemError) -> String {
        try Files.canonical("/proc/self/exe")
    }

    package static var id: Int32 { getpid() }

    /// Processors that are online.
    package static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The machine's name.
    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Another after each start of the machine; empty where the kernel does not tell.
    package static var bootID: String {
        let bytes = (try? Files.read("/proc/sys/kernel/random/boot_id", limit: 64)) ?? []
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
    }

    package static var userID: UInt32 { geteuid() }

    /// The user's login name, where the system knows one.
    package static var userName: String? {
        guard let entry = getpwuid(geteuid()) else { return nil }
        return String(cString: entry.pointee.pw_name)
    }

    /// New files get no rights for other users.
    package static func keepFilesPrivate() { umask(0o027) }

    /// The working directory.
    package static func workingDirectory() throws(SystemError) -> String { try Files.canonical(".") }

    /// Reads standard input to its end, up to `limit` bytes.
    package static func readStandardInput(limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
                filled = max(0, read(0, buffer.baseAddress, 4096))
            }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return Array(bytes.prefix(limit))
    }
}
