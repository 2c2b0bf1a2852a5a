import Core
import FoundationEssentials
import Posix
import Synchronization

/// Counts how often each file was asked for.
final class Attempts: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func next(_ path: String) -> Int {
        counts.withLock { counts in
            counts[path, default: 0] += 1
            return counts[path, default: 1] - 1
        }
    }
}

/// A directory that goes with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = try Files.canonical(FileManager.default.temporaryDirectory.path) + "/slipway-\(UUID())"
        try Files.makeDirectory(path)
    }

    deinit { try? Files.remove(path) }

    func write(_ relative: String, _ bytes: [UInt8]) throws {
        try Files.makeDirectory(Files.parent(of: "\(path)/\(relative)"))
        try Files.replace("\(path)/\(relative)", with: bytes)
    }

    func link(_ relative: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(relative)", withDestinationPath: target)
    }

    /// Every file beneath, by its path.
    func files(in relative: String) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in try Files.names(in: "\(path)/\(relative)") {
            let inner = "\(relative)/\(name)"
            if try Files.status("\(path)/\(inner)")?.kind == .directory {
                found.merge(try files(in: inner)) { first, _ in first }
            } else {
                found[inner] = try Files.read("\(path)/\(inner)", limit: 1 << 24)
            }
        }
        return found
    }
}
