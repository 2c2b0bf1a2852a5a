internal import CPosix
internal import Glibc

extension ThisProcess {
    /// Leaves no core file and lets nobody but the system's administrator look into this process's memory.
    ///
    /// An exec undoes the latter: each program calls it for itself.
    package static func keepMemoryPrivate() throws(SystemError) {
        guard slipway_keep_memory_private() == 0 else { throw SystemError("prctl") }
    }

    /// Lets no program that this process or its children execute gain rights from its file.
    package static func forgoNewPrivileges() throws(SystemError) {
        guard slipway_forgo_new_privileges() == 0 else { throw SystemError("prctl") }
    }

    /// Makes orphaned descendants this process's children, so that none of them gets away.
    package static func adoptOrphans() throws(SystemError) {
        guard slipway_adopt_orphans() == 0 else { throw SystemError("prctl") }
    }

    /// Children of the calling thread that have not been waited for; none where the kernel does not tell.
    package static var children: [ChildProcess] {
        let bytes = (try? Files.read("/proc/thread-self/children", limit: 1 << 20)) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }.map(
            ChildProcess.init)
    }

    /// New files are for their owner alone, and no directory is kept from being unmounted.
    package static func leaveSurroundings() throws(SystemError) {
        umask(0o077)
        guard chdir("/") == 0 else { throw SystemError("chdir", "/") }
    }

    /// Takes standard input over and leaves `/dev/null` in its place, so that no child is handed it.
    package static func takeStandardInput() throws(SystemError) -> Descriptor {
        let taken = try Descriptor.standard(0)
        let null = try Descriptor.openNull()
        guard dup2(null.number, 0) == 0 else { throw SystemError("dup2") }
        return taken
    }
}
