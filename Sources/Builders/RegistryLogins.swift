package import Core
internal import FoundationEssentials
internal import Posix

/// Logins of registries, from a file that docker or podman wrote (`config.json`, `auth.json`).
package struct RegistryLogins: Sendable {
    private struct File: Codable {
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    private struct Entry: Codable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
        var registrytoken: String?

        /// User name and password as docker wants them.
        var encoded: String? {
            if let auth, !auth.isEmpty { return auth }
            guard let username, let password else { return nil }
            return Data("\(username):\(password)".utf8).base64EncodedString()
        }
    }

    private let file: File

    /// Reads the file.
    ///
    /// - Parameter path: as the setting `images.registry_auth_file` names it.
    /// - Throws: `Problem` naming that setting; nothing of the content is in it.
    package init(_ path: String) throws(Problem) {
        do {
            file = try JSONDecoder().decode(File.self, from: Data(try Files.read(path, limit: 1 << 20)))
        } catch let error as SystemError {
            throw .invalid(
                "images.registry_auth_file", "\(path) cannot be read",
                hint: error.isNotFound
                    ? "make it, for example: podman login --authfile \(path) REGISTRY"
                    : "let the user that Slipway runs as read it")
        } catch {
            throw .invalid(
                "images.registry_auth_file", "\(path) is no JSON of logins",
                hint: Self.anew)
        }
        guard file.auths != nil || file.credHelpers != nil || file.credsStore != nil else {
            throw .invalid(
                "images.registry_auth_file", "\(path) holds no logins (\"auths\")",
                hint: Self.anew)
        }
    }

    private static let anew = "make it anew: podman login --authfile FILE REGISTRY"

    /// Whether there is something to show to the registry of an image.
    func knows(_ image: ImageReference) -> Bool {
        entry(for: image) != nil || file.credsStore != nil || file.credHelpers?[host(image)] != nil
    }

    /// User name and password for an image's registry; nil where there are none, or only a helper knows them.
    package func login(for image: ImageReference) -> (user: String, password: Secret)? {
        guard let encoded = entry(for: image)?.encoded, let bytes = Data(base64Encoded: encoded) else {
            return nil
        }
        let parts = String(decoding: bytes, as: UTF8.self).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        return (String(parts[0]), Secret(String(parts[1])))
    }

    /// A config.json for docker that holds the one login that a push needs.
    func dockerConfiguration(for image: ImageReference) throws(Problem) -> [UInt8] {
        var own = File()
        if var entry = entry(for: image) {
            entry.auth = entry.encoded
            entry.username = nil
            entry.password = nil
            own.auths = [host(image): entry]
        }
        own.credsStore = file.credsStore
        own.credHelpers = file.credHelpers
        do {
            return Array(try JSONEncoder().encode(own))
        } catch {
            throw Problem(.internalError, "a login cannot be written as JSON", cause: error)
        }
    }

    /// Texts that must not reach the log.
    var hiddenTexts: [String] {
        (file.auths ?? [:]).values.flatMap { entry in
            let texts = [entry.auth, entry.password, entry.identitytoken, entry.registrytoken]
            let login = entry.encoded.flatMap { Data(base64Encoded: $0) }.map {
                String(decoding: $0, as: UTF8.self)
            }
            let password = login?.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init)
            return (texts + [login, password]).compactMap(\.self)
        }
    }

    /// The most particular one: podman knows logins of paths, docker spells hosts as addresses too.
    private func entry(for image: ImageReference) -> Entry? {
        guard let auths = file.auths else { return nil }
        let registry = image.registry ?? "docker.io"
        var path = image.path.pathComponents
        while !path.isEmpty {
            if let entry = auths["\(registry)/\(path.joined(separator: "/"))"] { return entry }
            path.removeLast()
        }
        let addresses = ["https://\(registry)", "http://\(registry)"].flatMap { address in
            ["", "/", "/v1/", "/v2/"].map { address + $0 }
        }
        return ([host(image), registry] + addresses).lazy.compactMap { auths[$0] }.first
    }

    /// What docker calls a registry in its file.
    private func host(_ image: ImageReference) -> String {
        let host = image.registry ?? "docker.io"
        return host == "docker.io" ? "https://index.docker.io/v1/" : host
    }
}
