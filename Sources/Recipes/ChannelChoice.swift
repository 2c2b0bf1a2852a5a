internal import Core

/// Which conda channels are asked, in the model's order and no others.
struct ChannelChoice {
    private(set) var channels: [String] = []
    private(set) var warnings: [String] = []

    /// The model's channels, each replaced as the site says.
    ///
    /// - Throws: `Problem` naming the channel that cannot be asked.
    static func make(_ plan: CondaPlan, _ settings: RecipeSettings) throws(Problem) -> ChannelChoice {
        var choice = ChannelChoice()
        for channel in plan.channels where channel.text != "nodefaults" {
            try choice.add(channel, settings)
        }
        guard !choice.channels.isEmpty else {
            throw .invalid(
                plan.file, "channels leaves none to install \(plan.foreign.first ?? "packages") from")
        }
        return choice
    }

    private mutating func add(_ channel: Requirement, _ settings: RecipeSettings) throws(Problem) {
        var text = channel.text
        if let replacement = settings.condaChannels[text] {
            warnings.append(
                "\(channel.source): the channel \(text) gives way to \(replacement) (conda.channels)")
            text = replacement
        } else if text == "defaults" {
            throw .invalid(
                channel.source, "the channel defaults may be used only by who accepted its terms",
                hint: "log the model with another channel, or let the administrator replace it: "
                    + "conda.channels: {defaults: conda-forge}")
        }
        if text.contains("://") {
            let scheme = text.prefix { $0 != ":" }.lowercased()
            guard scheme != "file" else {
                throw .invalid(
                    channel.source,
                    "the channel \(text.printable(limit: 80)) is a path, which the build cannot see",
                    hint: "serve it over http and name its address")
            }
            try WebAddress.check(text, field: channel.source)
        } else {
            guard text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*/) != nil
            else {
                throw .invalid(
                    channel.source, "\"\(text.printable(limit: 80))\" is not a channel",
                    hint: "give its name, such as conda-forge, or its address")
            }
        }
        if !channels.contains(text) { channels.append(text) }
    }
}
