import Core
import FoundationEssentials
import Testing

@Suite("A timestamp")
struct TimestampTests {
    @Test("is printed and read back to the millisecond")
    func roundTrip() {
        for second in [0, 951_782_400, 1_795_591_331, 4_102_444_799] as [Int64] {
            let wrong = (0..<1000 as Range<Int64>).filter { millisecond in
                let moment = Timestamp(milliseconds: second * 1000 + millisecond)
                let digits = String(1000 + millisecond).dropFirst()
                return Timestamp(moment.description) != moment || !moment.description.hasSuffix(".\(digits)Z")
            }
            #expect(wrong.isEmpty)
        }
    }

    @Test(
        "reads RFC 3339 in UTC, with or without fractions",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.042Z", 42),
            ("2026-11-25T07:22:11Z", 1_795_591_331_000),
            ("2026-11-25T07:22:11.5Z", 1_795_591_331_500), ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ] as [(String, Int64)])
    func reads(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(
        "reads nothing else",
        arguments: [
            "", "now", "2026-11-25", "2026-11-25T07:22:11", "2026-13-25T07:22:11Z", "2026-11-25T25:22:11Z",
            "1795591331", "2026-11-25T07:22:11Z\n", "2026-11-25T07:22:11Z; drop", "2026-11-25T07:22:11.Z",
            "9999999999-11-25T07:22:11Z",
        ])
    func refuses(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("is a text in JSON, and only its own kind of text is read from there")
    func json() throws {
        let moment = Timestamp(milliseconds: 1_795_591_331_042)
        let encoded = try JSONEncoder().encode([moment])
        #expect(String(decoding: encoded, as: UTF8.self) == #"["2026-11-25T07:22:11.042Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: encoded) == [moment])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8))
        }
    }

    @Test("gives ages that are never negative")
    func ages() {
        let early = Timestamp(milliseconds: 1000)
        let late = Timestamp(milliseconds: 3500)
        #expect(early < late)
        #expect(late.seconds(since: early) == 2.5)
        #expect(early.seconds(since: late) == 0)
    }
}
