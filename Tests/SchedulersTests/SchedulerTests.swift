import Core
import Posix
import Settings
import TestSupport
import Testing

@testable import Schedulers

/// The commands are a script that answers as the test says.
@Suite("A scheduler")
struct SchedulerTests {
    let directory: TemporaryDirectory
    private let id: BuildID

    init() throws {
        directory = try TemporaryDirectory()
        id = try #require(BuildID("0a1b2c3d"))
    }

    /// A scheduler whose commands run `script`, with `$1` saying which one.
    private func scheduler(
        _ script: String, kind: String = "slurm", arguments: [String] = [], more: String = ""
    ) throws -> Scheduler {
        let program = try directory.write("#!/bin/sh\n\(script)\n", to: "scheduler", permissions: 0o700)
        let yaml = """
            launcher:
              kind: \(kind)
              submit: ["\(program)", submit, "{options}", "{name}", "{log}", "{command}"]
              find: ["\(program)", find, "{name}"]
              status: ["\(program)", status, "{job}", "{id}"]
              cancel: ["\(program)", cancel, "{job}"]
              command_seconds: 1
            \(more)
            """
        let settings = try Settings(
            file: ("slipway.yaml", Array(yaml.utf8)), environment: [:], cores: 2, readSecret: { _ in "" })
        return try Scheduler(
            settings.launcher, state: directory.path, program: "/usr/bin/slipway", arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin", "SLIPWAY_REGISTRY_TOKEN": "secret", "KUBECONFIG": "/k"])
    }

    @Test("gets each word as it is, whatever it holds")
    func words() throws {
        let record = directory.file("words")
        let scheduler = try scheduler(
            "for word; do printf '%s\\n' \"$word\"; done >'\(record)'; echo 12",
            arguments: ["--config", "/etc/a b;$(c) {id}.yaml"],
            more: "  options: [\"--account=a b\", \"{job}\"]")
        #expect(try scheduler.submit(id, log: "/s/build.log") == "12")
        #expect(
            try directory.read("words") == """
                submit
                --account=a b
                {job}
                slipway-0a1b2c3d
                /s/build.log
                /usr/bin/slipway
                build
                0a1b2c3d
                --config
                /etc/a b;$(c) {id}.yaml

                """)
    }

    @Test("sees none of Slipway's own variables")
    func environment() throws {
        let scheduler = try scheduler("env >'\(directory.file("env"))'; echo 1")
        _ = try scheduler.submit(id, log: "/l")
        let environment = try directory.read("env")
        #expect(environment.contains("KUBECONFIG=/k"))
        #expect(!environment.contains("SLIPWAY"))
    }

    @Test(
        "may call a job what is safe to say again",
        arguments: ["12", "12;cluster", "slipway-0a1b2c3d", "12_[1]"])
    func jobs(_ answer: String) throws {
        #expect(
            try scheduler("echo '\(answer)'").submit(id, log: "/l") == String(answer.prefix { $0 != ";" }))
    }

    @Test(
        "may call it nothing else",
        arguments: ["", "-9", "12 13", "12\\n13", "../x", "Submitted batch job 12", "é"])
    func strangeJobs(_ answer: String) throws {
        let scheduler = try scheduler("printf '\(answer)'")
        #expect(throws: Problem.self) { try scheduler.submit(id, log: "/l") }
    }

    @Test("finds a job by its build, the last of several, or none")
    func find() throws {
        #expect(try scheduler("echo 3; echo 12").find(id) == "12")
        #expect(try scheduler("true").find(id) == nil)
        let silent = try scheduler("exit 1")
        #expect(throws: Problem.self) { try silent.find(id) }
    }

    @Test("that does not answer is not one that knows no job")
    func unreachable() throws {
        let gone = try scheduler("echo 'error: Unable to contact slurm controller' >&2; exit 1")
        let error = #expect(throws: Problem.self) { try gone.state(of: "12", id) }
        #expect(
            error?.message
                == "\(directory.file("scheduler")) ended with exit status 1: error: Unable to contact slurm controller"
        )
        let unknown = try scheduler("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
        #expect(try unknown.state(of: "12", id) == JobState(nil))
        #expect(try scheduler("true").state(of: "12", id) == JobState(nil))
        #expect(try scheduler("echo RUNNING None").state(of: "12", id).phase == .running)
    }

    @Test("that hangs is left, with all that it started")
    func hanging() throws {
        let hanging = try scheduler("echo $$ >'\(directory.file("pid"))'; echo RUNNING; exec sleep 60")
        let error = #expect(throws: Problem.self) { try hanging.state(of: "12", id) }
        #expect(error?.message.contains("did not answer within 1 s") == true)
        let pid = try directory.read("pid").filter(\.isNumber)
        #expect(try Files.status("/proc/\(pid)") == nil)
    }

    @Test("that talks without end is cut short")
    func talking() throws {
        let talking = try scheduler("yes RUNNING | head -c 3000000")
        #expect(throws: Problem.self) { try talking.state(of: "12", id) }
    }

    @Test("without its program says so")
    func missing() throws {
        let scheduler = try scheduler("true")
        try Files.remove(directory.file("scheduler"))
        let error = #expect(throws: Problem.self) { try scheduler.cancel("12", id) }
        #expect(error?.message.hasPrefix("there is no program") == true)
        #expect(scheduler.programs.map(\.path) == [nil])
    }

    @Test("reads its manifest whole, however much it has become")
    func manifest() throws {
        let file = try directory.write(
            String(repeating: "- {command}\n", count: 2500), to: "manifest.yaml")
        let words = ["--config", "/" + String(repeating: "c", count: 200)]
        let scheduler = try scheduler(
            "cat >'\(directory.file("input"))'; echo 12", arguments: words, more: "  manifest: \(file)")
        #expect(try scheduler.submit(id, log: "/l") == "12")
        let input = try directory.read("input")
        #expect(input.utf8.count > 500_000)
        #expect(input.hasPrefix("[[\"/usr/bin/slipway\",\"build\",") && input.hasSuffix("c\"]]"))
        #expect(try Files.names(in: directory.path) == ["input", "manifest.yaml", "scheduler"])
    }

    @Test("that takes only scripts gets one that becomes what it is given")
    func script() throws {
        let yaml = "launcher: {kind: slurm, submit: [/bin/sh, \"{script}\", /bin/echo, \"{id}\"]}"
        let settings = try Settings(
            file: ("slipway.yaml", Array(yaml.utf8)), environment: [:], cores: 2, readSecret: { _ in "" })
        let scheduler = try Scheduler(
            settings.launcher, state: directory.path, program: "/p", arguments: [], environment: [:])
        #expect(try scheduler.submit(id, log: "/l") == "0a1b2c3d")
    }
}

