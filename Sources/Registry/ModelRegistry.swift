package import Core

/// Where registered models are looked up.
package protocol ModelRegistry: Sendable, CustomStringConvertible {
    /// Finds one version of a model, and where its files lie.
    ///
    /// `latest` is the highest version by number that is ready, a stage the highest ready one in that stage: a
    /// version whose registration is unfinished is passed over by these two, and refused where it is named.
    ///
    /// - Throws: `resourceDoesNotExist` naming what is missing and what there is, `invalidState` for a version that is
    ///   not ready or lies where Slipway cannot read, `temporarilyUnavailable` where the registry gives no answer.
    func resolve(_ name: ModelName, _ selector: VersionSelector) throws(Problem) -> ModelVersion

    /// The numbers of a model's versions that are ready, the highest first.
    ///
    /// - Throws: as `resolve`.
    func versions(of name: ModelName) throws(Problem) -> [Int]

    /// The registered models by name, those whose name holds `text`, in either letter case, where that is not empty.
    ///
    /// - Throws: `temporarilyUnavailable` where the registry gives no answer.
    func models(matching text: String, _ page: PageRequest) throws(Problem) -> Page<ModelSummary>

    /// A model's versions, ready or not, the highest first.
    ///
    /// - Throws: as `resolve`.
    func versions(of name: ModelName, _ page: PageRequest) throws(Problem) -> Page<VersionSummary>
}

/// One version of a registered model, found in a registry.
package struct ModelVersion: Sendable, Equatable {
    package let name: ModelName
    package let version: Int
    package let location: ArtifactLocation
    /// Where the files lie as the registry says it; for people to read, never to open.
    package let source: String
    /// The run that made the model.
    package let runID: String?
    /// The logged model that the version was registered from (`m-…`, since MLflow 3).
    package let modelID: String?
}

/// What a registry holds of one version.
struct VersionRecord {
    let number: Int
    let source: String
    /// Where the registry itself found that the source leads, where it says so.
    var storage: String?
    let status: String
    /// `None` outside of the stages.
    let stage: String
    let runID: String?
    /// As recorded; a source of the form `models:/m-…` tells it too.
    var modelID: String?

    var isReady: Bool { status == "READY" }

    func version(of name: ModelName, at location: ArtifactLocation) -> ModelVersion {
        let loggedModel = modelID ?? (source.hasPrefix("models:/m-") ? String(source.dropFirst(8)) : nil)
        return ModelVersion(
            name: name, version: number, location: location, source: source,
            runID: runID.flatMap { $0.isIdentifier ? $0 : nil },
            modelID: loggedModel.flatMap { $0.isIdentifier ? $0 : nil })
    }
}

extension [VersionRecord] {
    /// The highest that is ready, in `stage` if that is not nil.
    func highestReady(in stage: String?) -> VersionRecord? {
        filter { $0.isReady && (stage == nil || $0.stage == stage) }.max { $0.number < $1.number }
    }
}

extension String {
    /// Whether the text is safe wherever an id of MLflow's goes: 1 to 64 letters, digits, dashes or underscores.
    var isIdentifier: Bool {
        (1...64).contains(utf8.count)
            && utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
