package import Core
package import Recipes
package import Settings

/// The recipe of a model directory under a site's settings.
package enum ModelRecipe {
    /// Decides how an image is made of a model directory; reads its small text files and writes nothing.
    ///
    /// - Parameters:
    ///   - directory: a model directory, with `MLmodel` at its top.
    ///   - request: what a person asks for beyond the model itself.
    ///   - settings: the site's.
    /// - Returns: the recipe.
    /// - Throws: `Problem` naming the file and line that keep an image from being made.
    package static func make(directory: String, request: RecipeRequest, settings: Settings) throws(Problem)
        -> Recipe
    {
        try Recipe.make(
            ModelDescription.read(ModelText.read(directory)), request,
            RecipeSettings(
                baseImages: settings.images.baseImages, pipIndexURL: settings.python.indexURL,
                hasCABundle: settings.python.caBundle != nil))
    }
}
