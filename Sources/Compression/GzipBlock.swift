internal import CZlib

/// A part of gzip streams (RFC 1952) that is the same in each: many streams share it, compressed once.
///
/// Its deflate blocks (RFC 1951) end at a byte's boundary and refer to nothing before them.
package struct GzipBlock: Sendable {
    package let bytes: [UInt8]
    fileprivate let checksum: UInt
    fileprivate let length: Int
}

/// Makes blocks; for one thread.
package final class GzipBlockMaker {
    /// At one address, as zlib's own state points to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Throws: where no memory is left.
    package init() throws(GzipError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard slipway_raw_deflate_init(stream) == Z_OK else {
            stream.deallocate()
            throw GzipError(description: "no memory is left")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    package func block(_ content: [UInt8]) -> GzipBlock {
        var bytes: [UInt8] = []
        let code = Gzip.run(&stream.pointee, content) {
            bytes += $0
        } step: {
            deflate(&$0, Z_FULL_FLUSH)
        }
        precondition(code == Z_OK || code == Z_BUF_ERROR, "zlib has been used wrongly")
        return GzipBlock(
            bytes: bytes, checksum: crc32(0, content, UInt32(content.count)), length: content.count)
    }
}

/// What one gzip stream that is made of blocks has to know at its end.
package struct GzipSums: Sendable {
    private var checksum: UInt = 0
    private var length = 0

    /// What comes before the first block.
    package static let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 255]

    package init() {}

    /// Takes note of the next block that is sent.
    package mutating func add(_ block: GzipBlock) {
        checksum = crc32_combine(checksum, block.checksum, block.length)
        length += block.length
    }

    /// What comes behind the last block: an empty one that says so, then checksum and length.
    package var end: [UInt8] {
        [3, 0]
            + [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: length)].flatMap { sum in
                (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
            }
    }
}
