internal import Builders
internal import Core
internal import Recipes
internal import Settings

extension Engine {
    /// What its builder understands.
    var dialect: Dialect {
        guard mounts else { return .plain }
        return kind == .docker ? .buildkit : .buildah
    }

    /// Refuses at once what a build would find out only later.
    ///
    /// - Throws: `Problem` naming the setting or field.
    func checkCanBuild(_ options: BuildOptions, _ images: Settings.Images) throws(Problem) {
        if let builder = images.builder {
            guard kind == .docker else {
                throw .invalid("images.builder", "needs docker, and the engine here is \(kind.rawValue)")
            }
            guard mounts else {
                throw .invalid(
                    "images.builder", "\(builder) needs docker's buildx plugin", hint: "run: slipway doctor")
            }
            return
        }
        try checkCanRun(options.platform)
    }
}
