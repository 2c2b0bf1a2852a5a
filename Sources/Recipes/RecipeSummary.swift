extension Recipe {
    /// The whole decision for people, one line each.
    package var summary: [String] {
        var lines = ["base image: \(baseImage.fullyQualified): \(baseImageReason)"]
        lines.append("python: \(pythonVersion) (\(pythonReason))")
        lines.append("environment: \(envManager.rawValue)\(isLocked ? ", from uv.lock" : "")")
        if let index { lines.append("index: \(index): \(indexReason ?? "")") }
        lines += extraIndexes.map { "extra index: \($0)" }
        lines += channels.map { "channel: \($0)" }
        lines += condaSpecs.map { "conda package: \($0)" }
        lines += requirements.map { "requirement: \($0)" }
        lines += constraints.map { "constraint: \($0)" }
        lines += systemPackages.debianNames.map { "system package: \($0)" }
        lines.append("dependency key: \(dependencyKey)")
        return lines + warnings.map { "warning: \($0)" }
    }
}
