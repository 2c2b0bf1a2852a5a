internal import Glibc

/// Bytes that may hold a password: never copied, overwritten before their memory is given back.
@safe package final class WipedBytes {
    /// Never empty, so that it has an address.
    private let room: UnsafeMutableBufferPointer<UInt8>
    package let count: Int

    /// As many zeros.
    package init(count: Int) {
        self.count = count
        unsafe room = .allocate(capacity: max(1, count))
        unsafe room.initialize(repeating: 0)
    }

    package convenience init(_ content: some Collection<UInt8>) {
        self.init(count: content.count)
        put(content, at: 0)
    }

    /// A part of others.
    convenience init(_ other: WipedBytes, _ range: Range<Int>) {
        self.init(count: range.count)
        for index in range { self[index - range.lowerBound] = other[index] }
    }

    package subscript(index: Int) -> UInt8 {
        get {
            precondition((0..<count).contains(index))
            return unsafe room[index]
        }
        set {
            precondition((0..<count).contains(index))
            unsafe room[index] = newValue
        }
    }

    /// Writes over the bytes from `offset` on.
    package func put(_ content: some Collection<UInt8>, at offset: Int) {
        for (index, byte) in content.enumerated() { self[offset + index] = byte }
    }

    /// The bytes in place, for a call that reads them.
    package func read<Result, Failure: Error>(
        _ body: (borrowing Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(room.extracting(0..<count))))
    }

    /// The bytes in place, for a call that fills them.
    package func fill<Result, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe MutableSpan(_unsafeElements: room.extracting(0..<count))
        return try body(&span)
    }

    deinit {
        wipe()
        unsafe room.deallocate()
    }

    func wipe() {
        // An assignment to memory that is not read again may be left out by the optimizer.
        if let start = unsafe room.baseAddress { unsafe explicit_bzero(start, room.count) }
    }
}
