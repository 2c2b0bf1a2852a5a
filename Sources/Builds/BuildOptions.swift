internal import Builders
package import Core
package import Recipes
internal import Settings

/// How an image is to be built, beyond which model it is of: the optional fields of a submit, checked.
package struct BuildOptions: Codable, Sendable, Equatable {
    package private(set) var envManager = EnvManager.local
    private var baseImage: String?
    private var platformName: String?
    private var pipIndexURL: String?
    private var extraRequirements: [String] = []
    private var aptPackages: [String] = []
    private var buildArguments: [String: String] = [:]
    package private(set) var labels: [String: String] = [:]
    /// Further tags of the same image name.
    package private(set) var tags: [String] = []
    private var installJava: Bool?
    var installsJava: Bool { installJava == true }
    private var gpu: Bool?
    private var slim = false
    /// Whether the engine must not reuse layers.
    package private(set) var noCache = false
    /// Whether the engine looks for a newer base image even where it has one.
    package private(set) var pull = false
    package private(set) var timeoutSeconds: Int?
    /// Whether the image goes to a registry; nil is as the site does.
    package private(set) var push: Bool?
    /// Whether the finished image is tried; nil is as the site does.
    package private(set) var smokeTest: Bool?
    /// Whether the registry is told by tags of the model version; nil is as the site does.
    package private(set) var writeTags: Bool?

    enum CodingKeys: String, CodingKey {
        case labels, tags, gpu, slim, pull, push
        case envManager = "env_manager"
        case baseImage = "base_image"
        case platformName = "platform"
        case pipIndexURL = "pip_index_url"
        case extraRequirements = "extra_requirements"
        case aptPackages = "apt_packages"
        case buildArguments = "build_args"
        case installJava = "install_java"
        case noCache = "no_cache"
        case timeoutSeconds = "timeout_seconds"
        case smokeTest = "smoke_test"
        case writeTags = "write_tags"
    }

    /// What an empty form asks for.
    package init() {}

    /// A field's value.
    package typealias Value = JSONValue

    /// Takes single values, and beside them the fields of a JSON object.
    ///
    /// - Throws: `Problem` naming the field that is wrong, unknown, or given in both.
    package init(_ values: [String: Value], and json: [UInt8]?) throws(Problem) {
        var fields = SubmissionFields(values)
        if let json { try fields.add(SubmissionFields(json)) }
        try self.init(&fields)
        try fields.refuseUnknown()
    }

    init(_ fields: inout SubmissionFields) throws(Problem) {
        if let manager = try fields.text("env_manager") {
            guard let known = EnvManager(rawValue: manager) else {
                throw .invalid(
                    "env_manager", "\"\(manager.printable(limit: 40))\" is not supported",
                    hint: manager == "uv"
                        ? "use local or virtualenv: uv installs in both"
                        : "use \(EnvManager.allCases.map(\.rawValue).joined(separator: ", ")), or leave it out"
                )
            }
            envManager = known
        }
        baseImage = try fields.image("base_image")?.description
        platformName = try fields.text("platform")
        _ = try platform
        pipIndexURL = try fields.text("pip_index_url")
        extraRequirements = try fields.texts("extra_requirements", limit: 500)
        aptPackages = try fields.texts("apt_packages", limit: 200)
        buildArguments = try fields.textMap("build_args", limit: 50)
        labels = try fields.textMap("labels", limit: 100)
        tags = try fields.texts("tags", limit: 20)
        installJava = try fields.truth("install_java")
        gpu = try fields.truth("gpu")
        slim = try fields.truth("slim") ?? false
        noCache = try fields.truth("no_cache") ?? false
        pull = try fields.truth("pull") ?? false
        timeoutSeconds = try fields.number("timeout_seconds", 1...604_800)
        push = try fields.truth("push")
        smokeTest = try fields.truth("smoke_test")
        writeTags = try fields.truth("write_tags")
        for (name, value) in labels { try Self.check(label: name, value) }
        for tag in tags {
            guard let reference = try? ImageReference("name:\(tag)", field: ""), reference.tag == tag else {
                throw .invalid(
                    "tags", "\"\(tag.printable(limit: 60))\" is not a tag",
                    hint: "letters, digits, dots, dashes and underscores, such as latest")
            }
        }
        try recipeRequest().check()
    }

    /// The same with what the site's settings say now where the request says nothing: they may change before it is built.
    func settled(_ settings: Settings) -> BuildOptions {
        var options = self
        options.push = push ?? settings.images.push
        options.smokeTest = smokeTest ?? settings.builds.smokeTest
        options.writeTags = writeTags ?? settings.builds.writeTags
        return options
    }

    /// What of it the recipe depends on.
    package func recipeRequest() throws(Problem) -> RecipeRequest {
        var request = RecipeRequest()
        request.envManager = envManager
        request.baseImage = try baseImage.map { text throws(Problem) in
            try ImageReference(text, field: "base_image")
        }
        request.pipIndexURL = pipIndexURL
        request.extraRequirements = extraRequirements
        request.aptPackages = aptPackages
        request.installJava = installJava
        request.gpu = gpu
        request.slim = slim
        request.buildArguments = buildArguments
        request.machine = try platform?.machine
        return request
    }

    /// nil is the engine's own.
    var platform: Platform? {
        get throws(Problem) {
            try platformName.map { text throws(Problem) in try Platform(text, field: "platform") }
        }
    }

    /// Names as https://docs.docker.com/engine/manage-resources/labels/ wants them, and none of Slipway's own.
    private static func check(label name: String, _ value: String) throws(Problem) {
        guard name.wholeMatch(of: /[a-z0-9]([a-z0-9._\/-]{0,126}[a-z0-9])?/) != nil else {
            throw .invalid(
                "labels", "\"\(name.printable(limit: 60))\" is not a label's name",
                hint: "lower-case letters, digits, dots, dashes, such as com.example.team")
        }
        guard !name.hasPrefix("dev.slipway."),
            !["title", "version", "created", "base.name"]
                .contains(where: { name == "org.opencontainers.image.\($0)" })
        else {
            throw .invalid("labels", "\(name) is Slipway's own", hint: "choose another name")
        }
        guard !value.hasControlCharacters, value.utf8.count <= 1024 else {
            throw .invalid(
                "labels", "the value of \(name) holds control characters or is longer than 1024 bytes")
        }
    }
}
