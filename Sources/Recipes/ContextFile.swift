/// The programs that go into a build context; `Sources/Recipes/Files` holds them.
enum ContextFile {
    /// Functions that the other shell programs share.
    static let packages = text(PackageResources.packages_sh)
    /// Installs packages of the base image's distribution.
    static let system = text(PackageResources.system_sh)
    /// Makes a conda environment.
    static let conda = text(PackageResources.conda_sh)
    /// Finds the Python that gets the packages, and their installer.
    static let python = text(PackageResources.python_sh)
    /// Resolves requirements before they are installed.
    static let lock = text(PackageResources.lock_sh)
    /// Installs Python packages.
    static let dependencies = text(PackageResources.dependencies_sh)
    /// Fills the byte-code caches at build time.
    static let warm = text(PackageResources.warm_py)
    /// The image's entry point and health check.
    static let serve = text(PackageResources.serve_py)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
