internal import Glibc

/// An IPv4 or IPv6 address; an IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
package struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, in network order.
    package let bytes: [UInt8]

    /// Reads what `inet_pton(3)` reads; a zone (`%eth0`) is left out.
    package init?(_ text: String) {
        let address = String(text.prefix { $0 != "%" })
        func read(_ family: Int32, _ length: Int) -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: length)
            return inet_pton(family, address, &bytes) == 1 ? bytes : nil
        }
        if let bytes = read(AF_INET, 4) {
            self.bytes = bytes
        } else if let bytes = read(AF_INET6, 16) {
            let isMapped = bytes.prefix(12).elementsEqual([UInt8](repeating: 0, count: 10) + [255, 255])
            self.bytes = isMapped ? Array(bytes.suffix(4)) : bytes
        } else {
            return nil
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    package var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// What one caller holds of the network: an IPv4 address, or the /64 of an IPv6 address.
    package var network: NetworkAddress {
        bytes.count == 4 ? self : NetworkAddress(bytes: bytes.prefix(8) + [UInt8](repeating: 0, count: 8))
    }

    package var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard
            inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count)) != nil
        else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Addresses that begin with the same bits, such as `10.0.0.0/8`.
package struct NetworkRange: Sendable, Equatable {
    private let base: NetworkAddress
    private let bits: Int

    /// Reads an address, alone or with the number of bits behind a slash.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let base = NetworkAddress(parts[0]) else { return nil }
        let all = base.bytes.count * 8
        guard parts.count == 1 || Int(parts[1]).map({ (0...all).contains($0) }) == true else { return nil }
        self.base = base
        bits = parts.count == 1 ? all : Int(parts[1]) ?? all
    }

    package func contains(_ address: NetworkAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        return zip(base.bytes, address.bytes).enumerated().allSatisfy { index, pair in
            let relevant = min(max(bits - index * 8, 0), 8)
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> relevant)
            return pair.0 & mask == pair.1 & mask
        }
    }
}
