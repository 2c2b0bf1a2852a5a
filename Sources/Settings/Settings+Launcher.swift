internal import Core

extension Settings {
    /// Who starts runners: this machine, or a site's scheduler by commands of its own.
    package struct Launcher: Sendable, Equatable {
        package enum Kind: String, Sendable, CaseIterable { case local, slurm, kubernetes, command }

        package var kind: Kind
        /// The path of `slipway` where runners run; nil for this program's own.
        package var program: String?
        /// What the site adds to the commands, where they say `{options}`.
        package var options: [String]
        /// Hands a job over and prints what the scheduler calls it.
        package var submit: [String]
        /// Prints what the scheduler calls a build's job, or nothing; empty where it cannot be asked for by name.
        package var find: [String]
        /// Prints a job's state.
        package var status: [String]
        /// Takes a job back, or ends it.
        package var cancel: [String]
        /// A file of which each build's copy goes to `submit` by standard input.
        package var manifest: String?
        /// What the words mean that `status` prints.
        package var states: [String: Phase]
        /// What `status` complains of where the scheduler knows the job no more.
        package var unknownJob: String?
        /// How long one of the commands may take.
        package var commandSeconds: Int
        /// How often a job is asked for.
        package var pollSeconds: Int
        /// How long a runner that the scheduler has ended must have shown no sign of life.
        package var graceSeconds: Int

        /// How far a job is, for the scheduler.
        package enum Phase: String, Codable, Sendable, CaseIterable { case pending, running, ended }

        /// What the commands can name, in braces.
        package enum Placeholder: String, Sendable, CaseIterable {
            /// The build's id.
            case id
            /// The job's name, `slipway-ID`.
            case name
            /// What `submit` called the job.
            case job
            /// The path of the build's log.
            case log
            /// The state directory.
            case state
            /// The path of `slipway` where runners run.
            case program
            /// A shell script that runs its arguments.
            case script
            /// The words of `options`.
            case options
            /// The runner's whole command line, word by word.
            case command

            /// Whether it stands for any number of words.
            package var isList: Bool { self == .options || self == .command }
        }
    }
}

extension Settings.Launcher {
    /// What a kind of launcher brings along.
    struct Preset {
        var submit: [String] = []
        var find: [String] = []
        var status: [String] = []
        var cancel: [String] = []
        var states: [String: Phase] = [:]
        var unknownJob: String?

        static func of(_ kind: Kind) -> Preset {
            switch kind {
            case .local, .command: Preset()
            case .slurm: slurm
            case .kubernetes: kubernetes
            }
        }

        private static let slurm = Preset(
            submit: [
                "sbatch", "--parsable", "--no-requeue", "--export=NONE", "--job-name={name}",
                "--output={log}",
                "--open-mode=append", "--chdir=/", "{options}", "{script}", "{command}",
            ],
            find: ["squeue", "--noheader", "--me", "--name={name}", "--states=all", "--format=%A"],
            // The name too: after a loss of its state a controller gives numbers again.
            status: [
                "squeue", "--noheader", "--jobs={job}", "--name={name}", "--states=all", "--format=%T %r",
            ],
            cancel: ["scancel", "--name={name}", "{job}"],
            states: [
                "PENDING": .pending, "CONFIGURING": .pending, "REQUEUED": .pending, "REQUEUE_FED": .pending,
                "REQUEUE_HOLD": .pending, "RESV_DEL_HOLD": .pending, "SPECIAL_EXIT": .pending,
                "RUNNING": .running, "COMPLETING": .running, "RESIZING": .running, "SIGNALING": .running,
                "STAGE_OUT": .running, "STOPPED": .running, "SUSPENDED": .running,
                "BOOT_FAIL": .ended, "CANCELLED": .ended, "COMPLETED": .ended, "DEADLINE": .ended,
                "FAILED": .ended,
                "NODE_FAIL": .ended, "OUT_OF_MEMORY": .ended, "PREEMPTED": .ended, "REVOKED": .ended,
                "TIMEOUT": .ended,
            ],
            unknownJob: "Invalid job id")

        private static let kubernetes = Preset(
            submit: ["kubectl", "{options}", "create", "-f", "-", "-o", "jsonpath={.metadata.name}"],
            find: [
                "kubectl", "{options}", "get", "job", "{name}", "--ignore-not-found", "-o",
                "jsonpath={.metadata.name}",
            ],
            status: ["kubectl", "{options}", "get", "job", "{job}", "--ignore-not-found", "-o", "json"],
            cancel: [
                "kubectl", "{options}", "delete", "job", "{job}", "--ignore-not-found", "--wait=false",
            ])
    }