@Suite("A manifest")
struct ManifestTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func placeholders(config: String = "/c") throws -> Placeholders {
        Placeholders(
            id: try #require(BuildID("12345678")), job: "", log: "/l", state: "/s", program: "/p",
            script: "/x",
            options: ["-n", "a"], command: ["/p", "build", "12345678", "--config", config])
    }

    private func filled(_ text: String, config: String = "/c") throws -> String {
        try Manifest(try directory.write(text, to: "manifest.yaml"), needsName: false)
            .filled(placeholders(config: config))
    }

    @Test("becomes JSON, value by value")
    func values() throws {
        let text = """
            # {id} in a comment
            metadata: {name: {name}}
            list:
              - {command}
              - "{id} of {state}"
              - {other}
            text: ["yes", "1", "null", '{command}']
            plain: [yes, off, 1, -2, 0.5, 0644, ~, 1e3, 08, 2Gi]
            empty: {}
            """
        #expect(
            try filled(text) == #"{"metadata":{"name":"slipway-12345678"},"list":[["/p","build","12345678","#
                + #""--config","/c"],"12345678 of /s",{"other":null}],"text":["yes","1","null","{command}"],"#
                + #""plain":[true,false,1,-2,0.5,420,null,"1e3","08","2Gi"],"empty":{}}"#)
    }

    @Test("lets no value become anything but a text")
    func hostile() throws {
        let text = try filled("args: {command}\nmore: {id}\n", config: "\"]}\nspec: {x: \\ {id}\u{0}")
        #expect(
            text
                == #"{"args":["/p","build","12345678","--config","\"]}\nspec: {x: \\ {id}\u0000"],"more":"12345678"}"#
        )
    }

    @Test(
        "for Kubernetes must be named by the build",
        arguments: [
            "", "metadata: {name: x}", "metadata: {name: \"{name}\"}", "metadata: {name: {id}}", "- a",
            "a: [", "a: 1\n---\nb: 2",
        ])
    func name(_ text: String) throws {
        let path = try directory.write(text, to: "manifest.yaml")
        let error = #expect(throws: Problem.self) { try Manifest(path, needsName: true) }
        #expect(error?.message.hasPrefix("\(path):") == true)
    }

    @Test("that is not there, or far too long, is refused")
    func unreadable() throws {
        let path = try directory.write(String(repeating: "#", count: 40_000), to: "long.yaml")
        #expect(throws: Problem.self) { try Manifest(path, needsName: false) }
        #expect(throws: Problem.self) { try Manifest(directory.file("none"), needsName: false) }
    }

    @Test("that comes with Slipway is one")
    func packaged() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let path = (root + ["packaging", "kubernetes", "runner.yaml"]).joined(separator: "/")
        let text = try Manifest(path, needsName: true).filled(placeholders())
        #expect(text.contains(#""name":"slipway-12345678""#))
        #expect(text.contains(#""command":["/p","build","12345678","--config","/c"]"#))
        #expect(text.contains(#""defaultMode":256"#))
        #expect(!text.contains("{name}") && !text.contains(":null"))
    }
}
