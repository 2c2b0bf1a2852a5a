internal import Core

// What a registry does not hold, said with what it does.
extension Problem {
    /// The registry's models, some of them, are `known`.
    static func noModel(_ name: ModelName, known: [String]) -> Problem {
        let names = list(known.map { "\"\($0)\"" }, limit: 5)
        return Problem(
            .resourceDoesNotExist, "no registered model is named \"\(name.text.printable())\"",
            hint: known.isEmpty ? "the registry holds no model" : "the registry holds \(names)")
    }

    /// The numbers of the model's versions, some of them, are `known`.
    static func noVersion(_ name: ModelName, _ number: Int, known: [Int]) -> Problem {
        let near = known.sorted { abs($0 - number) < abs($1 - number) }.prefix(5).sorted(by: >)
        return Problem(
            .resourceDoesNotExist, "the model \"\(name.text.printable())\" has no version \(number)",
            hint: near.isEmpty
                ? "it has no version at all" : "it has \(list(near.map(String.init), limit: 5))")
    }

    /// The model's aliases are `known`.
    static func noAlias(_ name: ModelName, _ alias: String, known: [String]) -> Problem {
        Problem(
            .resourceDoesNotExist,
            "no version of the model \"\(name.text.printable())\" has the alias \"\(alias.printable())\"",
            hint: known.isEmpty ? "it has no aliases" : "its aliases are \(list(known, limit: 10))")
    }

    /// None of the model's versions, which are `seen`, is ready in `stage`, or, if that is nil, at all.
    static func noneFound(_ name: ModelName, stage: String?, among seen: [VersionRecord]) -> Problem {
        let model = "the model \"\(name.text.printable())\""
        let place = stage.map { " in stage \($0)" } ?? ""
        let unready = seen.filter { stage == nil || $0.stage == stage }
        if let record = unready.max(by: { $0.number < $1.number }) {
            return Problem(
                .invalidState,
                "no version of \(model)\(place) is ready: version \(record.number) is "
                    + record.status.printable(limit: 40),
                hint: "wait until its registration has ended, or name another version")
        }
        guard stage != nil else { return Problem(.resourceDoesNotExist, "\(model) has no versions") }
        let stages = Set(seen.map(\.stage)).subtracting(["None"]).sorted()
        return Problem(
            .resourceDoesNotExist, "no version of \(model) is\(place)",
            hint: stages.isEmpty
                ? "its versions are in no stage: name a version, latest or an @alias"
                : "the stages in use are \(list(stages, limit: 5))")
    }

    static func notReady(_ name: ModelName, _ record: VersionRecord) -> Problem {
        Problem(
            .invalidState,
            "version \(record.number) of the model \"\(name.text.printable())\" is not ready: "
                + "its status is \(record.status.printable(limit: 40))",
            hint: "wait until its registration has ended, or name another version")
    }

    /// The version's files cannot be fetched from where the registry says that they lie.
    ///
    /// The source itself is not quoted: whoever registers a model writes it. `rule` is what follows on "the version's
    /// source".
    static func source(
        _ rule: String, hint: String = "register the version again, from where MLflow put the model"
    ) -> Problem {
        Problem(.invalidState, "the version's source \(rule)", hint: hint)
    }

    private static func list(_ names: [String], limit: Int) -> String {
        let shown = names.prefix(limit).map { $0.printable(limit: 80) }.joined(separator: ", ")
        return names.count > limit ? shown + " and others" : shown
    }
}
