internal import Core

/// What the engine's builder understands.
package enum Dialect: Sendable, CaseIterable {
    /// `RUN --mount` of files, caches and secrets, and of another stage's files by what they hold.
    case buildkit
    /// `RUN --mount`, but a step that mounts another stage's files is repeated whenever that stage is: podman too.
    case buildah
    /// The builder that Docker had before BuildKit: no mounts.
    case plain
}

extension Recipe {
    /// The Dockerfile for a context that holds `model/` and `slipway/`.
    ///
    /// Dependencies come before the model, so that a new version of a model costs one small layer. No value of a model
    /// or request reaches a shell: they lie in files.
    ///
    /// - Parameters:
    ///   - dialect: what the engine's builder understands.
    ///   - labels: pairs of a label's name and any text.
    /// - Returns: the file's text.
    package func dockerfile(_ dialect: Dialect, labels: [(String, String)]) -> String {
        var lines: [String] = []
        let isStaged = dialect == .plain || !channels.isEmpty
        if isStaged {
            lines += buildStage(dialect) + from(baseImage.fullyQualified) + start + system(dialect)
            lines.append("COPY --from=build /opt/slipway /opt/slipway")
        } else if dialect == .buildkit, isResolvable {
            lines += from(baseImage.fullyQualified, as: "base") + start + system(dialect) + layers
        } else {
            lines += from(baseImage.fullyQualified) + start + system(dialect) + arguments
            lines.append(step("dependencies", dependencySettings(venv: false), dialect))
        }
        if isStaged || envManager != .local || !baseIsPrepared {
            lines.append("ENV PATH=/opt/slipway/venv/bin:$PATH")
        }
        lines += Self.end
        if !labels.isEmpty { lines.append("LABEL " + labels.map(Self.label).joined(separator: " \\\n    ")) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What is left of this stage is `/opt/slipway`: no tool, certificate or cache.
    private func buildStage(_ dialect: Dialect) -> [String] {
        var lines: [String] = []
        if !channels.isEmpty, !settings.hasMicromamba {
            let image = settings.micromambaImage ?? settings.tables.micromamba
            lines += from(image.fullyQualified, as: "micromamba") + [""]
        }
        lines += from(baseImage.fullyQualified, as: "build") + ["USER 0:0"] + system(dialect)
        if !channels.isEmpty {
            lines.append(
                settings.hasMicromamba
                    ? "COPY slipway/micromamba /run/slipway/micromamba"
                    : "COPY --from=micromamba /bin/micromamba /run/slipway/micromamba")
            lines.append(step("conda", ["SLIPWAY_CONDA": condaKey], dialect))
        }
        lines += arguments
        lines.append(step("dependencies", dependencySettings(venv: true), dialect))
        return lines + [""]
    }

    /// A stage that resolves, then a layer of what seldom changes and one of the rest (see `Files/lock.sh`).
    private var layers: [String] {
        var common = dependencySettings(venv: false)
        // The first layer is every recipe's that has the same packages in it.
        common["SLIPWAY_DEPENDENCIES"] = nil
        let directory = "/run/slipway/dependencies"
        let first = Self.bind("/opt/slipway/lock/first", at: directory, from: "lock")
        let rest = Self.bind("/opt/slipway/lock/rest", at: "/run/slipway/locked", from: "lock")
        return from("base", as: "lock") + arguments
            + [step("dependencies", dependencySettings(venv: false), .buildkit, program: "lock.sh"), ""]
            + from("base") + arguments
            + [
                run("\(directory)/install.sh", common, mounts: [first] + commonMounts("dependencies")),
                step("dependencies", dependencySettings(venv: false), .buildkit, more: [rest]),
            ]
    }

    private func from(_ image: String, as stage: String? = nil) -> [String] {
        ["FROM \(image)" + (stage.map { " AS \($0)" } ?? "")]
    }

    private func system(_ dialect: Dialect) -> [String] {
        guard !systemFiles.isEmpty else { return [] }
        var settings = ["SLIPWAY_SYSTEM": systemKey]
        if !baseIsPrepared, channels.isEmpty {
            settings["SLIPWAY_PYTHON"] = minorVersion
            settings["SLIPWAY_ENV_MANAGER"] = envManager.rawValue
        }
        return [step("system", settings, dialect)]
    }

    private func dependencySettings(venv: Bool) -> [String: String] {
        var settings = [
            "SLIPWAY_DEPENDENCIES": dependencyKey, "SLIPWAY_PYTHON": minorVersion,
            "SLIPWAY_ENV_MANAGER": envManager.rawValue,
        ]
        settings["SLIPWAY_MACHINE"] = machine
        settings["SLIPWAY_INSTALLER"] = usesUV ? "uv" : "pip"
        if usesUV { settings["SLIPWAY_UV"] = Self.uvVersion }
        if venv { settings["SLIPWAY_TARGET"] = "venv" }
        return settings
    }

    private static let uvVersion = "0.13.9"

    private var arguments: [String] {
        buildArguments.keys.sorted().map { "ARG \($0)" }
    }

    /// Runs a program of one directory of the context; installer, caches, secrets and temporary files all leave with its
    /// mounts.
    private func step(
        _ name: String, _ variables: [String: String], _ dialect: Dialect, program: String = "install.sh",
        more: [String] = []
    ) -> String {
        let directory = "/run/slipway/\(name)"
        guard dialect != .plain else {
            return "COPY slipway/\(name) \(directory)\n"
                + run("\(directory)/\(program)", variables, mounts: [])
        }
        let files = Self.bind("slipway/\(name)", at: directory)
        return run("\(directory)/\(program)", variables, mounts: [files] + more + commonMounts(name))
    }

    private func run(_ program: String, _ variables: [String: String], mounts: [String]) -> String {
        let words = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let command = words.joined(separator: " ") + " \\\n    sh \(program)"
        return "RUN " + (mounts + [command]).joined(separator: " \\\n    ")
    }

    private static func bind(_ source: String, at target: String, from stage: String? = nil) -> String {
        "--mount=type=bind," + (stage.map { "from=\($0)," } ?? "") + "source=\(source),target=\(target)"
    }

    /// Scratch space, and what `name` needs of caches and secrets.
    private func commonMounts(_ name: String) -> [String] {
        // Not /tmp: buildah removes every mount's target from the image (seen with 1.28).
        var mounts = ["--mount=type=tmpfs,target=/run/slipway/tmp"]
        if name != "system" {
            mounts.append("--mount=type=cache,id=slipway-downloads,target=/run/slipway/cache")
        }
        if settings.hasCABundle {
            mounts.append(
                "--mount=type=secret,id=ca_bundle,target=/run/slipway/secrets/ca.pem,required=true")
        }
        if settings.hasCredentials, name != "system" {
            mounts.append("--mount=type=secret,id=netrc,target=/run/slipway/secrets/netrc,required=true")
        }
        return mounts
    }

    /// What holds for every model comes first: some storage drivers copy all layers so far at each step.
    ///
    /// Everything that a library may want to write goes below /tmp, for any user and with a root that is read-only.
    private var start: [String] {
        [
            "USER 0:0",
            "RUN echo 'slipway:x:10001:10001::/home/slipway:/usr/sbin/nologin' >> /etc/passwd \\\n"
                + "    && echo 'slipway:x:10001:' >> /etc/group \\\n"
                + "    && mkdir -p /opt/ml /home/slipway \\\n"
                + "    && chown 10001:10001 /home/slipway",
            "ENV HOME=/tmp JOBLIB_TEMP_FOLDER=/tmp NUMBA_CACHE_DIR=/tmp/.cache/numba \\\n"
                + "    PYTHONUNBUFFERED=1 MLFLOW_DISABLE_ENV_CREATION=True",
            "WORKDIR /home/slipway",
            "EXPOSE 8080",
            "HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 \\\n"
                + #"    CMD ["python3", "/opt/slipway/serve.py", "check"]"#,
            #"ENTRYPOINT ["python3", "/opt/slipway/serve.py"]"#,
            "CMD []",
        ]
    }

    /// Owned by the image's user; the context's files are for everybody to read.
    private static let end = [
        "COPY --chown=10001:10001 slipway/serve.py /opt/slipway/serve.py",
        "USER 10001:10001",
        "COPY --chown=10001:10001 model /opt/ml/model",
    ]

    private static func label(_ name: String, _ value: String) -> String {
        "\(quotedLabel(name))=\(quotedLabel(value))"
    }

    /// A text that neither ends the quotes, nor the line, nor names a variable.
    private static func quotedLabel(_ text: String) -> String {
        var result = ""
        // By scalars: a quote with a mark upon it is one character to Swift, and a quote to the engine.
        for scalar in text.printable(limit: 1024).unicodeScalars {
            if "\"\\$".unicodeScalars.contains(scalar) { result.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return "\"\(result)\""
    }
}
