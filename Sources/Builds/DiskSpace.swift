internal import Core
internal import Posix

/// Whether there is room for another build on the disk of the state directory.
enum DiskSpace {
    /// - Parameters:
    ///   - state: the state directory.
    ///   - megabytes: what has to be left.
    /// - Throws: `temporarilyUnavailable` where less is left; a disk that cannot be asked has room.
    static func check(_ state: String, _ megabytes: Int) throws(Problem) {
        guard let free = Files.freeBytes(at: state), free / 1_000_000 < megabytes else { return }
        throw Problem(
            .temporarilyUnavailable,
            "the disk of the state directory has \(free / 1_000_000) MB left, and builds want \(megabytes)",
            hint: "make room, for example by slipway builds prune, or lower builds.min_free_mb")
    }
}
