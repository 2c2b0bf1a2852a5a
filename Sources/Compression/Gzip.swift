internal import CZlib

/// A gzip stream that cannot be written or read.
package struct GzipError: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// The gzip format (RFC 1952), piece by piece: what is held at a time does not grow with the stream.
package enum Gzip {
    private static let pieceSize = 64 << 10

    /// Compresses what `source` gives.
    ///
    /// - Parameters:
    ///   - source: the next bytes, as many as it likes; empty at the end.
    ///   - sink: gets the stream, at most 64 KiB at a time.
    /// - Throws: what either throws, or `GzipError`.
    package static func compress(from source: () throws -> [UInt8], into sink: ([UInt8]) throws -> Void)
        throws
    {
        var stream = z_stream()
        guard slipway_deflate_init(&stream) == Z_OK else { throw GzipError(description: "no memory is left") }
        defer { deflateEnd(&stream) }
        while true {
            let input = try source()
            let flush = input.isEmpty ? Z_FINISH : Z_NO_FLUSH
            let code = try run(&stream, input, into: sink) { deflate(&$0, flush) }
            guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
                throw GzipError(description: "zlib failed with \(code)")
            }
            if input.isEmpty { return }
        }
    }

    /// Gives back what was compressed.
    ///
    /// - Parameters:
    ///   - source: the next bytes of the stream; empty at the end.
    ///   - sink: gets the content, at most 64 KiB at a time.
    /// - Throws: what either throws, or `GzipError` where the stream is damaged or ends early.
    package static func decompress(from source: () throws -> [UInt8], into sink: ([UInt8]) throws -> Void)
        throws
    {
        var stream = z_stream()
        guard slipway_inflate_init(&stream) == Z_OK else { throw GzipError(description: "no memory is left") }
        defer { inflateEnd(&stream) }
        while true {
            let input = try source()
            guard !input.isEmpty else { throw GzipError(description: "the stream ends early") }
            let code = try run(&stream, input, into: sink) { inflate(&$0, Z_NO_FLUSH) }
            if code == Z_STREAM_END { return }
            guard code == Z_OK || code == Z_BUF_ERROR else {
                throw GzipError(description: "the stream is damaged")
            }
        }
    }

    /// Takes all of `input` through the stream.
    ///
    /// - Returns: the last code; what comes after a stream's end is left.
    static func run(
        _ stream: inout z_stream, _ input: [UInt8], into sink: ([UInt8]) throws -> Void,
        step: (inout z_stream) -> Int32
    ) rethrows -> Int32 {
        // zlib reads the input, though its pointer does not say so.
        var input = input
        return try input.withUnsafeMutableBufferPointer { buffer in
            stream.next_in = buffer.baseAddress
            stream.avail_in = UInt32(buffer.count)
            while true {
                var code = Z_OK
                let output = [UInt8](unsafeUninitializedCapacity: pieceSize) { output, filled in
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(pieceSize)
                    code = step(&stream)
                    filled = pieceSize - Int(stream.avail_out)
                }
                if !output.isEmpty { try sink(output) }
                // A full piece may have more behind it.
                if code != Z_OK || output.count < pieceSize { return code }
            }
        }
    }
}
