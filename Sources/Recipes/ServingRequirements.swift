/// What MLflow's server needs beside the model's own requirements; no version that the model names is ever changed.
struct ServingRequirements {
    private(set) var lines: [Requirement]
    /// A note about each change.
    private(set) var notes: [String] = []

    private let names: Set<String>
    private let model: ModelDescription
    private let isBare: Bool
    /// MLmodel's `mlflow_version` where a package index can have it.
    private let release: String?
    private static let saved = "MLmodel's mlflow_version"

    /// Completes the model's requirements.
    ///
    /// - Parameters:
    ///   - own: the model's and the request's.
    ///   - model: the model.
    ///   - slim: whether `mlflow-skinny` takes the place of `mlflow`.
    ///   - isBare: whether the environment may begin without setuptools, as virtual ones do.
    init(_ own: [Requirement], _ model: ModelDescription, slim: Bool, isBare: Bool) {
        self.isBare = isBare
        lines = own
        self.model = model
        let elsewhere = (model.lock.map { Array($0.packages.keys) } ?? []) + (model.conda?.foreign ?? [])
        names = Set(own.filter { !$0.isForOtherSystems }.compactMap(\.name)).union(elsewhere)
        release = model.mlflowVersion.flatMap { Self.isRelease($0) ? $0 : nil }
        if slim { replaceByName() }
        completeServer()
        if lines.count > own.count,
            own.contains(where: { $0.text == "--require-hashes" || $0.text.contains("--hash=") })
        {
            notes.append(
                "what is added has no hash, so hashes are checked where there are some (--require-hashes is left out)"
            )
            lines.removeAll { $0.text == "--require-hashes" }
        }
    }

    /// Whether uv's lock file or conda brings the whole of mlflow.
    private var isElsewhere: Bool {
        model.lock?.packages["mlflow"] != nil || model.conda?.foreign.contains("mlflow") == true
    }

    /// mlflow by name becomes mlflow-skinny of the same version; extras and marker stay.
    private mutating func replaceByName() {
        if isElsewhere {
            notes.append(
                "slim has no effect: the whole of mlflow is in what \(model.lock == nil ? "conda" : "uv") installs"
            )
            return
        }
        for (index, line) in lines.enumerated() where line.name == "mlflow" {
            let rest = line.text.dropFirst("mlflow".count)
            guard !rest.contains("@"), !rest.contains("--hash") else {
                notes.append("\(line.source): slim has no effect on \(line.text.printable(limit: 80))")
                return
            }
            lines[index] = Requirement(text: "mlflow-skinny\(rest)", source: line.source)
            notes.append("\(line.source): slim takes mlflow-skinny in place of \(line.text)")
        }
        if !lines.contains(where: { $0.name == "mlflow-skinny" }) {
            lines.append(
                Requirement(
                    text: release.map { "mlflow-skinny==\($0)" } ?? "mlflow-skinny", source: Self.saved))
            notes.append(
                "the model does not require mlflow: \(lines.last?.text ?? "") is added, as slim is asked for")
        }
    }

    private mutating func completeServer() {
        let all = Set(lines.filter { !$0.isForOtherSystems }.compactMap(\.name)).union(
            names.subtracting(["mlflow"]))
        let present = ["mlflow", "mlflow-skinny"].filter { name in
            all.contains(name) || name == "mlflow" && isElsewhere
        }
        if let distribution = present.first {
            pin(distribution)
        } else {
            lines.append(Requirement(text: release.map { "mlflow==\($0)" } ?? "mlflow", source: Self.saved))
            let why = release == nil ? "its newest release, as MLmodel names none" : Self.saved
            notes.append("the model does not require mlflow: \(lines.last?.text ?? "") is added (\(why))")
        }
        let distribution = present.first ?? "mlflow"
        let exact = lines.lazy.compactMap { $0.name == distribution ? $0.exactVersion : nil }.first
        let version = exact ?? model.lock?.packages[distribution] ?? release
        let isModern = version.flatMap { MinorVersion($0) }.map { $0 >= MinorVersion(2, 22) }
        if distribution == "mlflow-skinny" {
            // From 2.22 on mlflow-skinny itself brings FastAPI and uvicorn.
            add(
                isModern == true ? ["numpy", "pandas"] : ["flask", "gunicorn", "numpy", "pandas"],
                "mlflow-skinny alone cannot serve")
        }
        if isModern == false, isBare || (model.pythonVersion ?? .fallback).isAtLeast(3, 12) {
            add(
                ["setuptools<81"],
                "MLflow before 2.22 needs pkg_resources, which neither Python 3.12 nor a virtual environment brings"
            )
        }
    }

    /// An mlflow without a version is the one that saved the model.
    private mutating func pin(_ distribution: String) {
        guard let release, !lines.contains(where: { $0.name == distribution && $0.exactVersion != nil })
        else {
            return
        }
        for (index, line) in lines.enumerated() where line.name == distribution {
            guard let pinned = line.pinned(to: release, why: Self.saved) else { continue }
            lines[index] = pinned
            notes.append(
                "\(line.source): \(distribution) without a version is taken as \(release) (\(Self.saved))")
        }
    }

    private mutating func add(_ texts: [String], _ why: String) {
        let missing = texts.map { Requirement(text: $0, source: why) }.filter {
            !names.contains($0.name ?? "")
        }
        guard !missing.isEmpty else { return }
        lines += missing
        notes.append("\(missing.map(\.text).joined(separator: ", ")) is added: \(why)")
    }

    /// Whether a package index can have it: `2.9.2` and `3.0.0rc1`, not `2.9.2.dev0` or `2.9.2+site`.
    private static func isRelease(_ version: String) -> Bool {
        version.wholeMatch(of: /[0-9]+(\.[0-9]+){1,3}((a|b|rc)[0-9]+)?(\.post[0-9]+)?/) != nil
    }
}
