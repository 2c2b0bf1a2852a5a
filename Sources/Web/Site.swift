package import Posix

/// How this site is reached: what a request's addresses and headers mean here.
package struct Site: Sendable {
    /// The address that browsers see, without a closing slash; nil takes each request's own `Host`, which another name
    /// that leads here (DNS rebinding) would satisfy too, without any cookie or remembered password.
    private let publicURL: String?
    /// Proxies in front of the web server whose `X-Forwarded-…` is believed.
    private let trustedProxies: [NetworkRange]

    package init(publicURL: String? = nil, trustedProxies: [NetworkRange] = []) {
        self.publicURL = publicURL
        self.trustedProxies = trustedProxies
    }

    private func isTrusted(_ address: NetworkAddress?) -> Bool {
        address.map { address in trustedProxies.contains { $0.contains(address) } } ?? false
    }

    /// Who sends a request: the web server's peer, or whom a trusted proxy names.
    ///
    /// Of `X-Forwarded-For` only what trusted proxies wrote counts, from the right: the rest is the client's invention.
    func address(_ request: Request) -> NetworkAddress? {
        var address = NetworkAddress(request.peer)
        guard isTrusted(address), let list = request.forwardedFor else { return address }
        // By bytes, and only so many: what stands first is the client's own and may be anything.
        for entry in Array(list.utf8.suffix(4096)).split(separator: UInt8(ascii: ",")).reversed() {
            let text = String(decoding: entry.filter { $0 > 0x20 }, as: UTF8.self)
            guard let next = NetworkAddress(Self.withoutPort(text)) else { break }
            address = next
            guard isTrusted(next) else { break }
        }
        return address
    }

    /// `192.0.2.1:4711` and `[2001:db8::1]:4711`, as some proxies write.
    private static func withoutPort(_ text: String) -> String {
        if let bracketed = text.wholeMatch(of: /\[([^\]]*)\](:[0-9]+)?/) { return String(bracketed.1) }
        if let plain = text.wholeMatch(of: /([0-9.]+):[0-9]+/) { return String(plain.1) }
        return text
    }

    /// Whether the request comes from this machine and through no proxy.
    func isLocal(_ request: Request) -> Bool {
        request.forwardedFor == nil && NetworkAddress(request.peer)?.isLoopback == true
    }

    /// Whether the browser's connection is encrypted, so far as that can be known.
    func isSecure(_ request: Request) -> Bool {
        if let publicURL { return publicURL.lowercased().hasPrefix("https://") }
        return request.isTLS
            || isTrusted(NetworkAddress(request.peer))
                && request.forwardedProtocol?.lowercased().hasSuffix("https") == true
    }

    /// The name of the session cookie; over TLS one that no other host and no plain connection can set
    /// (RFC 6265bis, section 4.1.3.2).
    func sessionCookie(_ request: Request) -> String {
        isSecure(request) ? "__Host-slipway_session" : "slipway_session"
    }

    /// What pages of other sites could not have a browser send.
    enum Origin: Equatable {
        /// A browser says that a page of this site sends it.
        case same
        /// A browser says otherwise, or will not say.
        case foreign
        /// Nothing is said: programs say nothing, and neither do very old browsers.
        case unsaid
    }

    /// Where a request comes from (https://fetch.spec.whatwg.org/#origin-header and the Fetch Metadata headers).
    func origin(_ request: Request) -> Origin {
        if let site = request.fetchSite, site != "same-origin" { return .foreign }
        guard let origin = request.origin else { return request.fetchSite == nil ? .unsaid : .same }
        if let publicURL { return Self.authority(origin) == Self.authority(publicURL) ? .same : .foreign }
        // TLS may end before the web server: the scheme says nothing.
        guard let host = request.host, let authority = Self.authority(origin) else { return .foreign }
        let own = ["http", "https"].compactMap { Self.authority("\($0)://\(host)") }
        return own.contains(authority) ? .same : .foreign
    }

    /// Host and port of an origin, lower case, without a port that its scheme has anyway.
    private static func authority(_ origin: String) -> String? {
        let folded = origin.lowercased()
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where folded.hasPrefix(scheme) {
            let authority = folded.dropFirst(scheme.count).prefix { $0 != "/" }
            guard !authority.isEmpty else { return nil }
            return String(authority.hasSuffix(port) ? authority.dropLast(port.count) : authority)
        }
        return nil
    }
}
