internal import CPosix
internal import Glibc

/// Tells in which of several directories a file was written, moved or removed; for one thread.
///
/// It is a hint and no more: where another machine writes, or too much happens, nothing is told.
/// The corresponding C functions are `inotify_init1(2)` and `inotify_add_watch(2)`.
package final class DirectoryWatch {
    /// Readable when there is news.
    package let descriptor: Descriptor
    private var names: [Int32: String] = [:]
    private var numbers: [String: Int32] = [:]

    package init() throws(SystemError) {
        let number = inotify_init1(O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw SystemError("inotify_init1") }
        descriptor = Descriptor(adopting: number)
    }

    /// Begins to watch what happens directly in a directory.
    ///
    /// - Throws: `SystemError`, for one where the system's watches are used up.
    package func add(_ path: String) throws(SystemError) {
        let events = UInt32(IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR)
        let number = inotify_add_watch(descriptor.number, path, events)
        guard number >= 0 else { throw SystemError("inotify_add_watch", path) }
        names[number] = path
        numbers[path] = number
    }

    package func remove(_ path: String) {
        guard let number = numbers.removeValue(forKey: path) else { return }
        names[number] = nil
        inotify_rm_watch(descriptor.number, number)
    }

    /// The directories with news since the last call.
    package func changed() -> Set<String> {
        var changed: Set<String> = []
        withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 8) { buffer in
            while true {
                let count = Glibc.read(descriptor.number, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                // struct inotify_event: wd at 0, len at 12, the name from 16 on.
                var offset = 0
                while offset + 16 <= count {
                    let number = buffer.loadUnaligned(fromByteOffset: offset, as: Int32.self)
                    let length = buffer.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)
                    if let name = names[number] { changed.insert(name) }
                    offset += 16 + Int(length)
                }
            }
        }
        return changed
    }
}
