/// What MLflow's server needs beside the model's own requirements; none of these is ever changed.
enum ServingRequirements {
    /// - Returns: the requirements with what was missing at their end, and a note about each addition.
    static func complete(_ own: [Requirement], _ model: ModelDescription)
        -> (requirements: [Requirement], notes: [String])
    {
        var all = own
        var notes: [String] = []
        let release = model.mlflowVersion.flatMap { isRelease($0) ? $0 : nil }
        let saved = "MLmodel's mlflow_version"
        let names = Set(own.compactMap(\.name))
        let distribution =
            names.contains("mlflow") ? "mlflow" : names.contains("mlflow-skinny") ? "mlflow-skinny" : nil

        if let distribution {
            if let release, !own.contains(where: { $0.name == distribution && $0.exactVersion != nil }) {
                for (index, line) in own.enumerated() where line.name == distribution {
                    guard let pinned = line.pinned(to: release, why: saved) else { continue }
                    all[index] = pinned
                    notes.append(
                        "\(line.source): \(distribution) without a version is taken as \(release) (\(saved))")
                }
            }
        } else {
            all.append(Requirement(text: release.map { "mlflow==\($0)" } ?? "mlflow", source: saved))
            let why = release == nil ? "its newest release, as MLmodel names none" : saved
            notes.append("the model does not require mlflow: \(all.last?.text ?? "") is added (\(why))")
        }

        let version = all.lazy.compactMap { $0.name == distribution ? $0.exactVersion : nil }.first ?? release
        let isModern = version.map { isAtLeast($0, 2, 22) }
        func add(_ texts: [String], _ why: String) {
            let missing = texts.filter { text in
                !names.contains(Requirement(text: text, source: why).name ?? "")
            }
            guard !missing.isEmpty else { return }
            all += missing.map { Requirement(text: $0, source: why) }
            notes.append("\(missing.joined(separator: ", ")) is added: \(why)")
        }
        if distribution == "mlflow-skinny" {
            // From 2.22 on mlflow-skinny itself brings FastAPI and uvicorn.
            add(
                isModern == true ? ["numpy", "pandas"] : ["flask", "gunicorn", "numpy", "pandas"],
                "mlflow-skinny alone cannot serve")
        }
        if isModern == false, (model.pythonVersion ?? .fallback).isAtLeast(3, 12) {
            add(
                ["setuptools<81"],
                "MLflow before 2.22 needs pkg_resources, which Python 3.12 no longer brings")
        }
        return (all, notes)
    }

    /// Debian packages that MLflow adds for flavors (`mlflow/pyfunc/backend.py`, `_model_installation_steps`).
    static func systemPackages(_ flavors: [String]) -> [String] {
        flavors.contains { ["lightgbm", "paddle"].contains($0) } ? ["libgomp1"] : []
    }

    /// Whether a package index can have it: `2.9.2` and `3.0.0rc1`, not `2.9.2.dev0` or `2.9.2+site`.
    private static func isRelease(_ version: String) -> Bool {
        version.wholeMatch(of: /[0-9]+(\.[0-9]+){1,3}((a|b|rc)[0-9]+)?(\.post[0-9]+)?/) != nil
    }

    private static func isAtLeast(_ version: String, _ major: Int, _ minor: Int) -> Bool {
        let numbers = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
        return (numbers.first ?? 0, numbers.dropFirst().first ?? 0) >= (major, minor)
    }
}
