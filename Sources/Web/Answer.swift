internal import Builds
internal import Core
internal import FastCGI

/// JSON answers.
enum Answer {
    static let headers: [(name: String, value: String)] = [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]

    static func json(_ body: [UInt8]) -> GatewayResponse {
        GatewayResponse(status: 200, headers: headers, body: .bytes(body))
    }

    /// Plain text that no browser takes for a page.
    static func text(_ body: [UInt8]) -> GatewayResponse {
        GatewayResponse(status: 200, headers: textHeaders, body: .bytes(body))
    }

    static let textHeaders: [(name: String, value: String)] = [
        ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "sandbox; default-src 'none'"),
    ]

    static func json(_ value: some Encodable) throws -> GatewayResponse { json(try JSON.encode(value)) }

    /// A build's bytes as they are, under `build`.
    static func build(_ build: [UInt8], message: String? = nil) throws -> GatewayResponse {
        var body = Array(#"{"build":"#.utf8) + build
        if let message { body += Array(#","message":"#.utf8) + (try JSON.encode(message)) }
        return json(body + Array("}".utf8))
    }

    /// What a submit led to.
    static func accepted(_ accepted: BuildService.Accepted) throws -> GatewayResponse {
        var body = Array(#"{"build":"#.utf8) + accepted.build
        body += Array(#","coalesced":\#(accepted.isCoalesced),"message":"#.utf8)
        body += try JSON.encode(
            accepted.isCoalesced
                ? "the same is being built already; follow it at its link"
                : "the build was accepted; follow it at its link")
        return json(body + Array("}".utf8))
    }

    /// One page of a list.
    ///
    /// - Parameters:
    ///   - name: what the list is called in the answer.
    ///   - items: as they are shown.
    ///   - nextPageToken: asks for the next page; nil where there is none.
    /// - Returns: `{NAME: [ITEM, …], "next_page_token": TOKEN}`.
    /// - Throws: what cannot be encoded.
    static func page(_ name: String, _ items: [[UInt8]], nextPageToken: String?) throws -> GatewayResponse {
        var body = Array(#"{"\#(name)":["#.utf8) + Array(items.joined(separator: [UInt8(ascii: ",")]))
        body += Array("]".utf8)
        if let nextPageToken {
            body += Array(#","next_page_token":"#.utf8) + (try JSON.encode(nextPageToken))
        }
        return json(body + Array("}".utf8))
    }

    static func page(_ name: String, _ items: [some Encodable], nextPageToken: String?) throws
        -> GatewayResponse
    {
        try page(name, items.map { try JSON.encode($0) }, nextPageToken: nextPageToken)
    }

    static func problem(_ problem: Problem) -> [UInt8] {
        struct Body: Encodable {
            let code: String
            let message: String
            let hint: String?

            enum CodingKeys: String, CodingKey {
                case message, hint
                case code = "error_code"
            }
        }
        let body = Body(code: problem.code.rawValue, message: problem.message, hint: problem.hint)
        // Three texts can always be encoded; an empty object stands in for what cannot happen.
        return (try? JSON.encode(body)) ?? Array("{}".utf8)
    }
}
