package import Core

/// A server that speaks HTTP: where it is and how to log in there.
package struct HTTPServer: Sendable {
    package enum Credentials: Sendable {
        case basic(user: String, password: Secret)
        case bearer(Secret)
    }

    /// `scheme://host[:port][/prefix]` without a closing slash; holds no credentials, so it can be shown.
    package let address: String
    package let credentials: Credentials?
    /// A file of certificates in PEM to trust instead of the system's.
    package let caBundle: String?
    /// nil leaves it to the environment, as libcurl reads it (http_proxy, https_proxy, no_proxy).
    package let proxy: Proxy?

    /// The way to servers that cannot be reached directly.
    package struct Proxy: Sendable {
        /// An address, with user and password where the proxy wants them; nil is the environment's.
        package let address: Secret?
        /// Hosts and domains that are reached directly, with commas between them; nil are the environment's.
        package let except: String?

        package init(address: Secret?, except: String?) {
            self.address = address
            self.except = except
        }
    }

    /// Takes an address apart from how to log in there.
    ///
    /// - Parameters:
    ///   - url: an http or https address; a closing slash is dropped.
    ///   - field: names the setting that holds `url`.
    ///   - credentials: sent with every request; nil for none.
    ///   - caBundle: a file of certificates in PEM to trust instead of the system's.
    ///   - proxy: the way there; nil leaves it to the environment.
    /// - Throws: `Problem` naming `field`, unless `url` is an http or https address without user, query and fragment.
    package init(
        url: String, field: String, credentials: Credentials? = nil, caBundle: String? = nil,
        proxy: Proxy? = nil
    ) throws(Problem) {
        func refuse(_ rule: String) -> Problem {
            .invalid(field, rule, hint: "write it as http://host:port, credentials apart from it")
        }
        let folded = url.lowercased()
        guard folded.hasPrefix("http://") || folded.hasPrefix("https://") else {
            throw refuse("must begin with http:// or https://")
        }
        guard !url.hasControlCharacters, !url.contains(where: { " \\\"<>`{}|^".contains($0) }) else {
            throw refuse("must not hold spaces, quotes, backslashes or control characters")
        }
        guard !url.contains("@") else { throw refuse("must not hold a user or password") }
        guard !url.contains("?"), !url.contains("#") else {
            throw refuse("must not hold a query or a fragment")
        }
        let trimmed = url.withoutClosingSlashes
        guard let scheme = trimmed.firstRange(of: "://"), let first = trimmed[scheme.upperBound...].first,
            first != "/", first != ":"
        else {
            throw refuse("must name a host")
        }
        address = trimmed
        self.credentials = credentials
        self.caBundle = caBundle
        self.proxy = proxy
    }

    private init(_ other: HTTPServer, _ credentials: Credentials) {
        address = other.address
        self.credentials = credentials
        caBundle = other.caBundle
        proxy = other.proxy
    }

    /// The same server, asked by somebody else.
    package func with(_ credentials: Credentials) -> HTTPServer { HTTPServer(self, credentials) }
}

/// A request that brought no whole answer.
package struct HTTPError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// No connection: wrong address, nobody listening, no route.
        case unreachable
        case timedOut
        /// The certificate is not trusted, or TLS failed otherwise.
        case tls
        /// The answer is longer than the caller takes.
        case tooLarge
        /// The answer ended before its announced length.
        case interrupted
    }

    package let kind: Kind
    /// libcurl's words, without credentials.
    package let message: String
    package let address: String

    package var description: String { "\(address): \(message)" }
}
