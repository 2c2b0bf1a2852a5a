internal import Builders
internal import Core
internal import Posix
internal import Settings

/// The step that gives the finished image to a registry, by all its names.
struct Publication {
    let engine: Engine
    let settings: Settings
    let environment: [String: String]
    let directory: BuildDirectory
    let record: BuildRecord
    let log: LogWriter

    /// Refuses at once a build whose image could not be pushed.
    ///
    /// - Parameters:
    ///   - image: its name.
    ///   - options: what the request says.
    ///   - settings: what the site says.
    /// - Throws: `Problem` naming the field or setting that is wrong.
    static func check(_ image: ImageReference, _ options: BuildOptions, _ settings: Settings.Images)
        throws(Problem)
    {
        guard options.push ?? settings.push else { return }
        _ = try targets(image, options, settings)
        if let file = settings.registryAuthFile { _ = try RegistryLogins(file) }
    }

    /// The names that the registry will have the image by.
    ///
    /// A name that holds a registry stays as it is; any other goes whole below `images.push_registry`. No name ever goes
    /// to docker.io by itself.
    ///
    /// - Throws: `Problem` where there is no registry to go to.
    static func targets(_ image: ImageReference, _ options: BuildOptions, _ settings: Settings.Images)
        throws(Problem) -> [ImageReference]
    {
        var first = image.tag == nil ? try image.tagged("latest") : image
        if image.registry == nil {
            guard let registry = settings.pushRegistry else {
                throw .invalid(
                    options.push == nil ? "images.push" : "push",
                    "the image's name \(image) holds no registry, so there is nowhere to push it",
                    hint: "name one in image_name, such as registry.example.com/\(image), or set "
                        + "images.push_registry")
            }
            first = try ImageReference("\(registry)/\(first)", field: "images.push_registry")
        }
        var targets = [first]
        for tag in options.tags where !targets.contains(where: { $0.tag == tag }) {
            targets.append(try first.tagged(tag))
        }
        return targets
    }

    /// Takes the step where the request, or else the site, asks for it.
    ///
    /// - Parameters:
    ///   - image: as the engine has it.
    ///   - order: what was asked for.
    ///   - shouldStop: asked several times a second; true ends it.
    /// - Throws: `pushFailed` with the cause in words, or what keeps it from being recorded.
    func run(_ image: BuiltImage, _ order: BuildOrder, shouldStop: () -> Bool) throws {
        guard order.options.push ?? settings.images.push else { return }
        let name = try ImageReference(order.imageName, field: "image_name")
        let targets = try Self.targets(name, order.options, settings.images)
        try record.update { status, now in
            status.enter(.pushing, at: now)
            status.pushed = []
        }
        let deadline = ContinuousClock.now + .seconds(order.timeoutSeconds)
        for target in targets {
            record.note("pushing \(target)")
            var request = PushRequest(image: image.id, target: target, directory: directory.contextPath)
            request.authFile = settings.images.registryAuthFile
            request.isInsecure = target.registry.map(settings.images.insecureRegistries.contains) ?? false
            request.environment = settings.network.environment
            let record = record
            let left = ContinuousClock.now.duration(to: deadline).components.seconds
            let digest = try engine.push(
                request, environment: environment, log: log, seconds: Double(max(1, left)),
                shouldStop: shouldStop, follow: { done, total in record.progress(done: done, total: total) },
                say: { record.note($0) })
            try record.update { status, _ in
                status.pushed?.append(target.description)
                if let digest { status.image?.digest = digest }
            }
            record.note("pushed \(target)" + (digest.map { ", \($0)" } ?? ""))
        }
    }
}
