/// Where the API's builds stand, for links.
package enum BuildRoutes {
    package static let base = "/api/2.0/mlflow/models/build-docker"
}
