internal import Core
internal import Settings

/// What the placeholders of one build's commands stand for.
struct Placeholders {
    typealias Name = Settings.Launcher.Placeholder

    let id: BuildID
    /// What the scheduler calls the job; empty until it has one.
    let job: String
    let log: String
    let state: String
    let program: String
    let script: String
    let options: [String]
    let command: [String]

    /// A build's name at the scheduler.
    static func name(_ id: BuildID) -> String { "slipway-\(id)" }

    /// One word, or any number of them where the placeholder is a list.
    func words(_ name: Name) -> [String] {
        switch name {
        case .id: [id.text]
        case .name: [Self.name(id)]
        case .job: [job]
        case .log: [log]
        case .state: [state]
        case .program: [program]
        case .script: [script]
        case .options: options
        case .command: command
        }
    }

    /// The words of a command, with each placeholder's own in its place; what a value holds is never looked at again.
    func fill(_ template: [String]) -> [String] {
        template.flatMap { word in
            if let match = word.wholeMatch(of: /\{([a-z]+)\}/), let name = Name(rawValue: String(match.1)) {
                return words(name)
            }
            return [fill(word)]
        }
    }

    /// A text with the placeholders in it that stand for one word.
    func fill(_ text: String) -> String {
        text.replacing(/\{([a-z]+)\}/) { match in
            guard let name = Name(rawValue: String(match.1)), !name.isList else { return String(match.0) }
            return words(name).joined()
        }
    }
}
