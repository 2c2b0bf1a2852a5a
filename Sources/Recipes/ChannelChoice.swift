internal import Core

/// Which conda channels are asked, in the model's order and no others.
struct ChannelChoice {
    private(set) var channels: [String] = []
    /// Packages; a channel that stands before one is replaced as the others are.
    private(set) var specs: [String] = []
    private(set) var warnings: [String] = []

    /// The model's channels, each replaced as the site says.
    ///
    /// - Throws: `Problem` naming the channel that cannot be asked.
    static func make(_ plan: CondaPlan, _ settings: RecipeSettings) throws(Problem) -> ChannelChoice {
        var choice = ChannelChoice()
        for channel in plan.channels where channel.text != "nodefaults" {
            let text = try choice.resolved(channel, settings)
            if !choice.channels.contains(text) { choice.channels.append(text) }
        }
        guard !choice.channels.isEmpty else {
            throw .invalid(
                plan.file, "channels leaves none to install \(plan.foreign.first ?? "packages") from")
        }
        for spec in plan.specs {
            guard let colons = spec.firstRange(of: "::") else {
                choice.specs.append(spec)
                continue
            }
            let channel = Requirement(text: String(spec[..<colons.lowerBound]), source: plan.file)
            choice.specs.append("\(try choice.resolved(channel, settings))::\(spec[colons.upperBound...])")
        }
        return choice
    }

    private mutating func resolved(_ channel: Requirement, _ settings: RecipeSettings) throws(Problem)
        -> String
    {
        var text = channel.text
        let isDefaults = Self.isOfDefaults(text)
        if let replacement = settings.condaChannels[text]
            ?? (isDefaults ? settings.condaChannels["defaults"] : nil)
        {
            let warning =
                "\(channel.source): the channel \(text) gives way to \(replacement) (conda.channels)"
            if !warnings.contains(warning) { warnings.append(warning) }
            text = replacement
        } else if isDefaults {
            throw .invalid(
                channel.source,
                "the channel \(text.printable(limit: 80)) may be used only by who accepted its terms",
                hint: "log the model with another channel, or let the administrator replace it: "
                    + "conda.channels: {defaults: conda-forge}")
        }
        try Self.check(text, channel.source)
        return text
    }

    /// The channels that stand behind the name `defaults`, by any name.
    private static func isOfDefaults(_ text: String) -> Bool {
        let parts = text.lowercased().split(separator: "/")
        return ["defaults", "main", "anaconda", "r", "msys2", "free"].contains(parts.last ?? "")
            && (parts.count == 1 || parts.contains("pkgs")) || parts.contains("repo.anaconda.com")
    }

    private static func check(_ text: String, _ source: String) throws(Problem) {
        guard text.contains("://") else {
            guard text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*/) != nil
            else {
                throw .invalid(
                    source, "\"\(text.printable(limit: 80))\" is not a channel",
                    hint: "give its name, such as conda-forge, or its address")
            }
            return
        }
        guard text.prefix(while: { $0 != ":" }).lowercased() != "file" else {
            throw .invalid(
                source, "the channel \(text.printable(limit: 80)) is a path, which the build cannot see",
                hint: "serve it over http and name its address")
        }
        try WebAddress.check(text, field: source)
    }
}
