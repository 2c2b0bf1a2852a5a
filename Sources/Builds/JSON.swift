package import Core
internal import FoundationEssentials

/// The one way in which records and answers are written as JSON, and records read.
package enum JSON {
    package static func encode(_ value: some Encodable) throws(Problem) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw Problem(.internalError, "a record cannot be written as JSON", cause: error)
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ name: String) throws(Problem)
        -> Value
    {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw Problem(.internalError, "\(name) cannot be read", cause: error)
        }
    }

    /// Whether bytes are one whole object, as far as brackets and quotes tell; a fraction of what decoding costs.
    static func isObject(_ bytes: [UInt8]) -> Bool {
        guard bytes.first == UInt8(ascii: "{"), String(validating: bytes, as: UTF8.self) != nil else {
            return false
        }
        var (depth, isText, isEscaped) = (0, false, false)
        for (index, byte) in bytes.enumerated() {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return index == bytes.count - 1 }
            default: break
            }
        }
        return false
    }
}
