internal import Core
internal import FoundationEssentials
internal import Posix
internal import YAML

/// What `submit` reads: a site's YAML, filled in value by value and handed over as JSON.
///
/// A value goes into the tree and never into text, so that none can become another key. `{command}` as a whole value
/// becomes a list of texts, `{id}` a text; inside a longer text only single words are filled in.
struct Manifest {
    private let root: YAMLNode

    /// Reads a site's manifest.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - needsName: whether `metadata.name` has to be `{name}`: a job with a name of its own cannot exist twice.
    /// - Throws: `Problem` naming the line that is wrong.
    init(_ path: String, needsName: Bool) throws(Problem) {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(path, limit: 32 << 10)
        } catch {
            throw Problem(
                .invalidParameterValue, "launcher.manifest: \(path) cannot be read",
                hint: "it is a file of at most 32 KiB; packaging/kubernetes/runner.yaml is one to begin with",
                cause: error)
        }
        do {
            root = try YAMLNode.parse(bytes) ?? YAMLNode(.mapping([]), line: 1)
        } catch {
            throw Problem(.invalidParameterValue, "\(path):\(error.line): \(error.message)")
        }
        guard needsName else { return }
        let name = root["metadata"]?["name"]
        guard let name, Self.placeholder(name) == .name else {
            throw Problem(
                .invalidParameterValue, "\(path):\(name?.line ?? root.line): metadata.name must be {name}",
                hint: "a build's job is found again by it, and cannot be made twice")
        }
    }

    func filled(_ placeholders: Placeholders) -> String { Self.json(root, placeholders) }

    /// `{id}` is YAML for a mapping with one key and no value.
    private static func placeholder(_ node: YAMLNode) -> Placeholders.Name? {
        guard let entries = node.mapping, entries.count == 1, entries[0].value.isNull else { return nil }
        return Placeholders.Name(rawValue: entries[0].key)
    }

    private static func json(_ node: YAMLNode, _ placeholders: Placeholders) -> String {
        if let name = placeholder(node) {
            let words = placeholders.words(name).map(quoted)
            return name.isList ? "[\(words.joined(separator: ","))]" : words.joined()
        }
        switch node.value {
        case .sequence(let nodes):
            return "[" + nodes.map { json($0, placeholders) }.joined(separator: ",") + "]"
        case .mapping(let entries):
            let members = entries.map { "\(quoted($0.key)):\(json($0.value, placeholders))" }
            return "{" + members.joined(separator: ",") + "}"
        case .scalar(let text, _):
            return literal(node) ?? quoted(placeholders.fill(text))
        }
    }

    /// What a plain scalar is when it is no text.
    private static func literal(_ node: YAMLNode) -> String? {
        if node.isNull { return "null" }
        if let bool = node.bool { return bool ? "true" : "false" }
        guard case .scalar(let text, plain: true) = node.value else { return nil }
        // YAML 1.1: rights such as 0644 are octal.
        if text.wholeMatch(of: /0[0-7]+/) != nil { return Int(text, radix: 8).map { String($0) } }
        return text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?/) == nil ? nil : text
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A text can always be written as JSON.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
