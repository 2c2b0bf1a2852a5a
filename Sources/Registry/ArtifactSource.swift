internal import Core

/// A version's source or an artifact URI, as MLflow writes them.
enum ArtifactSource: Equatable {
    /// `mlflow-artifacts:/PATH`, a path under the server's own store, decoded.
    case proxied(path: String)
    /// `models:/m-ID`, or `models:/NAME/VERSION` without an id: the registry knows where that lies.
    case model(id: String?)
    /// `runs:/RUN/PATH`.
    case run(id: String, path: String)
    /// A directory of the registry's machine: an absolute path or a `file:` URI.
    case directory(path: String)

    /// Reads a source; `server` is the address of the registry's server, the only one that a URI may name.
    init(_ text: String, server: String?) throws(Problem) {
        guard !text.hasPrefix("/") else {
            self = .directory(path: try Self.checked(text))
            return
        }
        guard let colon = text.firstIndex(of: ":"), text[..<colon].isScheme else {
            throw .source("is neither a URI nor an absolute path")
        }
        let rest = String(text[text.index(after: colon)...])
        switch text[..<colon].lowercased() {
        case "mlflow-artifacts":
            let (host, path) = Self.split(rest)
            guard host == nil || host == server?.authority else {
                throw .source(
                    "is on another server than the registry",
                    hint: "set registry.uri to that server's address, or copy the model")
            }
            self = .proxied(path: try Self.relative(try Self.uriPath(path).decodedFully))
        case "models":
            let path = try Self.relative(try Self.uriPath(rest))
            self = .model(id: path.hasPrefix("m-") && path.isIdentifier ? path : nil)
        case "runs":
            let path = try Self.relative(try Self.uriPath(rest))
            let parts = path.pathComponents
            guard parts.count > 1, let id = parts.first, id.isIdentifier else {
                throw .source("names no path in a run")
            }
            self = .run(id: id, path: parts.dropFirst().joined(separator: "/"))
        case "file":
            let (host, path) = Self.split(rest)
            guard host == nil || host == "localhost" else {
                throw .source("is a file of another machine")
            }
            guard path.hasPrefix("/"), let decoded = try Self.uriPath(path).percentDecoded else {
                throw .source("is a file: URI without an absolute path")
            }
            self = .directory(path: try Self.checked(decoded))
        case let scheme:
            throw .source(
                "is in a store of the kind \(scheme.printable(limit: 20)):, which Slipway cannot read",
                hint:
                    "let the MLflow server pass artifacts on (mlflow server --serve-artifacts, its default), "
                    + "so that sources begin with mlflow-artifacts: or models:")
        }
    }

    /// The place `path` beneath this one.
    func appending(_ path: String) throws(Problem) -> ArtifactSource {
        switch self {
        case .proxied(let base): .proxied(path: "\(base)/\(try Self.relative(path.decodedFully))")
        case .directory(let base): .directory(path: try Self.checked("\(base)/\(path)"))
        case .model, .run: throw .source("leads from one reference to another")
        }
    }

    /// A path that stays beneath where it begins, and no part of which could mean something else to a later reader.
    ///
    /// Decoding to a fixed point first is what MLflow's own checks lacked (CVE-2023-6909, CVE-2024-1560).
    private static func checked(_ path: String) throws(Problem) -> String {
        let decoded = path.decodedFully
        guard !decoded.hasControlCharacters, !decoded.unicodeScalars.contains("\\") else {
            throw .source("holds a backslash or control characters")
        }
        guard !decoded.pathComponents.contains("..") else { throw .source("holds ..") }
        return path
    }

    /// A checked path without empty parts.
    private static func relative(_ path: String) throws(Problem) -> String {
        let parts = try checked(path).pathComponents.filter { $0 != "." }
        guard !parts.isEmpty else { throw .source("names no path") }
        return parts.joined(separator: "/")
    }

    /// A URI's path; where readers would split off a query or a fragment, they would not agree.
    private static func uriPath(_ text: String) throws(Problem) -> String {
        guard !text.unicodeScalars.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw .source("holds a ? or #")
        }
        return text
    }

    /// What follows a scheme, as its authority, if it is not empty, and its path.
    private static func split(_ rest: String) -> (host: String?, path: String) {
        guard rest.hasPrefix("//") else { return (nil, rest) }
        let host = rest.dropFirst(2).prefix { $0 != "/" }
        return (host.isEmpty ? nil : String(host), String(rest.dropFirst(2 + host.count)))
    }
}

extension String {
    /// The host and port of an address with a scheme.
    fileprivate var authority: String? { pathComponents.dropFirst().first }
}

extension Substring {
    /// Whether the text could be a URI's scheme (RFC 3986, 3.1), and not the start of something else with a colon.
    fileprivate var isScheme: Bool {
        !isEmpty && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    }
}

extension String {
    /// The text with `%XX` decoded again and again until nothing changes; a percent sign alone stays.
    ///
    /// MLflow's server reads paths so, and what it reads is what has to be harmless.
    fileprivate var decodedFully: String {
        var bytes = Array(utf8)
        while true {
            var decoded: [UInt8] = []
            var index = 0
            while index < bytes.count {
                let digits = bytes[index...].dropFirst().prefix(2)
                if bytes[index] == UInt8(ascii: "%"), digits.count == 2,
                    digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                {
                    decoded.append(byte)
                    index += 3
                } else {
                    decoded.append(bytes[index])
                    index += 1
                }
            }
            if decoded.count == bytes.count { return String(decoding: decoded, as: UTF8.self) }
            bytes = decoded
        }
    }
}
