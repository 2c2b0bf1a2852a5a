/// Where a model version's files lie.
package enum ArtifactLocation: Sendable, Hashable, Codable, CustomStringConvertible {
    /// A directory on this machine; `root` is what it must not leave.
    case directory(path: String, root: String)
    /// A path under the MLflow server's own artifact store (`mlflow-artifacts:/PATH`), decoded, without a leading slash.
    case proxied(path: String)

    package var description: String {
        switch self {
        case .directory(let path, _): path
        case .proxied(let path): "mlflow-artifacts:/\(path)"
        }
    }
}
