package import Core

/// What the site asks for.
package struct RecipeSettings: Sendable {
    package var tables: Tables
    /// The base image by Python version, such as `3.11`.
    package var baseImages: [String: ImageReference] = [:]
    /// Which base images may be used, beside the site's own; empty allows all.
    ///
    /// `*` stands for any text.
    package var allowedBaseImages: [String] = []
    /// Whether base images must be named by digest.
    package var requiresDigest = false
    /// The package index, unless the request or model names one: an address or a name from the tables; nil is PyPI.
    package var pipIndexURL: String?
    package var extraIndexURLs: [String] = []
    /// Hosts whose certificates are not looked at.
    package var trustedHosts: [String] = []
    /// Where torch's wheels lie instead of where the tables say; `none` takes what the index has.
    package var torchWheels: String?
    /// Where uv finds Pythons instead of their project's releases.
    package var pythonMirror: String?
    /// Where `debian`, `debian-security` and `ubuntu` lie.
    package var aptMirror: String?
    /// Names or addresses by which conda channels are replaced.
    package var condaChannels: [String: String] = [:]
    /// Where conda channels without an address lie.
    package var condaAlias: String?
    /// The image that brings micromamba, instead of the tables'.
    package var micromambaImage: ImageReference?
    /// Whether the build context holds micromamba, so that no image has to bring it.
    package var hasMicromamba = false
    /// Whether the build gets the site's certificate authorities: as the secret `ca_bundle`, or as `ca.pem` in a plain
    /// build's context.
    package var hasCABundle = false
    /// Whether the build gets credentials as the secret `netrc`.
    package var hasCredentials = false

    package init(tables: Tables) { self.tables = tables }
}
