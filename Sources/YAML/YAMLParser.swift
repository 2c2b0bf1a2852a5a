internal import CYAML
internal import Core

extension YAMLNode {
    /// Reads one document of YAML 1.1 by libyaml.
    ///
    /// Refused, beside bad syntax: more than 4 MiB, nesting deeper than 64, more than 200,000 nodes once aliases are
    /// expanded, a key that stands twice, keys that are collections, tags that would make objects, a second document.
    ///
    /// - Returns: nil for an empty document.
    package static func parse(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
        guard bytes.count <= 4 << 20 else { throw YAMLError(line: 1, message: "has more than 4 MiB") }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw YAMLError(line: lineOfInvalidUTF8(in: bytes), message: "is not valid UTF-8")
        }
        let parser = try YAMLParser(bytes)
        return try parser.document()
    }

    private static func lineOfInvalidUTF8(in bytes: [UInt8]) -> Int {
        let newline = UInt8(ascii: "\n")
        let lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }
}

/// Builds the tree from libyaml's events.
private final class YAMLParser {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var anchors: [String: (node: YAMLNode, size: Int, height: Int)] = [:]
    private var nodes = 0
    /// The greatest depth that the node being read has reached so far.
    private var deepest = 0

    init(_ bytes: [UInt8]) throws(YAMLError) {
        parser = .allocate(capacity: 1)
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(fromContentsOf: bytes)
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(line: 1, message: "cannot be read: out of memory")
        }
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    func document() throws(YAMLError) -> YAMLNode? {
        guard case .streamStart = try next().kind else { throw YAMLError(line: 1, message: "is not YAML") }
        guard case .documentStart = try next().kind else { return nil }
        let root = try node(try next(), depth: 0)
        _ = try next()
        let after = try next()
        guard case .streamEnd = after.kind else {
            throw YAMLError(line: after.line, message: "a second document begins here; only one is read")
        }
        if case .scalar("", plain: true) = root.value { return nil }
        return root
    }

    private struct Event {
        enum Kind {
            case streamStart, streamEnd, documentStart, documentEnd
            case scalar(String, plain: Bool)
            case sequenceStart, mappingStart, end
            case alias(String)
        }
        let kind: Kind
        let line: Int
        let anchor: String?
    }

    private func next() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            let problem = parser.pointee.problem.map { String(cString: $0) } ?? "cannot be read"
            throw YAMLError(
                line: Int(max(parser.pointee.problem_mark.line, parser.pointee.mark.line)) + 1,
                message: problem)
        }
        defer { yaml_event_delete(&event) }
        let line = Int(event.start_mark.line) + 1
        var anchor: String?
        let kind: Event.Kind
        switch event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_SEQUENCE_START_EVENT:
            anchor = Self.text(event.data.sequence_start.anchor)
            try refuseTag(Self.text(event.data.sequence_start.tag), line)
            kind = .sequenceStart
        case YAML_MAPPING_START_EVENT:
            anchor = Self.text(event.data.mapping_start.anchor)
            try refuseTag(Self.text(event.data.mapping_start.tag), line)
            kind = .mappingStart
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: kind = .end
        case YAML_ALIAS_EVENT: kind = .alias(Self.text(event.data.alias.anchor) ?? "")
        default:
            let scalar = event.data.scalar
            anchor = Self.text(scalar.anchor)
            let tag = Self.text(scalar.tag)
            try refuseTag(tag, line)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            kind = .scalar(
                String(decoding: bytes, as: UTF8.self),
                plain: scalar.style == YAML_PLAIN_SCALAR_STYLE && tag == nil)
        }
        return Event(kind: kind, line: line, anchor: anchor)
    }

    private func node(_ event: Event, depth: Int) throws(YAMLError) -> YAMLNode {
        let (before, outerDeepest) = (nodes, deepest)
        deepest = depth
        defer { deepest = max(deepest, outerDeepest) }
        try checkDepth(event.line)
        try count(1, event.line)
        let node: YAMLNode
        switch event.kind {
        case .scalar(let text, let plain): node = YAMLNode(.scalar(text, plain: plain), line: event.line)
        case .alias(let name):
            guard let target = anchors[name] else {
                throw YAMLError(line: event.line, message: "the alias *\(name) has no anchor before it")
            }
            try count(target.size, event.line)
            deepest += target.height
            try checkDepth(event.line)
            node = YAMLNode(target.node.value, line: event.line)
        case .sequenceStart:
            var items: [YAMLNode] = []
            while true {
                let item = try next()
                if case .end = item.kind { break }
                items.append(try self.node(item, depth: depth + 1))
            }
            node = YAMLNode(.sequence(items), line: event.line)
        case .mappingStart: node = YAMLNode(.mapping(try entries(depth: depth)), line: event.line)
        default: throw YAMLError(line: event.line, message: "is not YAML")
        }
        if let anchor = event.anchor { anchors[anchor] = (node, nodes - before, deepest - depth) }
        return node
    }

    private func entries(depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var seen: Set<String> = []
        while true {
            let event = try next()
            if case .end = event.kind { return entries }
            let keyNode = try node(event, depth: depth + 1)
            guard case .scalar(let key, _) = keyNode.value else {
                throw YAMLError(line: event.line, message: "a key must be a single value")
            }
            guard seen.insert(key).inserted else {
                throw YAMLError(line: event.line, message: "the key \"\(key.quotable)\" stands twice")
            }
            entries.append(.init(key: key, line: event.line, value: try node(try next(), depth: depth + 1)))
        }
    }

    private func checkDepth(_ line: Int) throws(YAMLError) {
        guard deepest <= 64 else { throw YAMLError(line: line, message: "is nested deeper than 64 levels") }
    }

    private func count(_ more: Int, _ line: Int) throws(YAMLError) {
        nodes += more
        guard nodes <= 200_000 else {
            throw YAMLError(line: line, message: "has more than 200,000 values once its aliases are expanded")
        }
    }

    /// The tags of YAML's own types change nothing here; any other, and any with a slash, asks for an object of some
    /// program (`!!python/object`).
    private func refuseTag(_ tag: String?, _ line: Int) throws(YAMLError) {
        guard let tag, tag != "!", !tag.hasPrefix("tag:yaml.org,2002:") || tag.contains("/") else {
            return
        }
        throw YAMLError(line: line, message: "the tag \(tag.quotable) is not allowed")
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}

extension String {
    fileprivate var quotable: String { printable(limit: 80) }
}
