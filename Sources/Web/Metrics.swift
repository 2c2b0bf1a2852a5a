internal import Accounts
internal import FastCGI

/// Counters for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4).
enum Metrics {
    static func response(_ accounts: Accounts) throws -> GatewayResponse {
        var lines = [
            "# HELP slipway_password_verifications_total Passwords that were checked with their store, not remembered.",
            "# TYPE slipway_password_verifications_total counter",
        ]
        for (store, count) in try accounts.verifications() {
            lines.append("slipway_password_verifications_total{store=\"\(store.rawValue)\"} \(count)")
        }
        return GatewayResponse(
            status: 200,
            headers: [
                ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ], body: .bytes(Array(lines.map { $0 + "\n" }.joined().utf8)))
    }
}
