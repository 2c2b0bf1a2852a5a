internal import Glibc

/// Lines in the shape of all of Slipway's (`Core.Log`), made without the Foundation that those need.
enum Log {
    enum Level: String { case info, warning, error }

    static func write(
        _ level: Level, _ message: String, _ fields: KeyValuePairs<String, any CustomStringConvertible> = [:]
    ) {
        var line = "\(now()) \(level.rawValue) authd: \(message)"
        for (key, value) in fields {
            let text = value.description.printable(limit: 200)
            let quoted = text.contains { $0 == " " || $0 == "=" || $0 == "\"" } || text.isEmpty
            line += " \(key)=" + (quoted ? "\"\(String(text.map { $0 == "\"" ? "'" : $0 }))\"" : text)
        }
        line += "\n"
        // One write a line: lines of several processes on one descriptor do not mix.
        unsafe Array(line.utf8).withUnsafeBytes { _ = unsafe Glibc.write(2, $0.baseAddress, $0.count) }
    }

    /// RFC 3339, in UTC to the millisecond.
    private static func now() -> String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        var day = unsafe tm()
        unsafe gmtime_r(&now.tv_sec, &day)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        func two(_ number: Int32) -> String { padded(Int(number), 2) }
        return "\(Int(unsafe day.tm_year) + 1900)-\(two(unsafe day.tm_mon + 1))-\(two(unsafe day.tm_mday))"
            + "T\(two(unsafe day.tm_hour)):\(two(unsafe day.tm_min)):\(two(unsafe day.tm_sec))"
            + ".\(padded(now.tv_nsec / 1_000_000, 3))Z"
    }
}

extension String {
    /// The text on one line, with control characters escaped, cut to `limit` characters.
    func printable(limit: Int) -> String {
        var text = ""
        var length = 0
        for scalar in unicodeScalars {
            if length >= limit { return text + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
            length += 1
        }
        return text
    }
}

/// Says what may happen thousands of times a second at most once a second, with how often it did.
struct RareLine {
    private var unsaid = 0
    private var nextAt = ContinuousClock.now

    /// - Parameter write: gets how many occasions passed in silence since the last line.
    mutating func say(_ write: (_ unsaid: Int) -> Void) {
        guard ContinuousClock.now >= nextAt else {
            unsaid += 1
            return
        }
        write(unsaid)
        unsaid = 0
        nextAt = .now + .seconds(1)
    }
}
