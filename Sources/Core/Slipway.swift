/// The program itself.
package enum Slipway {
    /// Of https://semver.org.
    package static let version = "0.1.0"
}
