package import FoundationEssentials

/// The time of day, for people and for order; ages within one process come from `ContinuousClock`.
package struct Clock: Sendable {
    private let read: @Sendable () -> Date

    package init(_ read: @escaping @Sendable () -> Date) { self.read = read }

    package static let system = Clock { Date() }

    package func now() -> Timestamp { Timestamp(read()) }
}

/// A moment in UTC to the millisecond, written as RFC 3339: `2026-11-25T07:22:11.042Z`.
package struct Timestamp: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package init(_ date: Date) { milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded()) }

    /// - Returns: nil unless the text is an RFC 3339 moment in UTC, with or without fractions of a second.
    package init?(_ text: String) {
        let (second, rest) = (text.prefix(19), text.dropFirst(19))
        guard rest.last == "Z", let date = try? Date.ISO8601FormatStyle().parse("\(second)Z") else {
            return nil
        }
        let whole = Timestamp(date)
        // The style carries hour 25 over into the next day: what it read must print as it was written.
        guard whole.description.prefix(19) == second else { return nil }
        let fraction = rest.dropLast()
        guard fraction.isEmpty || fraction.wholeMatch(of: /\.[0-9]+/) != nil else { return nil }
        milliseconds = whole.milliseconds + Int64(((Double("0\(fraction)") ?? 0) * 1000).rounded())
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an RFC 3339 time"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    package var description: String {
        // The style cuts fractions off, and few milliseconds are whole in binary: half of one more keeps each.
        Date(timeIntervalSince1970: (Double(milliseconds) + 0.5) / 1000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// Seconds from `start` to this moment; never negative, since wall clocks step back.
    package func seconds(since start: Timestamp) -> Double {
        max(0, Double(milliseconds - start.milliseconds) / 1000)
    }
}
