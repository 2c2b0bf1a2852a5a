/// One node of a YAML 1.1 document, aliases resolved.
package struct YAMLNode: Sendable {
    package enum Value: Sendable {
        /// `plain`: written without quotes and not as a block, so that `null`, `true` and numbers mean what they say.
        case scalar(String, plain: Bool)
        case sequence([YAMLNode])
        /// In the document's order; no key stands twice.
        case mapping([Entry])
    }

    package struct Entry: Sendable {
        package let key: String
        /// The key's line, counted from 1.
        package let line: Int
        package let value: YAMLNode
    }

    package let value: Value
    /// The node's first line, counted from 1.
    package let line: Int

    package init(_ value: Value, line: Int) {
        self.value = value
        self.line = line
    }

    /// Whether it is a plain `~`, `null` or nothing at all.
    package var isNull: Bool {
        guard case .scalar(let text, plain: true) = value else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// A scalar's text as written, numbers included; nil for null and for collections.
    package var string: String? {
        guard case .scalar(let text, _) = value, !isNull else { return nil }
        return text
    }

    /// A plain scalar that YAML 1.1 reads as a truth value.
    package var bool: Bool? {
        guard case .scalar(let text, plain: true) = value else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return nil
        }
    }

    /// A plain scalar that is a decimal whole number.
    package var int: Int? {
        guard case .scalar(let text, plain: true) = value else { return nil }
        return Int(text)
    }

    package var sequence: [YAMLNode]? {
        guard case .sequence(let nodes) = value else { return nil }
        return nodes
    }

    package var mapping: [Entry]? {
        guard case .mapping(let entries) = value else { return nil }
        return entries
    }

    /// A mapping's value; nil where the key is missing or this is no mapping.
    package subscript(key: String) -> YAMLNode? {
        mapping?.first { $0.key == key }?.value
    }
}

/// A document that cannot be read.
package struct YAMLError: Error, Sendable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    package let message: String

    package var description: String { "line \(line): \(message)" }
}
