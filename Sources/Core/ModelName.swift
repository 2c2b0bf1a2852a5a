/// The name of a registered model.
///
/// MLflow's registry decides which names exist: old servers hold names with slashes and colons that newer ones
/// refuse to create. Here a name is only kept from doing harm on its way there.
package struct ModelName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// - Throws: `Problem` naming `field`, unless the text is 1 to 256 characters without control characters.
    package init(_ text: String, field: String = "model_name") throws(Problem) {
        guard !text.isEmpty else {
            throw .invalid(field, "must not be empty", hint: "name a registered model")
        }
        guard text.unicodeScalars.count <= 256 else {
            throw .invalid(field, "must have at most 256 characters")
        }
        guard !text.hasControlCharacters else { throw .invalid(field, "must not hold control characters") }
        self.text = text
    }

    package var description: String { text }
}
