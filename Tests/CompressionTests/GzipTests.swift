import Testing

@testable import Compression

@Suite struct GzipTests {
    /// A source that gives `bytes` in pieces.
    private func pieces(_ bytes: [UInt8], _ size: Int) -> () -> [UInt8] {
        var rest = bytes[...]
        return {
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
    }

    private func compressed(_ bytes: [UInt8], _ size: Int = 1000) throws -> [UInt8] {
        var result: [UInt8] = []
        try Gzip.compress(from: pieces(bytes, size)) { result += $0 }
        return result
    }

    private func decompressed(_ bytes: [UInt8], _ size: Int = 1000) throws -> [UInt8] {
        var result: [UInt8] = []
        try Gzip.decompress(from: pieces(bytes, size)) { piece in
            #expect(piece.count <= 64 << 10)
            result += piece
        }
        return result
    }

    private static func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 200_000], [1000, 1 << 20])
    func `what was compressed comes back`(_ count: Int, _ size: Int) throws {
        for content in [Self.noise(count), [UInt8](repeating: 0, count: count)] {
            #expect(try decompressed(compressed(content, size), size) == content)
        }
    }

    @Test func `a stream is in gzip's format, and smaller where that is possible`() throws {
        let stream = try compressed(Array(String(repeating: "the same line\n", count: 10_000).utf8))
        #expect(stream.starts(with: [0x1F, 0x8B, 8]) && stream.count < 2000)
    }

    @Test func `a stream that is cut or changed is not taken for whole`() throws {
        let stream = try compressed(Self.noise(5000))
        for end in [0, 1, 9, 100, stream.count - 1] {
            #expect(throws: GzipError.self) { try decompressed(Array(stream[..<end])) }
        }
        for place in [0, 3000, stream.count - 6] {
            var damaged = stream
            damaged[place] ^= 1
            #expect(throws: GzipError.self) { try decompressed(damaged) }
        }
    }

    @Test func `what comes after a stream's end is left`() throws {
        #expect(try decompressed(compressed([1, 2, 3]) + [9, 9]) == [1, 2, 3])
    }

    private struct Full: Error {}

    @Test func `an error of whoever takes it comes through`() {
        #expect(throws: Full.self) {
            try Gzip.compress(from: pieces(Self.noise(10), 10)) { _ in throw Full() }
        }
    }

    @Test(arguments: [[0], [5, 0, 70_000], [200_000, 1, 1], []])
    func `streams share their blocks, and each is whole`(_ counts: [Int]) throws {
        let maker = try GzipBlockMaker()
        let contents = counts.map(Self.noise) + [Array(String(repeating: "line\n", count: 9000).utf8)]
        let blocks = contents.map { maker.block($0) }
        #expect(blocks.last.map { $0.bytes.count < 500 } == true)
        // Each begins with another of them.
        for start in contents.indices {
            var sums = GzipSums()
            var stream = GzipSums.head
            for block in blocks[start...] {
                stream += block.bytes
                sums.add(block)
            }
            #expect(try decompressed(stream + sums.end) == contents[start...].flatMap { $0 })
            #expect(throws: GzipError.self) { try decompressed(stream + GzipSums().end) }
        }
    }

    @Test func `a block can be read before the next is there`() throws {
        let maker = try GzipBlockMaker()
        var told: [UInt8] = []
        let stream = GzipSums.head + maker.block([1, 2, 3]).bytes
        #expect(throws: GzipError.self) { try Gzip.decompress(from: pieces(stream, 100)) { told += $0 } }
        #expect(told == [1, 2, 3])
    }
}
