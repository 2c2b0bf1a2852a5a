package import Builders
package import Core
package import Posix

/// What was last found out about the container engine: the content of `$STATE/engine.json`.
///
/// Only runners and `slipway doctor` ask the engine itself; a responder reads their report, and has a new one made by
/// a child process where the last is old.
package struct EngineReport: Codable, Sendable {
    package let engine: Engine?
    /// The setting that it was found by.
    let preferred: String
    /// When it was last detected rather than found unchanged.
    let detectedAt: Timestamp
    package let failure: BuildStatus.Failure?
    /// What to mend on this machine although builds may work.
    package let advice: [String]
    package let checkedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case engine, preferred, failure, advice
        case detectedAt = "detected_at"
        case checkedAt = "checked_at"
    }

    /// Asks what is installed; never fails, since that nothing answers is what it may have to say.
    package static func make(preferred: String, environment: [String: String]) -> EngineReport {
        let now = Clock.system.now()
        do throws(Problem) {
            let engine = try Engine.detect(preferred: preferred, environment: environment)
            return EngineReport(
                engine: engine, preferred: preferred, detectedAt: now, failure: nil, advice: engine.advice(),
                checkedAt: now)
        } catch {
            return EngineReport(
                engine: nil, preferred: preferred, detectedAt: now, failure: .init(error), advice: [],
                checkedAt: now)
        }
    }

    /// The last report, looked over; nil where it has to be made anew.
    ///
    /// - Parameters:
    ///   - state: the state directory.
    ///   - preferred: the setting as it is now.
    ///   - environment: this process's own.
    /// - Returns: the same report with the time of now.
    package static func renewed(state: String, preferred: String, environment: [String: String])
        -> EngineReport?
    {
        let now = Clock.system.now()
        guard let last = read(state), let engine = last.engine, last.preferred == preferred,
            last.detectedAt <= now, now.seconds(since: last.detectedAt) < 86_400,
            engine.isUnchanged(environment: environment)
        else { return nil }
        return EngineReport(
            engine: engine, preferred: preferred, detectedAt: last.detectedAt, failure: nil,
            advice: last.advice,
            checkedAt: now)
    }

    static func path(_ state: String) -> String { "\(state)/engine.json" }

    static func read(_ state: String) -> EngineReport? {
        guard let bytes = try? Files.read(path(state), limit: 1 << 20) else { return nil }
        return try? JSON.decode(EngineReport.self, bytes, "engine.json")
    }

    package func encoded() throws(Problem) -> [UInt8] { try JSON.encode(self) }
}

/// Knows the last report and how to get a newer one.
package struct EngineWatch: Sendable {
    /// A good report is believed this long; a bad one never, since whoever reads it goes and starts the engine.
    private static let freshSeconds = 30.0

    private let state: String
    private let preferred: String
    private let doctor: Command

    /// Watches the engine through reports that are kept in the state directory.
    ///
    /// - Parameters:
    ///   - state: the state directory.
    ///   - preferred: the setting `images.engine`; a report made for another one says nothing.
    ///   - doctor: prints a report as JSON.
    package init(state: String, preferred: String, doctor: Command) {
        self.state = state
        self.preferred = preferred
        self.doctor = doctor
    }

    /// The engine that builds would use now.
    ///
    /// - Throws: `temporarilyUnavailable` saying what to start or install.
    package func engine() throws(Problem) -> Engine {
        let report = try report()
        if let engine = report.engine { return engine }
        throw Problem(
            .temporarilyUnavailable, report.failure?.message ?? "no container engine answers",
            hint: report.failure?.hint ?? "run: slipway doctor")
    }

    /// The last report, or a new one where that is old or bad.
    ///
    /// - Throws: `temporarilyUnavailable` where none can be made.
    package func report() throws(Problem) -> EngineReport {
        if let report = young() { return report }
        return try renewed()
    }

    /// The engine of a report that is young enough.
    package func known() -> Engine? { young()?.engine }

    private func young() -> EngineReport? {
        guard let report = EngineReport.read(state), report.preferred == preferred, report.engine != nil
        else {
            return nil
        }
        let now = Clock.system.now()
        guard report.checkedAt <= now, now.seconds(since: report.checkedAt) < Self.freshSeconds else {
            return nil
        }
        return report
    }

    private func renewed() throws(Problem) -> EngineReport {
        do {
            let outcome = try doctor.run(seconds: 20)
            let report = try JSON.decode(EngineReport.self, Array(outcome.output.utf8), "the doctor's report")
            if report.engine != nil {
                try Files.replace(EngineReport.path(state), with: report.encoded(), isLasting: false)
            }
            return report
        } catch {
            throw Problem(
                .temporarilyUnavailable, "whether a container engine answers could not be found out",
                hint: "run: slipway doctor", cause: error)
        }
    }
}
