internal import Accounts
internal import Builders
internal import Builds
internal import Core
internal import Posix
internal import Settings
internal import Web

/// `slipway check-config`.
enum CheckConfigCommand: Subcommand {
    static let name = "check-config"
    static let summary = "say everything that is wrong with the settings"
    static let help = """
        Usage: slipway check-config [--config FILE]

        Reads the settings as the other commands do and prints every problem with its file and line.
        """
    static let options: Set = ["--config"]
    static let flags: Set<String> = []

    static func run(_ arguments: Arguments) throws -> Bool {
        let program = try Program(arguments)
        _ = try ModelSource(program.settings)
        _ = try ModelRecipe.tables(program.settings.images.tables)
        if let file = program.settings.images.registryAuthFile { _ = try RegistryLogins(file) }
        _ = try program.userStores()
        _ = try program.scheduler()
        Terminal.say(
            "the settings are right; builds and their history are kept in \(program.settings.server.state)")
        return true
    }
}

/// `slipway doctor`.
enum DoctorCommand: Subcommand {
    static let name = "doctor"
    static let summary = "look whether this machine can build images, and say what to mend"
    static let help = """
        Usage: slipway doctor [--config FILE] [--engine] [--json]

        Tries what a build needs and prints a line for each, with what to do where something is missing.

          --engine   ask only the container engine
          --json     print what was found as JSON
        """
    static let options: Set = ["--config"]
    static let flags: Set = ["--engine", "--json"]

    static func run(_ arguments: Arguments) throws -> Bool {
        let program = try Program(arguments)
        let isJSON = arguments.flags.contains("--json")
        if isJSON, arguments.flags.contains("--engine") {
            let report = program.renewedEngineReport() ?? program.engineReport()
            Terminal.say(String(decoding: try report.encoded(), as: UTF8.self))
            return report.engine != nil
        }
        let engine =
            program.isLocal || arguments.flags.contains("--engine")
            ? Program.engineChecks(program.engineReport()) : [program.launcherCheck]
        let report =
            arguments.flags.contains("--engine")
            ? SystemReport(checks: engine) : program.examination(engineChecks: engine)
        if isJSON {
            Terminal.say(String(decoding: try report.encoded(), as: UTF8.self))
            return report.isHealthy
        }
        for check in report.checks {
            switch check.state {
            case .ok: Terminal.say("ok       \(check.name): \(check.message)")
            case .warning: Terminal.say("advice   \(check.message)")
            case .error: Terminal.say("problem  \(check.name): \(check.message)")
            }
            if let hint = check.hint { Terminal.say("         \(hint)") }
        }
        return report.isHealthy
    }
}

/// `slipway user`.
enum UserCommand: Subcommand {
    static let name = "user"
    static let summary = "add, remove and list users of the htpasswd file"
    static let help = """
        Usage: slipway user add NAME [--password-stdin] [--config FILE]
               slipway user remove NAME [--config FILE]
               slipway user list [--config FILE]

        Keeps the file auth.htpasswd. Without --password-stdin a password is made and printed once. Who may build is
        said by auth.administrators in slipway.yaml.
        """
    static let options: Set = ["--config"]
    static let flags: Set = ["--password-stdin"]
    static let positional = 1...2

    static func run(_ arguments: Arguments) throws -> Bool {
        let file = HtpasswdFile(path: try Program(arguments).settings.auth.htpasswd)
        switch (arguments.positional.first, arguments.positional.count) {
        case ("list"?, 1):
            for user in try file.users() { Terminal.say(user.text) }
        case ("remove"?, 2):
            try file.remove(arguments.positional[1])
        case ("add"?, 2):
            let user = arguments.positional[1]
            if arguments.flags.contains("--password-stdin") {
                let line = String(decoding: ThisProcess.readStandardInput(limit: 4096), as: UTF8.self)
                try file.set(user, Secret(String(line.prefix { !$0.isNewline })))
            } else {
                let password = HtpasswdFile.generatedPassword()
                try file.set(user, password)
                Terminal.say("\(user):\(password.revealed)")
            }
        default: throw Misuse("say add NAME, remove NAME or list")
        }
        return true
    }
}

/// `slipway base-image`.
enum BaseImageCommand: Subcommand {
    static let name = "base-image"
    static let summary = "make a Python base image from Debian's packages, without an image registry"
    static let help = """
        Usage: slipway base-image create [--tag IMAGE] [--mirror URL] [--ca-bundle FILE] [--config FILE]

        Makes a small image of this machine's Debian release with its Python, by debootstrap, and gives it to the
        container engine. For machines that reach a Debian mirror but no image registry. Needs root.

          --tag IMAGE        its name (default: localhost/slipway-python:3.11)
          --mirror URL       the Debian mirror (default: the machine's own)
          --ca-bundle FILE   certificates to trust when the mirror is on https, in PEM
        """
    static let options: Set = ["--tag", "--mirror", "--ca-bundle", "--config"]
    static let flags: Set<String> = []
    static let positional = 1...1

    static func run(_ arguments: Arguments) throws -> Bool {
        guard arguments.positional == ["create"] else { throw Misuse("say create") }
        let program = try Program(arguments)
        let tag = try ImageReference(arguments["--tag"] ?? "localhost/slipway-python:3.11", field: "--tag")
        let engine = try Engine.detect(
            preferred: program.settings.images.engine, environment: program.environment)
        try BaseImage.create(
            engine: engine, reference: tag, caBundle: arguments["--ca-bundle"], mirror: arguments["--mirror"],
            environment: program.environment
        ) { Terminal.complain($0) }
        Terminal.say(tag.description)
        return true
    }
}
