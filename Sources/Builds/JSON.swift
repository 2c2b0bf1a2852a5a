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
}
