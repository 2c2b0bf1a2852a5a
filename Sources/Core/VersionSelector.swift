/// Which version of a registered model: a number, the latest, an alias or a stage.
package enum VersionSelector: Sendable, Hashable, CustomStringConvertible {
    case number(Int)
    /// The highest version that is ready, by number.
    case latest
    /// An alias, without its `@`.
    case alias(String)
    /// A stage as MLflow spells it: `Staging`, `Production`, `Archived`.
    case stage(String)

    /// Reads `3`, `latest`, `@champion` or `Production`; letter case counts only in aliases.
    ///
    /// - Throws: `Problem` naming `model_version` where the text is none of these.
    package init(_ text: String) throws(Problem) {
        let rule = "must be a version number, latest, @alias or a stage (Staging, Production, Archived)"
        let folded = text.lowercased()
        if folded == "latest" || folded == "@latest" {
            self = .latest
        } else if text.hasPrefix("@") {
            let alias = String(text.dropFirst())
            guard !alias.isEmpty, alias.count <= 256, !alias.hasControlCharacters, !alias.contains("/") else {
                throw .invalid("model_version", rule, hint: "an alias follows the @, as in @champion")
            }
            self = .alias(alias)
        } else if let stage = Self.stages.first(where: { $0.lowercased() == folded }) {
            self = .stage(stage)
        } else {
            guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                !text.hasPrefix("0"), let number = Int(text), number <= Self.highestNumber
            else { throw .invalid("model_version", rule) }
            self = .number(number)
        }
    }

    package var description: String {
        switch self {
        case .number(let number): String(number)
        case .latest: "latest"
        case .alias(let alias): "@\(alias)"
        case .stage(let stage): stage
        }
    }

    /// MLflow keeps version numbers in 32 bits.
    private static let highestNumber = Int(Int32.max)
    private static let stages = ["Staging", "Production", "Archived"]
}
