package import Core
internal import Posix
package import Recipes
package import Settings

/// The recipe of a model under a site's settings.
package enum ModelRecipe {
    /// Decides how an image is made of a model; writes nothing.
    ///
    /// - Parameters:
    ///   - files: what the model directory holds.
    ///   - request: what a person asks for beyond the model itself.
    ///   - settings: the site's.
    /// - Returns: the recipe.
    /// - Throws: `Problem` naming the file and line that keep an image from being made.
    package static func make(_ files: ModelFiles, request: RecipeRequest, settings: Settings) throws(Problem)
        -> Recipe
    {
        try Recipe.make(
            ModelDescription.read(files, request.envManager), request, recipeSettings(settings))
    }

    /// The part of the settings that recipes depend on, with the tables that they name.
    package static func recipeSettings(_ settings: Settings) throws(Problem) -> RecipeSettings {
        var result = RecipeSettings(tables: try tables(settings.images.tables))
        let (images, python, conda) = (settings.images, settings.python, settings.conda)
        result.baseImages = images.baseImages
        result.allowedBaseImages = images.allowedBaseImages
        result.requiresDigest = images.requireDigest
        result.aptMirror = images.aptMirror
        result.pipIndexURL = python.indexURL
        result.extraIndexURLs = python.extraIndexURLs
        result.trustedHosts = python.trustedHosts
        result.torchWheels = python.torchWheelsURL
        result.pythonMirror = python.downloadsMirror
        result.hasCABundle = python.caBundle != nil
        result.hasCredentials = python.netrc != nil
        result.condaChannels = conda.channels
        result.condaAlias = conda.channelAlias
        switch conda.micromamba {
        case .image(let image): result.micromambaImage = image
        case .program: result.hasMicromamba = true
        case nil: break
        }
        return result
    }

    /// The site's tables, else the built-in ones.
    package static func tables(_ path: String?) throws(Problem) -> Tables {
        guard let path else { return try .builtIn() }
        do {
            return try Tables(Files.read(path, limit: 1 << 20), name: path)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw .invalid(
                "images.tables", "\(path) cannot be read", hint: "begin with: slipway tables > \(path)")
        }
    }
}
