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
            lines += buildStage(dialect) + start + system(dialect)
            lines.append("COPY --from=build /opt/slipway /opt/slipway")
        } else {
            lines += start + system(dialect) + arguments
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
            lines += ["FROM \(image.fullyQualified) AS micromamba", ""]
        }
        lines += ["FROM \(baseImage.fullyQualified) AS build", "USER 0:0"] + system(dialect)
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

    /// Runs `install.sh` of one directory of the context; installer, caches, secrets and temporary files all leave with
    /// its mounts.
    private func step(_ name: String, _ variables: [String: String], _ dialect: Dialect) -> String {
        let directory = "/run/slipway/\(name)"
        let words = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let command = words.joined(separator: " ") + " \\\n    sh \(directory)/install.sh"
        switch dialect {
        case .plain:
            return "COPY slipway/\(name) \(directory)\nRUN \(command)"
        case .mounts:
            var mounts = [
                "--mount=type=bind,source=slipway/\(name),target=\(directory)",
                // Not /tmp: buildah removes every mount's target from the image (seen with 1.28).
                "--mount=type=tmpfs,target=/run/slipway/tmp",
            ]
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
            return "RUN " + (mounts + [command]).joined(separator: " \\\n    ")
        }
    }

    /// What holds for every model comes first: some storage drivers copy all layers so far at each step.
    ///
    /// Everything that a library may want to write goes below /tmp, for any user and with a root that is read-only.
    private var start: [String] {
        [
            "FROM \(baseImage.fullyQualified)",
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
