package import Core

/// How an image gets the model's Python packages, by MLflow's names.
package enum EnvManager: String, Codable, Sendable, CaseIterable {
    /// Into the Python that the base image has.
    case local
    /// Into a virtual environment of the model's own Python minor version.
    case virtualenv
    /// Into a conda environment, where the model's conda.yaml has what pip cannot install; else as virtualenv.
    case conda
}

/// What a person asks for beyond the model itself.
package struct RecipeRequest: Sendable {
    package var envManager = EnvManager.local
    /// Wins over every rule.
    package var baseImage: ImageReference?
    /// An address, or a name from the tables, such as `tsinghua`.
    package var pipIndexURL: String?
    /// Lines as in a requirements file, installed beside the model's own.
    package var extraRequirements: [String] = []
    /// Names of Debian packages, `name` or `name=version`.
    package var aptPackages: [String] = []
    /// Java or not; nil leaves it to the model's flavors.
    package var installJava: Bool?
    /// For a GPU or not; nil leaves it to the model's requirements.
    package var gpu: Bool?
    /// `mlflow-skinny` and what serving needs, in place of the whole of MLflow.
    package var slim = false
    /// What `uname -m` must say in the base image; nil asks for nothing.
    package var machine: String?
    /// Values for the build's steps, by name.
    package var buildArguments: [String: String] = [:]

    package init() {}

    /// Refuses what could not be put into a Dockerfile or a requirements file as it is meant.
    ///
    /// - Throws: `Problem` naming the field.
    package func check() throws(Problem) {
        try AptPackage.check(aptPackages, field: "apt_packages")
        try BuildArgument.check(buildArguments, field: "build_args")
        var reader = RequirementsReader(ModelFiles([:]))
        for (index, line) in extraRequirements.enumerated() {
            try reader.read(line: line, source: "extra_requirements[\(index)]")
        }
    }
}

/// Names of Debian packages.
enum AptPackage {
    static func check(_ names: [String], field: String) throws(Problem) {
        guard names.count <= 200 else { throw .invalid(field, "names more than 200 packages") }
        for name in names
        where name.hasSuffix("+") && !name.hasSuffix("++")
            || name.wholeMatch(of: /[a-z0-9][a-z0-9+.-]{0,98}[a-z0-9+](=[A-Za-z0-9][A-Za-z0-9.+:~-]{0,99})?/)
                == nil
        {
            throw .invalid(
                field, "\"\(name.printable(limit: 60))\" is not the name of a Debian package",
                hint: "write name or name=version, such as libgomp1")
        }
    }
}

/// Arguments that a build's steps see as variables; they stay in the image's history.
enum BuildArgument {
    static func check(_ arguments: [String: String], field: String) throws(Problem) {
        guard arguments.count <= 50 else { throw .invalid(field, "has more than 50 arguments") }
        for (name, value) in arguments.sorted(by: { $0.key < $1.key }) {
            guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]{0,63}/) != nil else {
                throw .invalid(
                    field, "\"\(name.printable(limit: 60))\" is not a variable's name",
                    hint: "letters, digits and underscores, such as CMAKE_ARGS")
            }
            let upper = name.uppercased()
            guard !reserved.contains(upper), !prefixes.contains(where: upper.hasPrefix)
            else {
                throw .invalid(field, "\(name) is not for a request to set", hint: reservedHint(upper))
            }
            guard upper.split(separator: "_").allSatisfy({ !secrets.contains(String($0)) }) else {
                throw .invalid(
                    field, "\(name) looks like a secret, which every holder of the image could read",
                    hint:
                        "let the administrator put it into python.netrc, which builds can use and images never hold"
                )
            }
            guard !value.hasControlCharacters, value.utf8.count <= 4096 else {
                throw .invalid(
                    field, "the value of \(name) holds control characters or is longer than 4096 bytes")
            }
        }
    }

    private static let reserved: Set = [
        "PATH", "HOME", "TMPDIR", "IFS", "ENV", "BASH_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP",
        "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC", "SSL_CERT_FILE",
    ]
    private static let prefixes = [
        "SLIPWAY_", "BUILDKIT_", "LD_", "PIP_", "UV_", "MAMBA_", "CONDA_",
    ]
    private static let secrets = [
        "PASSWORD", "PASSWD", "PASS", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "CREDENTIAL", "CREDENTIALS",
        "APIKEY", "KEY",
    ]

    private static func reservedHint(_ name: String) -> String {
        if name.contains("INDEX") { return "use pip_index_url" }
        if name.hasSuffix("PROXY") {
            return "proxies are the site's settings: network.http_proxy and its like"
        }
        return "choose another name"
    }
}
