internal import Builds
internal import Core
internal import Posix
internal import Registry
internal import Schedulers
internal import Settings
internal import Web

extension Program {
    /// Looks at all that builds and people need here, beside what was found out about the engine or the scheduler.
    func examination(engineChecks: [SystemReport.Check]) -> SystemReport {
        var checks = engineChecks
        checks.append(SystemReport.Check("state directory", examineState))
        checks.append(diskCheck)
        checks.append(SystemReport.Check("queue", examineQueue))
        checks.append(SystemReport.Check("registry", examineRegistry))
        checks.append(indexCheck)
        for store in settings.auth.stores {
            checks.append(SystemReport.Check("users of \(store.rawValue)") { try examine(store) })
        }
        checks.append(SystemReport.Check("administrators", examineAdministrators))
        return SystemReport(checks: checks)
    }

    /// What a report about the container engine comes to.
    static func engineChecks(_ report: EngineReport) -> [SystemReport.Check] {
        let engine = SystemReport.Check("container engine") {
            guard let engine = report.engine else {
                throw Problem(
                    .temporarilyUnavailable, report.failure?.message ?? "none", hint: report.failure?.hint)
            }
            return "\(engine.kind.rawValue) \(engine.version) at \(engine.path)"
        }
        return [engine] + report.advice.map { SystemReport.Check("container engine", .warning, $0) }
    }

    /// Where the scheduler's commands lie, which stand in for an engine here.
    var launcherCheck: SystemReport.Check {
        SystemReport.Check("launcher") {
            let programs = try scheduler()?.programs ?? []
            if let missing = programs.first(where: { $0.path == nil }) {
                throw Problem(
                    .temporarilyUnavailable, "there is no program \(missing.name)",
                    hint: "install the scheduler's commands on this machine, or name them by their paths")
            }
            return
                "\(settings.launcher.kind.rawValue), by \(programs.compactMap(\.path).joined(separator: ", "))"
        }
    }

    private func examineState() throws -> String {
        let state = settings.server.state
        try Files.makeDirectory(state, permissions: 0o750)
        let probe = "\(state)/.doctor-\(ThisProcess.id)"
        try Files.replace(probe, with: [])
        try Files.remove(probe)
        return state
    }

    private var diskCheck: SystemReport.Check {
        guard let free = Files.freeBytes(at: settings.server.state) else {
            return .init("disk", .warning, "its free space cannot be asked for")
        }
        let floor = settings.builds.minFree
        let message = "\(free / 1_000_000) MB are free; builds want \(floor) MB"
        let hint = "make room, for example by slipway builds prune"
        if free / 1_000_000 < floor { return .init("disk", .error, message, hint: hint) }
        if free / 1_000_000 < floor * 2 { return .init("disk", .warning, message, hint: hint) }
        return .init("disk", .ok, message)
    }

    private func examineQueue() throws -> String {
        let (waiting, working) = try history().counts()
        return "\(working) of \(settings.builds.maxParallel) builds work, \(waiting) wait"
    }

    private func examineRegistry() throws -> String {
        let registry = try ModelSource(settings).registry
        let page = try registry.models(matching: "", PageRequest(size: 1, token: nil))
        return registry.description + (page.items.isEmpty ? "; it holds no model yet" : "")
    }

    private var indexCheck: SystemReport.Check {
        .init("package index", .ok, settings.python.indexURL ?? "the default of pip and uv")
    }
}
