internal import Builds
internal import Core
internal import Posix
internal import Recipes

/// `slipway recipe`.
enum RecipeCommand: Subcommand {
    static let name = "recipe"
    static let summary = "say how an image would be made of a model directory, without making it"
    static let help = """
        Usage: slipway recipe MODEL_DIR [OPTIONS] [--config FILE]

        Prints the base image and why it was chosen, the requirements, what is odd about the model, and the Dockerfile.
        The options are the fields of a submit:

          --base-image IMAGE      instead of the one that is chosen
          --env-manager MANAGER   local (default), virtualenv or conda
          --slim                  mlflow-skinny and what serving needs, in place of the whole of MLflow
          --gpu, --no-gpu         whatever the model's requirements say
          --install-java, --no-java
          --pip-index-url INDEX   an address, or a name such as tsinghua
          --apt-packages A,B      Debian packages beside those that the model needs
          --request JSON          any fields of a submit, such as '{"extra_requirements": ["boto3<2"]}'

          --plain                 the Dockerfile for Docker without BuildKit
          --files                 the files that the Dockerfile's steps read, too
          --compare-mlflow        what mlflow models generate-dockerfile would do instead, and why this differs
        """
    static let options: Set = [
        "--base-image", "--env-manager", "--pip-index-url", "--apt-packages", "--request", "--config",
    ]
    static let flags: Set = [
        "--slim", "--gpu", "--no-gpu", "--install-java", "--no-java", "--plain", "--files",
        "--compare-mlflow",
    ]
    static let positional = 1...1

    static func run(_ arguments: Arguments) throws -> Bool {
        let program = try Program(arguments)
        guard try Files.status(arguments.positional[0]) != nil else {
            throw Problem(
                .resourceDoesNotExist, "there is no directory \(arguments.positional[0].printable())")
        }
        let files = try ModelText.read(try Files.canonical(arguments.positional[0]))
        let request = try options(arguments).recipeRequest()
        let recipe = try ModelRecipe.make(files, request: request, settings: program.settings)
        for line in recipe.summary { Terminal.say("# \(line)") }
        if arguments.flags.contains("--compare-mlflow") {
            for difference in try MLflowComparison.differences(files, request, recipe) {
                Terminal.say(
                    "\n\(difference.subject)\n  MLflow   \(difference.mlflow)\n  Slipway  \(difference.slipway)"
                )
                Terminal.say("  because  \(difference.reason)")
            }
            return true
        }
        Terminal.say("")
        Terminal.say(recipe.dockerfile(arguments.flags.contains("--plain") ? .plain : .buildkit, labels: []))
        if arguments.flags.contains("--files") {
            for (name, text) in recipe.contextFiles.sorted(by: { $0.key < $1.key }) {
                Terminal.say("# slipway/\(name)\n\(text)")
            }
        }
        return true
    }

    private static func options(_ arguments: Arguments) throws -> BuildOptions {
        var values: [String: BuildOptions.Value] = [:]
        for (option, field) in [
            "base-image": "base_image", "env-manager": "env_manager", "pip-index-url": "pip_index_url",
        ] {
            values[field] = arguments["--\(option)"].map { .text($0) }
        }
        for (flag, field, truth) in [
            ("slim", "slim", true), ("gpu", "gpu", true), ("no-gpu", "gpu", false),
            ("install-java", "install_java", true), ("no-java", "install_java", false),
        ] where arguments.flags.contains("--\(flag)") {
            values[field] = .truth(truth)
        }
        if let packages = arguments["--apt-packages"] {
            values["apt_packages"] = .list(packages.split(separator: ",").map { .text(String($0)) })
        }
        return try BuildOptions(values, and: arguments["--request"].map { Array($0.utf8) })
    }
}

/// `slipway tables`.
enum TablesCommand: Subcommand {
    static let name = "tables"
    static let summary = "print what is known of images, wheels and packages, for a site to change"
    static let help = """
        Usage: slipway tables > FILE

        Prints the built-in tables of Python images, CUDA images, torch's wheels, package indexes and system packages.
        Change a copy, and name it in the settings as images.tables.
        """
    static let options: Set = ["--config"]
    static let flags: Set<String> = []

    static func run(_ arguments: Arguments) throws -> Bool {
        Terminal.say(String(Tables.builtInText.dropLast()))
        return true
    }
}
