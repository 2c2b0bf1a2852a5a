/// The name of one build: eight lower-case hexadecimal digits.
package struct BuildID: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// - Returns: nil unless the text is eight lower-case hexadecimal digits, so that it is safe as a file name.
    package init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 8,
            digits.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { return nil }
        self.text = text
    }

    /// A new id from the system's random numbers; whether it is free is for the history to say.
    package static func random() -> BuildID {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return BuildID(unchecked: String(repeating: "0", count: 8 - digits.count) + digits)
    }

    private init(unchecked text: String) { self.text = text }

    package var description: String { text }
}
