internal import CCurl
internal import Core

/// Requests to one server, one after another over a connection that is kept.
///
/// Use one client a thread.
/// Follows no redirect: a login page is no answer, and credentials stay with the server that they are for.
package final class HTTPClient {
    package struct Response: Sendable {
        package let status: Int
        package let contentType: String?
        package let body: [UInt8]
        /// Whether a 401 asks for name and password themselves (RFC 7617).
        package var takesBasic = false
    }

    private let server: HTTPServer
    private let timeoutSeconds: Int
    private let handle: UnsafeMutableRawPointer?

    /// Makes a client that has no connection yet.
    ///
    /// - Parameters:
    ///   - server: where requests go.
    ///   - timeoutSeconds: for a whole `get`, and for connecting.
    package init(_ server: HTTPServer, timeoutSeconds: Int = 30) {
        self.server = server
        self.timeoutSeconds = timeoutSeconds
        handle = HTTPLibrary.ready ? curl_easy_init() : nil
    }

    deinit { if let handle { curl_easy_cleanup(handle) } }

    /// Asks for `path` with GET.
    ///
    /// - Parameters:
    ///   - path: begins with a slash, percent-encoded; it is appended to the server's address.
    ///   - query: names and values as they are; they are encoded here, once.
    ///   - limit: the longest body that is taken, in bytes.
    /// - Returns: the answer, whatever its status.
    /// - Throws: `HTTPError` where no whole answer came.
    package func get(_ path: String, query: [(String, String)] = [], limit: Int = 4 << 20) throws(HTTPError)
        -> Response
    {
        let receiver = Receiver(limit: limit) { _ in }
        return try perform(path, query, receiver) { handle in
            slipway_curl_set_long(handle, CURLOPT_TIMEOUT, self.timeoutSeconds)
        }
    }

    /// Sends JSON to `path` with POST.
    ///
    /// - Parameters:
    ///   - path: as for `get`.
    ///   - json: the body.
    ///   - limit: the longest body that is taken, in bytes.
    /// - Returns: the answer, whatever its status.
    /// - Throws: `HTTPError` where no whole answer came.
    package func post(_ path: String, json: [UInt8], limit: Int = 4 << 20) throws(HTTPError) -> Response {
        let headers = curl_slist_append(nil, "Content-Type: application/json")
        defer { curl_slist_free_all(headers) }
        return try perform(path, [], Receiver(limit: limit) { _ in }) { handle in
            slipway_curl_set_long(handle, CURLOPT_TIMEOUT, self.timeoutSeconds)
            slipway_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
            slipway_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, json.count)
            json.withUnsafeBytes { bytes in
                // It is copied at once, and not written to.
                let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                slipway_curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, start)
            }
        }
    }

    /// Streams the body of a 200 into `sink`, as it comes.
    ///
    /// Other answers come back with up to 64 KiB of their body. There is no limit on the whole time, but an answer that
    /// stands still for 60 seconds is a timeout, and one that ends early an interruption.
    ///
    /// - Throws: `HTTPError`, or what `sink` throws.
    package func download(
        _ path: String, query: [(String, String)] = [], into sink: ([UInt8]) throws -> Void
    ) throws -> Response {
        try withoutActuallyEscaping(sink) { sink in
            let receiver = Receiver(limit: 64 << 10, sink: sink)
            do {
                return try perform(path, query, receiver) { handle in
                    receiver.handle = handle
                    slipway_curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
                    slipway_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, 60)
                }
            } catch {
                throw receiver.failure ?? error
            }
        }
    }

    private func perform(
        _ path: String, _ query: [(String, String)], _ receiver: Receiver,
        configure: (UnsafeMutableRawPointer) -> Void
    ) throws(HTTPError) -> Response {
        guard let handle else { throw failure(.unreachable, "libcurl could not be started") }
        curl_easy_reset(handle)
        let encoded = query.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
        let url = server.address + path + (encoded.isEmpty ? "" : "?\(encoded)")
        slipway_curl_set_string(handle, CURLOPT_URL, url)
        slipway_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        slipway_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        slipway_curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        slipway_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT, min(timeoutSeconds, 10))
        slipway_curl_set_string(handle, CURLOPT_USERAGENT, "slipway")
        if let caBundle = server.caBundle { slipway_curl_set_string(handle, CURLOPT_CAINFO, caBundle) }
        if let address = server.proxy?.address {
            slipway_curl_set_string(handle, CURLOPT_PROXY, address.revealed)
        }
        if let except = server.proxy?.except { slipway_curl_set_string(handle, CURLOPT_NOPROXY, except) }
        switch server.credentials {
        case .basic(let user, let password):
            slipway_curl_use_basic(handle)
            slipway_curl_set_string(handle, CURLOPT_USERNAME, user)
            slipway_curl_set_string(handle, CURLOPT_PASSWORD, password.revealed)
        case .bearer(let token):
            slipway_curl_use_bearer(handle)
            slipway_curl_set_string(handle, CURLOPT_XOAUTH2_BEARER, token.revealed)
        case nil: break
        }
        configure(handle)
        slipway_curl_set_write(handle, CURLOPT_WRITEFUNCTION, receive)
        slipway_curl_set_pointer(handle, CURLOPT_WRITEDATA, Unmanaged.passUnretained(receiver).toOpaque())

        let code = withExtendedLifetime(receiver) { curl_easy_perform(handle) }
        guard code == CURLE_OK else {
            if receiver.overflowed {
                throw failure(.tooLarge, "the answer is longer than \(receiver.limit) bytes")
            }
            throw failure(Self.kind(code), String(cString: curl_easy_strerror(code)))
        }
        var status = 0
        slipway_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        var contentType: UnsafeMutablePointer<CChar>?
        slipway_curl_get_string(handle, CURLINFO_CONTENT_TYPE, &contentType)
        return Response(
            status: status, contentType: contentType.map { String(cString: $0) }, body: receiver.body,
            takesBasic: slipway_curl_takes_basic(handle))
    }

    private func failure(_ kind: HTTPError.Kind, _ message: String) -> HTTPError {
        HTTPError(kind: kind, message: message, address: server.address)
    }

    private static func kind(_ code: CURLcode) -> HTTPError.Kind {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM: .interrupted
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: .tls
        default: .unreachable
        }
    }
}

/// libcurl's process-wide state, set up once before the first handle.
private enum HTTPLibrary {
    static let ready = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}

/// Where the bytes of one answer go.
private final class Receiver {
    let limit: Int
    let sink: (([UInt8]) throws -> Void)
    /// Set for a download, whose 200 goes to the sink.
    var handle: UnsafeMutableRawPointer?
    var body: [UInt8] = []
    var overflowed = false
    var failure: (any Error)?

    init(limit: Int, sink: @escaping ([UInt8]) throws -> Void) {
        self.limit = limit
        self.sink = sink
    }

    /// - Returns: whether to go on.
    func take(_ bytes: [UInt8]) -> Bool {
        if let handle {
            var status = 0
            slipway_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
            if status == 200 {
                do {
                    try sink(bytes)
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
            body += bytes.prefix(limit - body.count)
            return true
        }
        guard body.count + bytes.count <= limit else {
            overflowed = true
            return false
        }
        body += bytes
        return true
    }
}

private let receive: slipway_curl_write = { data, size, count, context in
    guard let data, let context else { return 0 }
    let bytes = Array(UnsafeRawBufferPointer(start: data, count: size * count))
    let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
    return receiver.take(bytes) ? bytes.count : 0
}
