internal import Builds
internal import Core
internal import Posix
internal import Recipes

/// `slipway recipe`.
enum RecipeCommand: Subcommand {
    static let name = "recipe"
    static let summary = "say how an image would be made of a model directory, without making it"
    static let help = """
        Usage: slipway recipe MODEL_DIR [--base-image IMAGE] [--plain] [--config FILE]

        Prints the base image and why it was chosen, the requirements, what is odd about the model, and the Dockerfile.

          --base-image IMAGE   as the field base_image of a submit
          --plain              the Dockerfile for Docker without BuildKit
        """
    static let options: Set = ["--base-image", "--config"]
    static let flags: Set = ["--plain"]
    static let positional = 1...1

    static func run(_ arguments: Arguments) throws -> Bool {
        let program = try Program(arguments)
        let baseImage = try arguments["--base-image"].map { try ImageReference($0, field: "--base-image") }
        guard try Files.status(arguments.positional[0]) != nil else {
            throw Problem(
                .resourceDoesNotExist, "there is no directory \(arguments.positional[0].printable())")
        }
        let directory = try Files.canonical(arguments.positional[0])
        let name = directory.split(separator: "/").last.map(String.init) ?? "model"
        let request = RecipeRequest(modelName: try ModelName(name), version: 1, baseImage: baseImage)
        let recipe = try ModelRecipe.make(directory: directory, request: request, settings: program.settings)
        for line in lines(recipe) { Terminal.say(line) }
        Terminal.say("")
        Terminal.say(recipe.dockerfile(arguments.flags.contains("--plain") ? .plain : .mounts, labels: []))
        return true
    }

    private static func lines(_ recipe: Recipe) -> [String] {
        var lines = ["# base image: \(recipe.baseImage.fullyQualified): \(recipe.baseImageReason)"]
        lines.append("# python: \(recipe.pythonVersion ?? "the base image's own")")
        if let index = recipe.index { lines.append("# index: \(index): \(recipe.indexReason ?? "")") }
        lines += recipe.requirements.map { "# requirement: \($0)" }
        lines += recipe.constraints.map { "# constraint: \($0)" }
        lines += recipe.systemPackages.map { "# system package: \($0)" }
        lines += recipe.warnings.map { "# warning: \($0)" }
        return lines
    }
}
