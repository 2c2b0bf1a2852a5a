internal import Core
internal import Glibc
internal import Posix

/// The new directory that a model is brought to; nothing is written outside of it.
struct Destination: Sendable {
    private let path: String
    private let directory: Descriptor

    init(_ path: String) throws(Problem) {
        self.path = path
        do throws(SystemError) {
            guard try Files.status(path) == nil else { throw SystemError("mkdir", path, errno: EEXIST) }
            try Files.makeDirectory(path, permissions: 0o755)
            directory = try .openDirectory(path)
            directory.setPermissions(0o755)
        } catch {
            throw Self.failure(path, error)
        }
    }

    func makeDirectory(_ relative: String) throws(Problem) {
        do throws(SystemError) {
            try directory.makeDirectory(beneath: relative)
            try directory.open(beneath: relative, .read).setPermissions(0o755)
        } catch {
            throw Self.failure(relative, error)
        }
    }

    /// Opens a file for writing; one that is there already is emptied.
    func create(_ relative: String) throws(Problem) -> Descriptor {
        do throws(SystemError) {
            let file = try directory.open(beneath: relative, .write)
            file.setPermissions(0o644)
            return file
        } catch {
            throw Self.failure(relative, error)
        }
    }

    func remove() { try? Files.remove(path) }

    static func failure(_ path: String, _ error: SystemError) -> Problem {
        let isFull = error.errno == ENOSPC || error.errno == EDQUOT
        return Problem(
            .temporarilyUnavailable, "\(path.quoted) cannot be written: \(error)",
            hint: isFull ? "free space where builds are kept" : "check Slipway's state directory")
    }
}
