import Core
import Testing

@Suite("Text for people")
struct TextTests {
    @Test(
        "shows control and bidirectional characters as escapes and leaves the rest",
        arguments: [
            ("plain", "plain"), ("", ""), ("\u{E4} \u{1F680}", "\u{E4} \u{1F680}"), ("a\nb", "a\\u{a}b"),
            ("a\r\nb", "a\\u{d}\\u{a}b"), ("\u{1B}[31m", "\\u{1b}[31m"), ("\0", "\\u{0}"),
            ("\u{7F}", "\\u{7f}"),
            ("\u{9B}", "\\u{9b}"), ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{202E}txt", "\\u{202e}txt"),
            ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"),
        ])
    func printable(_ text: String, _ shown: String) {
        #expect(text.printable() == shown)
        #expect(text.hasControlCharacters == (text != shown))
        #expect(!text.printable().hasControlCharacters)
    }

    @Test("is cut to the limit and says so")
    func cut() {
        #expect("abcde".printable(limit: 5) == "abcde")
        #expect("abcdef".printable(limit: 5) == "abcde\u{2026}")
    }

    @Test("is cut although its characters combine into one")
    func combining() {
        let text = "a" + String(repeating: "\u{301}", count: 20_000)
        #expect(text.printable(limit: 10).unicodeScalars.count < 20)
    }

    @Test("in the log is one line for each message, whatever stands in it")
    func log() async throws {
        let result = try #require(
            await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
                Log("test").warning(
                    "first\n2000-01-01T00:00:00.000Z info forged",
                    [
                        "user": "eve\nsecond", "quoted": "a \"b\" c", "empty": "",
                        "password": Secret("hunter2"),
                    ])
            })
        let lines = String(decoding: result.standardErrorContent, as: UTF8.self)
            .split(separator: "\n").filter { $0.contains(" test: ") }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(line.contains(" warning test: first\\u{a}2000-01-01T00:00:00.000Z info forged "))
        #expect(line.contains(#" user=eve\u{a}second quoted="a 'b' c" empty="" password=[secret]"#))
        #expect(Timestamp(String(line.prefix { $0 != " " })) != nil)
    }
}

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test(
        "keeps RFC 3986's unreserved characters only",
        arguments: [
            ("", ""), ("aZ09-._~", "aZ09-._~"), ("a+b&c=d#e", "a%2Bb%26c%3Dd%23e"),
            ("50%25 off", "50%2525%20off"),
            ("team/churn", "team%2Fchurn"), ("\u{E4}", "%C3%A4"), ("\n\0", "%0A%00"),
            ("*!'();:@$,?[]", "%2A%21%27%28%29%3B%3A%40%24%2C%3F%5B%5D"),
        ])
    func encoded(_ text: String, _ encoded: String) {
        #expect(text.percentEncoded == encoded)
        #expect(encoded.percentDecoded == text)
    }

    @Test("of every scalar up to U+3000 comes back as it was")
    func roundTrip() {
        let text = String(
            String.UnicodeScalarView(
                (0...0x3000).compactMap(Unicode.Scalar.init(_:) as (Int) -> Unicode.Scalar?)))
        #expect(text.percentEncoded.percentDecoded == text)
    }

    @Test("is decoded once, and a plus sign is a plus sign")
    func once() {
        #expect("%2525+%2f%2F".percentDecoded == "%25+//")
    }

    @Test(
        "that is malformed or no UTF-8 is not decoded",
        arguments: [
            "%", "a%", "%4", "%4g", "%g4", "%%41", "% 41", "%+4", "%-1", "%ff", "%C3", "%C3a", "%ED%A0%80",
            "%C0%AF",
        ])
    func malformed(_ text: String) {
        #expect(text.percentDecoded == nil)
    }
}
