internal import Core
internal import HTTPClient
internal import Settings

/// The site's proxies, for who needs them.
extension Settings.Network {
    /// The way to a server; nil leaves it to this process's environment.
    func proxy(for url: String) -> HTTPServer.Proxy? {
        guard httpProxy != nil || httpsProxy != nil || noProxy != nil else { return nil }
        let address = url.lowercased().hasPrefix("https:") ? httpsProxy : httpProxy
        return HTTPServer.Proxy(address: address, except: noProxy)
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

    /// Passwords, and user names with them, that must not be seen.
    var hiddenTexts: [String] {
        [httpProxy, httpsProxy].compactMap { proxy in
            let rest = proxy?.revealed.split(separator: "/").dropFirst().first
            return rest?.lastIndex(of: "@").map { String(rest?[..<$0] ?? "") }
        }.flatMap { login in [login] + login.split(separator: ":").dropFirst().map(String.init) }
    }
}