    /// Takes the section, and reports what is wrong with it.
    init(_ reader: inout SettingsReader) {
        let section = "launcher"
        kind =
            reader.value(section, "kind") { text throws(SettingRule) in
                guard let kind = Kind(rawValue: text) else {
                    throw SettingRule("must be local, slurm, kubernetes or command")
                }
                return kind
            } ?? .local
        let preset = Preset.of(kind)
        program = reader.path(section, "program")
        options = reader.list(section, "options") ?? []
        submit = reader.list(section, "submit") ?? preset.submit
        find = reader.list(section, "find") ?? preset.find
        status = reader.list(section, "status") ?? preset.status
        cancel = reader.list(section, "cancel") ?? preset.cancel
        manifest = reader.path(section, "manifest")
        let states = reader.map(section, "states") { word, text throws(SettingRule) in
            guard let phase = Phase(rawValue: text), !word.isEmpty else {
                throw SettingRule("\"\(word.printable())\" must be pending, running or ended")
            }
            return phase
        }
        self.states = preset.states.merging(states ?? [:]) { $1 }
        unknownJob = reader.text(section, "unknown_job") ?? preset.unknownJob
        commandSeconds = reader.integer(section, "command_seconds", 1...600) ?? 20
        pollSeconds = reader.integer(section, "poll_seconds", 1...3600) ?? 5
        graceSeconds = reader.integer(section, "grace_seconds", 1...86_400) ?? 30
        check(&reader)
    }

    private func check(_ reader: inout SettingsReader) {
        let commands = [("submit", submit), ("find", find), ("status", status), ("cancel", cancel)]
        func refuse(_ condition: Bool, _ key: String, _ rule: String) {
            reader.refuse(condition, "launcher", key, rule)
        }
        guard kind != .local else {
            let needless = commands.filter { !$0.1.isEmpty }.map(\.0) + (options.isEmpty ? [] : ["options"])
            for key in needless { refuse(true, key, "has no use with launcher.kind local") }
            refuse(manifest != nil, "manifest", "has no use with launcher.kind local")
            return
        }
        for (key, words) in commands {
            refuse(words.isEmpty && key != "find", "kind", "\(kind.rawValue) needs launcher.\(key)")
            refuse(words.first?.isEmpty == true, key, "must begin with a program")
            for word in words {
                if let rule = Self.brokenRule(word, hasJob: key == "status" || key == "cancel") {
                    refuse(true, key, rule)
                }
            }
        }
        refuse(
            kind == .kubernetes && manifest == nil, "kind",
            "kubernetes needs launcher.manifest, a copy of packaging/kubernetes/runner.yaml that is made the site's own"
        )
        refuse(kind == .command && states.isEmpty, "kind", "command needs launcher.states")
        func namesCluster(_ words: [String]) -> Bool {
            words.flatMap { $0 == "{options}" ? options : [$0] }
                .contains { $0.hasPrefix("--clusters") || $0.hasPrefix("-M") }
        }
        // A job would be handed over again and again, as nobody found it where it is.
        refuse(
            kind == .slurm && namesCluster(submit)
                && ![find, status, cancel].allSatisfy { $0.isEmpty || namesCluster($0) },
            namesCluster(options) ? "options" : "submit",
            "names a cluster to sbatch alone: set SLURM_CLUSTERS for slipway serve, or name it in find, status and cancel too"
        )
        let place = [Placeholder.command, .id, .name].map { "{\($0.rawValue)}" }
        refuse(
            kind != .kubernetes && manifest == nil && !submit.isEmpty
                && !submit.contains { word in place.contains { word.contains($0) } },
            "submit", "must name the build: {command}, {id} or {name}")
    }

    /// What a word of a command breaks; nil where it breaks nothing.
    private static func brokenRule(_ word: String, hasJob: Bool) -> String? {
        if word.hasControlCharacters { return "must not hold control characters" }
        for match in word.matches(of: /\{([a-z_]+)\}/) {
            guard let placeholder = Placeholder(rawValue: String(match.1)) else {
                let names = Placeholder.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ")
                return "\(match.0) is no placeholder; there are \(names)"
            }
            if placeholder == .job, !hasJob { return "{job} is known to status and cancel alone" }
            if placeholder.isList, word != match.0 { return "\(match.0) must be a word of its own" }
        }
        return nil
    }
}
