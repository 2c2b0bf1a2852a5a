internal import Core
internal import HTTPClient
internal import MLflow

/// The artifacts that an MLflow server passes on from its own store.
///
/// Follows `mlflow/protos/mlflow_artifacts.proto`: one request lists a directory, another sends a file.
struct ProxiedStore: ArtifactStore {
    /// The model's directory in that store, decoded.
    let path: String
    let connect: @Sendable () -> MLflowAPI

    func reader() -> any ArtifactReader { Reader(path: path, api: connect()) }

    private struct Reader: ArtifactReader {
        let path: String
        let api: MLflowAPI

        private static let route = "mlflow-artifacts/artifacts"

        func entries(in directory: String) throws(Problem) -> [ArtifactEntry] {
            let whole = directory.isEmpty ? path : "\(path)/\(directory)"
            do throws(MLflowAPI.Refusal) {
                return try api.get(Self.route, [("path", whole)], as: Listing.self).files?.map(\.entry) ?? []
            } catch {
                throw error.problem
            }
        }

        func read(_ file: String, into sink: ([UInt8]) throws -> Void) throws -> String? {
            let encoded = "\(path)/\(file)".pathComponents.map(\.percentEncoded).joined(separator: "/")
            do {
                return try api.download("\(Self.route)/\(encoded)", into: sink)
            } catch let error as HTTPError {
                throw ReadInterrupted(reason: error.message)
            } catch let error as MLflowAPI.Refusal {
                throw Problem(
                    .temporarilyUnavailable, "\(file.quoted) could not be fetched: \(error.problem.message)",
                    hint: error.problem.hint ?? "check in MLflow that the file exists")
            }
        }
    }

    private struct Listing: Decodable {
        struct File: Decodable {
            let path: String
            let isDir: Bool?
            let fileSize: Int?

            /// A size that is not sent is that of an empty file, or one that the server's store does not tell.
            var entry: ArtifactEntry {
                ArtifactEntry(name: path, kind: isDir == true ? .directory : .file(size: fileSize))
            }
        }

        let files: [File]?
    }
}
