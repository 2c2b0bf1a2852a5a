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
    /// The peer of the web server.
    package let address: String

    /// Bytes.
    package static let bodyLimit = 1 << 20

    /// - Throws: `Problem` where the query is not percent-encoded UTF-8.
    package init(_ gateway: GatewayRequest) throws(Problem) {
        let parameters = gateway.parameters
        method = parameters["REQUEST_METHOD"] ?? "GET"
        let target = parameters["REQUEST_URI"] ?? "/"
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        path = halves[0]
        query = try Self.fields(halves.count == 2 ? halves[1] : "")
        body = gateway.body
        authorization = parameters["HTTP_AUTHORIZATION"]
        contentType = parameters["CONTENT_TYPE"].flatMap { $0.isEmpty ? nil : $0 }
        range = parameters["HTTP_RANGE"]
        address = parameters["REMOTE_ADDR"] ?? ""
    }

    /// The value of a field that may stand once.
    package func field(_ name: String) throws(Problem) -> String? {
        let values = query.filter { $0.name == name }
        guard values.count <= 1 else { throw .invalid(name, "stands more than once in the query") }
        return values.first?.value
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
