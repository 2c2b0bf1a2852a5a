package import Core
package import HTTPClient
internal import MLflow

/// Tags of model versions on an MLflow server.
package struct VersionTags: Sendable {
    private let connect: @Sendable () -> MLflowAPI

    /// Sets tags on `server`, each within `timeoutSeconds`.
    package init(_ server: HTTPServer, timeoutSeconds: Int) {
        self.init { MLflowAPI(server, timeoutSeconds: timeoutSeconds) }
    }

    init(connect: @escaping @Sendable () -> MLflowAPI) { self.connect = connect }

    /// Sets tags one after another, up to the first that fails.
    ///
    /// - Throws: the server's words.
    package func set(_ tags: [(name: String, value: String)], of model: String, version: Int) throws(Problem)
    {
        let api = connect()
        for tag in tags {
            do throws(MLflowAPI.Refusal) {
                try api.post(
                    "mlflow/model-versions/set-tag",
                    ["name": model, "version": String(version), "key": tag.name, "value": tag.value])
            } catch {
                throw error.problem
            }
        }
    }
}
