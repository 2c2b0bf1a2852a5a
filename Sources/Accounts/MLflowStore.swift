package import Core
package import HTTPClient
internal import MLflow

/// The users of MLflow's own basic-auth app: a user's name and password are tried there.
package struct MLflowStore: UserStore {
    package let kind = StoreKind.mlflow
    private let server: HTTPServer

    /// - Parameter server: MLflow's; credentials that it may hold are not used.
    package init(_ server: HTTPServer) { self.server = server }

    package func verify(_ credentials: Credentials, from address: String) throws(Problem) -> VerifiedUser? {
        let api = MLflowAPI(
            server.with(.basic(user: credentials.user.text, password: credentials.password)),
            timeoutSeconds: Self.patience)
        do throws(MLflowAPI.Refusal) {
            // 2.x and 3.x both answer a user about themselves.
            let answer = try api.get(
                "mlflow/users/get", [("username", credentials.user.text)], as: Answer.self)
            // A server that answers anybody the same has not looked at the password.
            guard UserName(answer.user.username) == credentials.user else { return nil }
            return VerifiedUser(isStoreAdministrator: answer.user.isAdmin)
        } catch {
            switch error.status {
            case 401: return nil
            // Not MLflow's word where it says no more: a wrong Host header and a proxy's refusal are 403 too.
            case 403 where error.errorCode == "PERMISSION_DENIED": return nil
            case 404:
                throw Problem(
                    .temporarilyUnavailable, "the MLflow server \(server.address) has no users of its own",
                    hint: "start it with --app-name basic-auth, or leave mlflow out of auth.stores",
                    cause: error)
            default:
                throw Problem(
                    .temporarilyUnavailable,
                    "the MLflow server that knows the users does not answer as it should",
                    hint: "try again; an administrator finds the reason in Slipway's log", cause: error)
            }
        }
    }

    /// MLflow tells nothing without a password: sessions bring theirs.
    package func mark(of user: UserName) -> String? { "" }

    package func knows(_ user: UserName) -> Bool { false }

    /// Seconds; MLflow takes a third of one.
    private static let patience = 8

    private struct Answer: Decodable {
        let user: User

        struct User: Decodable {
            let username: String
            let isAdmin: Bool
        }
    }
}
