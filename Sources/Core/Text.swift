extension String {
    /// The names between the slashes, byte for byte: as characters a slash can hide in front of an accent.
    package var pathComponents: [String] {
        utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The text less the slashes at its end.
    package var withoutClosingSlashes: String { String(reversed().drop { $0 == "/" }.reversed()) }

    /// Whether a character could end a line, move a cursor or hide: C0, DEL, C1, line and paragraph separators.
    package var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.isControl }
    }

    /// Whether a character shows nothing or changes how others show: control characters, and those of Unicode's category
    /// Cf, such as a zero-width space.
    package var hasHiddenCharacters: Bool { unicodeScalars.contains { $0.isControl || $0.isFormat } }

    /// The text on one line, with control characters escaped, cut to `limit` characters: safe to log or to quote.
    package func printable(limit: Int = 200) -> String {
        var text = ""
        // Scalars are counted: a million of them can combine into one character.
        var length = 0
        for scalar in unicodeScalars {
            if length >= limit { return text + "…" }
            let shown =
                scalar.isControl || scalar.isFormat
                ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            text += shown
            length += shown.unicodeScalars.count
        }
        return text
    }
}

extension Unicode.Scalar {
    fileprivate var isFormat: Bool { properties.generalCategory == .format }

    fileprivate var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
            || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
    }
}
