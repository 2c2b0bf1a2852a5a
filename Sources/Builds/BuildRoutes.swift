/// Where the API's builds stand, for links.
package enum BuildRoutes {
    package static let base = "/api/2.0/mlflow/models/build-docker"
    /// nginx's own way to the logs, which no client may ask for.
    package static let logsForNginx = "/slipway/logs"
}
