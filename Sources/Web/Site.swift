package import Posix

/// How this site is reached: what a request's addresses and headers mean here.
package struct Site: Sendable {
    /// The address that browsers see, without a closing slash; nil takes each request's own `Host`.
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
        guard isTrusted(address), let list = request.forwardedFor, list.utf8.count <= 4096 else {
            return address
        }
        for entry in list.split(separator: ",").reversed() {
            guard let next = NetworkAddress(String(entry.filter { $0 != " " })) else { break }
            address = next
            guard isTrusted(next) else { break }
        }
        return address
    }

    /// Whether the request comes from this machine and through no proxy.
    func isLocal(_ request: Request) -> Bool {
        request.forwardedFor == nil && NetworkAddress(request.peer)?.isLoopback == true
    }

    /// Whether the browser's connection is encrypted, so far as that can be known.
    func isSecure(_ request: Request) -> Bool {
        if let publicURL { return publicURL.hasPrefix("https://") }
        return request.isTLS
            || isTrusted(NetworkAddress(request.peer)) && request.forwardedProtocol == "https"
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
        if let publicURL, Self.authority(origin) == Self.authority(publicURL) { return .same }
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
