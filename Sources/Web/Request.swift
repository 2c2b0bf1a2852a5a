package import Core
package import FastCGI

/// One HTTP request, as routes see it.
package struct Request: Sendable {
    package let method: String
    /// As it was sent, without the query: routes hold no character that is ever encoded, so nothing is decoded.
    package let path: String
    /// Fields of the query string, decoded, in their order.
    package let query: [(name: String, value: String)]
    /// nil where it is longer than `bodyLimit`.
    package let body: [UInt8]?
    package let authorization: String?
    package let contentType: String?
    package let range: String?
    let acceptEncoding: String
    /// `Last-Event-ID` (HTML Standard, section 9.2.4).
    let lastEventID: String?
    /// The peer of the web server; see `Site` for who it speaks for.
    let peer: String
    let forwardedFor: String?
    let forwardedProtocol: String?
    /// Whether the web server itself was asked over TLS.
    let isTLS: Bool
    let host: String?
    let origin: String?
    /// `Sec-Fetch-Site`: what a browser says of the page that sends the request.
    let fetchSite: String?
    let cookies: String?
    package let agent: String
    /// Names the request in logs: the web server's name for it, where that passes one.
    package let id: String
    /// Whether the web server itself asks, for `auth_request`; no client can say so.
    let isOfWebServer: Bool

    /// Bytes.
    package static let bodyLimit = 1 << 20

    /// - Throws: `Problem` where the query is not percent-encoded UTF-8.
    package init(_ gateway: GatewayRequest) throws(Problem) {
        let parameters = gateway.parameters
        method = parameters["REQUEST_METHOD"] ?? "GET"
        let target = parameters["REQUEST_URI"] ?? "/"
        let halves = target.utf8.split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false
        )
        .map { String(decoding: Array($0), as: UTF8.self) }
        path = halves[0]
        query = try Self.fields(halves.count == 2 ? halves[1] : "")
        body = gateway.body
        authorization = parameters["HTTP_AUTHORIZATION"]
        contentType = parameters["CONTENT_TYPE"].flatMap { $0.isEmpty ? nil : $0 }
        range = parameters["HTTP_RANGE"]
        acceptEncoding = parameters["HTTP_ACCEPT_ENCODING"] ?? ""
        lastEventID = parameters["HTTP_LAST_EVENT_ID"].flatMap { $0.isEmpty ? nil : $0 }
        peer = parameters["REMOTE_ADDR"] ?? ""
        forwardedFor = parameters["HTTP_X_FORWARDED_FOR"]
        forwardedProtocol = parameters["HTTP_X_FORWARDED_PROTO"]
        isTLS = parameters["REQUEST_SCHEME"] == "https" || parameters["HTTPS"] == "on"
        host = parameters["HTTP_HOST"]
        origin = parameters["HTTP_ORIGIN"]
        fetchSite = parameters["HTTP_SEC_FETCH_SITE"]
        cookies = parameters["HTTP_COOKIE"]
        agent = parameters["HTTP_USER_AGENT"] ?? ""
        id =
            parameters["REQUEST_ID"].flatMap { $0.wholeMatch(of: /[0-9a-f]{8,64}/) == nil ? nil : $0 }
            ?? BuildID.random().text
        isOfWebServer = parameters["SLIPWAY_INTERNAL"] == "1"
    }

    /// Whether it seems to come from a browser, whose own dialog for passwords nobody wants to see.
    var isOfBrowser: Bool { fetchSite != nil || agent.contains("Mozilla/") }

    /// Whether the answer may be a gzip stream (RFC 9110, section 12.5.3).
    var acceptsGzip: Bool {
        acceptEncoding.utf8.split(separator: UInt8(ascii: ",")).contains { coding in
            let halves = coding.split(
                separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false
            )
            .map { String(decoding: $0.filter { $0 != 0x20 && $0 != 9 }, as: UTF8.self).lowercased() }
            guard halves[0] == "gzip" else { return false }
            guard halves.count == 2 else { return true }
            // Any weight but 0.
            return halves[1].hasPrefix("q=")
                && halves[1].utf8.dropFirst(2).contains { (0x31...0x39).contains($0) }
        }
    }

    /// Whether it asks for a change.
    var isChange: Bool { !["GET", "HEAD", "OPTIONS"].contains(method) }

    /// The value of a cookie; nil where there is none or several, one of which another site may have set.
    func cookie(_ name: String) -> String? {
        let beginning = Array("\(name)=".utf8)
        let values = Array((cookies ?? "").utf8).split(separator: UInt8(ascii: ";"))
            .map { $0.drop { $0 == 0x20 } }
            .filter { $0.starts(with: beginning) }
        return values.count == 1 ? String(decoding: values[0].dropFirst(beginning.count), as: UTF8.self) : nil
    }

    /// The value of a field that may stand once.
    package func field(_ name: String) throws(Problem) -> String? {
        let values = query.filter { $0.name == name }
        guard values.count <= 1 else { throw .invalid(name, "stands more than once in the query") }
        return values.first?.value
    }

    /// The same for a field that is `true` or `false`.
    func truth(_ name: String) throws(Problem) -> Bool? {
        guard let text = try field(name) else { return nil }
        guard let truth = ["true": true, "false": false][text] else {
            throw .invalid(name, "must be true or false")
        }
        return truth
    }

    private static func fields(_ text: String) throws(Problem) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for pair in text.split(separator: "&") {
            let halves = pair.replacing("+", with: " ").split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = String(halves[0]).percentDecoded,
                let value = (halves.count == 2 ? String(halves[1]) : "").percentDecoded
            else { throw .invalid("query", "is not percent-encoded UTF-8") }
            fields.append((name, value))
        }
        return fields
    }
}
