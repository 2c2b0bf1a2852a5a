package import Posix

/// One request as the web server passes it on (FastCGI 1.0, responder role; names as in RFC 3875).
package struct GatewayRequest: Sendable {
    /// `REQUEST_METHOD`, `REQUEST_URI`, `HTTP_…` and whatever else the web server's configuration passes.
    package let parameters: [String: String]
    /// The body, or nil where it is longer than the limit.
    package let body: [UInt8]?

    package init(parameters: [String: String], body: [UInt8]? = []) {
        self.parameters = parameters
        self.body = body
    }
}

/// What goes back to the web server.
package struct GatewayResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// `length` bytes of a file from `offset`.
        case file(Descriptor, offset: Int, length: Int)
        /// Events, as they come.
        case events(EventSubscription)
    }

    package var status: Int
    /// Names and values; characters that could end a line are left out when they are sent.
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(status: Int, headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
