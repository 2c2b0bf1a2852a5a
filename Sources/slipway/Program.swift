internal import Accounts
internal import Builders
internal import Builds
internal import Core
internal import FastCGI
internal import Posix
internal import Schedulers
internal import Settings
internal import Web

/// Everything that a command runs on, made from the settings.
struct Program {
    let settings: Settings
    let environment: [String: String]
    /// What children of this program are given to find the same settings.
    let configArguments: [String]
    let executable: String

    /// Reads the settings that the command line and the environment name.
    init(_ arguments: Arguments) throws {
        environment = ThisProcess.environment
        executable = try ThisProcess.executablePath()
        let standard = "/etc/slipway/slipway.yaml"
        let named = arguments["--config"] ?? environment["SLIPWAY_CONFIG"]
        guard let path = try named ?? (Files.status(standard) == nil ? nil : standard) else {
            configArguments = []
            settings = try Settings(
                file: nil, environment: environment, cores: ThisProcess.cores, readSecret: Self.readSecret)
            return
        }
        do {
            let content = try Files.read(path, limit: 4 << 20)
            configArguments = ["--config", try Files.canonical(path)]
            settings = try Settings(
                file: (path, content), environment: environment, cores: ThisProcess.cores,
                readSecret: Self.readSecret)
        } catch let error as SystemError {
            throw Problem(
                .invalidParameterValue, "the settings file \(path) cannot be read",
                hint: "name one by --config FILE or SLIPWAY_CONFIG", cause: error)
        }
    }

    private static func readSecret(_ path: String) throws -> String {
        String(decoding: try Files.read(path, limit: 64 << 10), as: UTF8.self)
    }

    func history() throws -> History {
        try History(state: settings.server.state, database: settings.server.database)
    }

    func dispatcher(_ history: History) -> Dispatcher {
        Dispatcher(history: history, launcher: launcher, maxParallel: settings.builds.maxParallel)
    }

    private var launcher: any Launcher {
        guard isLocal else { return SchedulerLauncher() }
        return LocalLauncher(program: executable, arguments: configArguments, environment: environment)
    }

    /// Whether runners are processes of this machine.
    var isLocal: Bool { settings.launcher.kind == .local }

    /// The site's scheduler; nil where runners are started here.
    func scheduler() throws(Problem) -> Scheduler? {
        if isLocal { return nil }
        return try Scheduler(
            settings.launcher, state: settings.server.state, program: executable, arguments: configArguments,
            environment: environment)
    }

    var engineWatch: EngineWatch {
        EngineWatch(
            state: settings.server.state, preferred: settings.images.engine,
            doctor: Command(
                executable, ["doctor", "--engine", "--json"] + configArguments, environment: environment))
    }

    func engineReport() -> EngineReport {
        .make(preferred: settings.images.engine, environment: environment)
    }

    /// The last report where it still holds, which costs far less.
    func renewedEngineReport() -> EngineReport? {
        .renewed(
            state: settings.server.state, preferred: settings.images.engine, environment: environment)
    }

    func builds() throws -> BuildService {
        let history = try history()
        return BuildService(
            history: history, dispatcher: dispatcher(history), source: try ModelSource(settings),
            engineWatch: engineWatch, images: imageKeeper, settings: settings)
    }

    private var imageKeeper: ImageKeeper {
        ImageKeeper { [executable, configArguments, environment] id in
            Command(
                executable, ["builds", "remove-image", id.text, "--json"] + configArguments,
                environment: environment)
        }
    }

    /// The engine, from the last report where that still holds.
    func engine() throws -> Engine {
        try engineWatch.known() ?? renewedEngineReport()?.engine
            ?? Engine.detect(preferred: settings.images.engine, environment: environment)
    }

    /// Who types commands here, as builds name them.
    var localUser: String { ThisProcess.userName ?? "uid \(ThisProcess.userID)" }

    /// What answers requests; without `streams`, which serves event streams, none of these.
    func router(_ streams: EventStreams? = nil) throws -> Router {
        let builds = try builds()
        let accounts = try accounts()
        let site = try site()
        let services = API.Services(builds: builds, accounts: accounts, site: site, streams: streams) {
            examination(
                engineChecks: isLocal ? Self.engineChecks(try engineWatch.report()) : [launcherCheck])
        }
        return Router(routes: API.routes(services), accounts: accounts, site: site)
    }
}
