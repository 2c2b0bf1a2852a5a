internal import Core
package import HTTPClient
package import Settings

/// The site's proxies, for who needs them.
extension Settings.Network {
    /// The way to a server; what is nil is left to this process's environment.
    package func proxy(for url: String) -> HTTPServer.Proxy {
        HTTPServer.Proxy(
            address: url.lowercased().hasPrefix("https:") ? httpsProxy : httpProxy, except: noProxy)
    }

    /// Variables for programs, in both letter cases: some look for one, some for the other.
    var environment: [String: String] {
        var variables: [String: String] = [:]
        let values = [
            "http_proxy": httpProxy?.revealed, "https_proxy": httpsProxy?.revealed, "no_proxy": noProxy,
        ]
        for (name, value) in values {
            variables[name] = value
            variables[name.uppercased()] = value
        }
        return variables
    }
}
