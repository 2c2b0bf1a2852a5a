internal import Core

/// What the engine's builder understands.
package enum Dialect: Sendable {
    /// `RUN --mount` of files, caches and secrets: BuildKit, podman and buildah.
    case mounts
    /// The builder that Docker had before BuildKit.
    case plain
}

extension Recipe {
    /// The Dockerfile for a context that holds `model/` and `slipway/`.
    ///
    /// Dependencies come before the model, so that a new version of a model costs one small layer. No value of a model
    /// or request reaches a shell: requirements and index lie in files.
    ///
    /// - Parameters:
    ///   - dialect: what the engine's builder understands.
    ///   - labels: pairs of a label's name and any text.
    /// - Returns: the file's text.
    package func dockerfile(_ dialect: Dialect, labels: [(String, String)]) -> String {
        var lines: [String]
        switch dialect {
        case .mounts: lines = start + installSystemPackages + [installMounted]
        case .plain:
            let copy = "COPY --from=build \(Self.environment) \(Self.environment)"
            lines =
                buildStage + start + installSystemPackages + [copy, "ENV PATH=\(Self.environment)/bin:$PATH"]
        }
        lines += Self.end
        if !labels.isEmpty { lines.append("LABEL " + labels.map(Self.label).joined(separator: " \\\n    ")) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The virtual environment that a plain build copies from stage to stage.
    private static let environment = "/opt/slipway/venv"
    /// Where an installing RUN sees `slipway/`.
    private static let context = "/run/slipway/context"
    /// Its temporary files.
    ///
    /// Not /tmp: buildah removes every mount's target from the image (seen with 1.28).
    private static let scratch = "/run/slipway/tmp"

    private var installSystemPackages: [String] {
        guard !systemPackages.isEmpty else { return [] }
        return [
            Self.run(
                [],
                [
                    "apt-get update",
                    "apt-get install --yes --no-install-recommends \(systemPackages.joined(separator: " "))",
                    "rm -rf /var/lib/apt/lists/*",
                ])
        ]
    }

    /// One RUN in the image's only stage: installer, caches, certificates and temporary files all leave with its mounts.
    private var installMounted: String {
        let mounts = [
            "--mount=type=bind,source=slipway,target=\(Self.context)",
            "--mount=type=cache,id=slipway-downloads,target=/run/slipway/cache",
            "--mount=type=tmpfs,target=\(Self.scratch)",
        ]
        let certificates = "/run/slipway/ca.pem"
        let secret =
            hasCABundle ? ["--mount=type=secret,id=ca_bundle,target=\(certificates),required=true"] : []
        let caches =
            "PIP_CACHE_DIR=/run/slipway/cache/pip UV_CACHE_DIR=/run/slipway/cache/uv UV_LINK_MODE=copy"
        let commands =
            usesUV
            ? [getUV, "\(Self.scratch)/uv/bin/uv pip install --system --break-system-packages \(uvOptions)"]
            : ["python3 -m pip install \(pipOptions)"]
        return Self.run(
            mounts + secret, variables(caches, trusting: certificates) + commands + [warm("python3")])
    }

    /// The certificates stay in this stage, of which the image has the virtual environment only.
    private var buildStage: [String] {
        let python = "\(Self.environment)/bin/python3"
        let create =
            usesUV
            ? [
                getUV,
                "\(Self.scratch)/uv/bin/uv venv --no-project --python python3 --system-site-packages \(Self.environment)",
                "\(Self.scratch)/uv/bin/uv pip install --python \(python) \(uvOptions)",
            ]
            : [
                "python3 -m venv --system-site-packages \(Self.environment)",
                "\(python) -m pip install \(pipOptions)",
            ]
        return [
            "FROM \(baseImage.fullyQualified) AS build", "USER 0:0", "COPY slipway \(Self.context)",
            Self.run(
                [],
                ["mkdir -p \(Self.scratch)"] + variables(nil, trusting: "\(Self.context)/ca.pem") + create + [
                    warm(python)
                ]), "",
        ]
    }

    /// The first command of an installing RUN: what it exports ends with it.
    private func variables(_ caches: String?, trusting certificates: String) -> [String] {
        let trust = hasCABundle ? "PIP_CERT=\(certificates) SSL_CERT_FILE=\(certificates)" : nil
        let index = index == nil ? nil : "PIP_CONFIG_FILE=\(Self.context)/pip.conf"
        let pip =
            "PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_BREAK_SYSTEM_PACKAGES=1 PIP_RETRIES=8 NO_COLOR=1"
        let groups = [
            "export SLIPWAY_DEPENDENCIES=\(dependencyKey) PYTHONDONTWRITEBYTECODE=",
            "HOME=\(Self.scratch) TMPDIR=\(Self.scratch)", pip,
            usesUV ? "UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_HTTP_RETRIES=8" : nil, caches, trust,
            index,
        ]
        return [groups.compactMap { $0 }.joined(separator: " \\\n        ")]
    }

    private var getUV: String {
        "python3 -m pip install --no-deps --no-compile --target \(Self.scratch)/uv uv==0.13.9"
    }
    /// Every index counts, as for pip: what a requirements file says was tried out with pip.
    private var uvOptions: String { "--index-strategy unsafe-best-match \(pipOptions)" }
    private var pipOptions: String { "--no-compile --requirement \(Self.context)/requirements.txt" }

    /// Byte code that cannot be made is no reason to fail: the server's own start shows what is wrong.
    private func warm(_ python: String) -> String { "{ \(python) \(Self.context)/warm.py || true; }" }

    /// What holds for every model comes first: some storage drivers copy all layers so far at each step.
    private var start: [String] {
        [
            "FROM \(baseImage.fullyQualified)",
            "USER 0:0",
            Self.run(
                [],
                [
                    "echo 'slipway:x:10001:10001::/home/slipway:/usr/sbin/nologin' >> /etc/passwd",
                    "echo 'slipway:x:10001:' >> /etc/group",
                    "mkdir -p /opt/ml /home/slipway",
                    "chown 10001:10001 /home/slipway",
                ]),
            "ENV HOME=/home/slipway PYTHONUNBUFFERED=1 MLFLOW_DISABLE_ENV_CREATION=True",
            "WORKDIR /home/slipway",
            "EXPOSE 8080",
            "HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 \\\n"
                + #"    CMD ["python3", "/opt/slipway/serve.py", "check"]"#,
            #"ENTRYPOINT ["python3", "/opt/slipway/serve.py"]"#,
            "CMD []",
        ]
    }

    /// Owned by the image's user, so that it can read them whatever their modes in the context are.
    private static let end = [
        "COPY --chown=10001:10001 slipway/serve.py /opt/slipway/serve.py",
        "USER 10001:10001",
        "COPY --chown=10001:10001 model /opt/ml/model",
    ]

    private static func run(_ mounts: [String], _ commands: [String]) -> String {
        let script = commands.joined(separator: " \\\n    && ")
        return "RUN " + (mounts + [script]).joined(separator: " \\\n    ")
    }

    private static func label(_ name: String, _ value: String) -> String {
        "\(quoted(name))=\(quoted(value))"
    }

    /// A text that neither ends the quotes, nor the line, nor names a variable.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.printable(limit: 1024) {
            if "\"\\$".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result + "\""
    }
}
