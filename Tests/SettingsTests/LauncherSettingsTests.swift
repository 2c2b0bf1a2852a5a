import Core
import Settings
import Testing

@Suite("The launcher's settings")
struct LauncherSettingsTests {
    private func launcher(_ yaml: String, _ environment: [String: String] = [:]) throws -> Settings.Launcher {
        try Settings(
            file: ("slipway.yaml", Array(yaml.utf8)), environment: environment, cores: 4,
            readSecret: { _ in "" }
        ).launcher
    }

    @Test("start runners here unless they say otherwise")
    func local() throws {
        let launcher = try launcher("")
        #expect(launcher.kind == .local)
        #expect(launcher.submit.isEmpty && launcher.states.isEmpty)
    }

    @Test("bring Slurm's commands along, each of which can be replaced")
    func slurm() throws {
        let launcher = try launcher(
            """
            launcher:
              kind: slurm
              options: ["--partition=builds", "--time=60"]
              cancel: [/opt/scancel, "{job}"]
              states: {PENDING: ended, MINE: running}
            """)
        #expect(launcher.submit.first == "sbatch" && launcher.submit.contains("--no-requeue"))
        #expect(launcher.submit.suffix(3) == ["{options}", "{script}", "{command}"])
        #expect(launcher.cancel == ["/opt/scancel", "{job}"])
        #expect(launcher.states["PENDING"] == .ended && launcher.states["MINE"] == .running)
        #expect(launcher.states["NODE_FAIL"] == .ended)
        #expect(launcher.unknownJob == "Invalid job id")
        #expect((launcher.commandSeconds, launcher.pollSeconds, launcher.graceSeconds) == (20, 5, 30))
    }

    @Test("name a cluster to all of Slurm's commands or to none")
    func clusters() throws {
        let own = #"""
            launcher:
              kind: slurm
              options: [-Mbig]
              find: [squeue, "{options}", "{name}"]
              status: [squeue, --clusters=big, "{job}"]
              cancel: [scancel, -M, big, "{job}"]
            """#
        #expect(try launcher(own).options == ["-Mbig"])
        #expect(throws: Settings.Invalid.self) {
            try launcher(own.replacing("-M, big, ", with: ""))
        }
        #expect(
            try launcher("launcher: {kind: slurm, options: [--mem=8G, --cluster-constraint=x]}").kind
                == .slurm)
    }

    @Test("can be given by the environment")
    func environment() throws {
        let launcher = try launcher(
            "", ["SLIPWAY_LAUNCHER_KIND": "slurm", "SLIPWAY_LAUNCHER_OPTIONS": "--time=60, --mem=8G"])
        #expect(launcher.options == ["--time=60", "--mem=8G"])
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let yaml: String
        let problem: String
        var testDescription: String { yaml }
    }

    private static let command =
        "launcher: {kind: command, submit: [s, \"{command}\"], status: [s, \"{job}\"], cancel: [s, \"{job}\"], "

    @Test(
        "that are wrong are refused",
        arguments: [
            Wrong(
                yaml: "launcher: {kind: pbs}", problem: "kind: must be local, slurm, kubernetes or command"),
            Wrong(yaml: "launcher: {submit: [a]}", problem: "submit: has no use with launcher.kind local"),
            Wrong(yaml: "launcher: {manifest: /m}", problem: "manifest: has no use with launcher.kind local"),
            Wrong(
                yaml: "launcher: {kind: kubernetes}",
                problem:
                    "kind: kubernetes needs launcher.manifest, a copy of packaging/kubernetes/runner.yaml that is made the site's own"
            ),
            Wrong(
                yaml: "launcher: {kind: kubernetes, manifest: m}",
                problem: "manifest: must be an absolute path"),
            Wrong(yaml: command + "options: []}", problem: "kind: command needs launcher.states"),
            Wrong(
                yaml: command + "states: {A: gone}}",
                problem: "states: \"A\" must be pending, running or ended"),
            Wrong(
                yaml: command + "states: {A: ended}, find: [f, \"{nam}\"]}",
                problem:
                    "find: {nam} is no placeholder; there are {id}, {name}, {job}, {log}, {state}, {program}, {script}, {options}, {command}"
            ),
            Wrong(
                yaml: command + "states: {A: ended}, find: [f, \"x{job}\"]}",
                problem: "find: {job} is known to status and cancel alone"),
            Wrong(
                yaml: "launcher: {kind: slurm, submit: [a, \"x {command}\"]}",
                problem: "submit: {command} must be a word of its own"),
            Wrong(
                yaml: "launcher: {kind: slurm, submit: [sbatch, x]}",
                problem: "submit: must name the build: {command}, {id} or {name}"),
            Wrong(
                yaml: "launcher: {kind: slurm, options: [--clusters=big]}",
                problem:
                    "options: names a cluster to sbatch alone: set SLURM_CLUSTERS for slipway serve, or name it in find, status and cancel too"
            ),
            Wrong(
                yaml: "launcher: {kind: slurm, submit: [sbatch, -M, big, \"{command}\"]}",
                problem:
                    "submit: names a cluster to sbatch alone: set SLURM_CLUSTERS for slipway serve, or name it in find, status and cancel too"
            ),
            Wrong(yaml: "launcher: {kind: slurm, status: []}", problem: "kind: slurm needs launcher.status"),
            Wrong(
                yaml: "launcher: {kind: slurm, cancel: [\"a\\nb\"]}",
                problem: "cancel: must not hold control characters"),
            Wrong(
                yaml: "launcher: {kind: slurm, cancel: [\"\"]}", problem: "cancel: must begin with a program"),
            Wrong(
                yaml: "launcher: {kind: slurm, poll_seconds: 0}",
                problem: "poll_seconds: must be a whole number from 1 to 3600"),
            Wrong(
                yaml: "{launcher: {kind: slurm}, server: {state: /s/100%}}",
                problem:
                    "server.state: must not hold % or \\ with launcher.kind slurm: sbatch reads them as something else"
            ),
            Wrong(
                yaml: "{launcher: {kind: slurm}, builds: {remove_images: true}}",
                problem:
                    "builds.remove_images: has no use with launcher.kind slurm: images are with the engines of the nodes"
            ),
            Wrong(yaml: "server: {database: db}", problem: "server.database: must be an absolute path"),
        ])
    func wrong(_ wrong: Wrong) {
        let error = #expect(throws: Settings.Invalid.self) { try launcher(wrong.yaml) }
        let isPlaced = ["server.", "builds."].contains(where: wrong.problem.hasPrefix)
        let place = isPlaced ? "" : "launcher."
        #expect(
            error?.problems.contains("slipway.yaml:1: \(place)\(wrong.problem)") == true,
            "\(error?.problems ?? [])")
    }

    @Test("keep the database where the state is, unless it has a place of its own")
    func database() throws {
        let settings = try Settings(
            file: nil, environment: ["SLIPWAY_SERVER_STATE": "/s"], cores: 1, readSecret: { _ in "" })
        #expect(settings.server.database == "/s")
    }
}
