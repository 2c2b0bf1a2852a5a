/// MLflow's filter language, which has two kinds of quotes and no escape.
enum RemoteFilter {
    /// A name that holds both quotes is asked for by a pattern that takes any character in their place: its neighbours
    /// have to be dropped from the answer.
    static func name(is name: String) -> String {
        let scalars = name.unicodeScalars
        if !scalars.contains("'") { return "name='\(name)'" }
        if !scalars.contains("\"") { return "name=\"\(name)\"" }
        return "name LIKE '\(pattern(name))'"
    }

    /// Names that hold the text, in either letter case.
    static func name(holds text: String) -> String { "name ILIKE '%\(pattern(text))%'" }

    private static func pattern(_ text: String) -> String {
        text.unicodeScalars.map { ["'", "\"", "\\"].contains($0) ? "_" : String($0) }.joined()
    }
}
