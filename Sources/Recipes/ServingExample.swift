internal import Core
internal import YAML

/// An input that was saved with a model, and how it becomes a request for `/invocations`.
package struct ServingExample: Sendable, Equatable {
    /// How the file is to be sent.
    package enum Form: String, Sendable {
        /// As it is.
        case request
        /// As what `dataframe_split` holds.
        case split
        /// As what `dataframe_records` holds.
        case records
    }

    /// Relative to the model directory.
    package let path: String
    package let form: Form

    package init(path: String, form: Form) {
        self.path = path
        self.form = form
    }

    /// Looks for `serving_input_example.json`, which MLflow writes since 2.14; else for an example that is a table or a
    /// tensor, which can be sent all the same (`saved_input_example_info` of MLmodel).
    ///
    /// - Returns: nil where the model has none that can be sent; what is wrong about it keeps no image from being made.
    init?(_ root: YAMLNode, _ files: ModelFiles) {
        func place(_ path: String?) -> String? {
            guard let path, Self.isPlain(path), files.lists(path) else { return nil }
            return path
        }
        let info = root["saved_input_example_info"]
        let usual = info?.mapping == nil ? "serving_input_example.json" : info?["serving_input_path"]?.string
        if let path = place(usual) {
            self.init(path: path, form: .request)
        } else if let info, let path = place(info["artifact_path"]?.string), let form = Self.form(info) {
            self.init(path: path, form: form)
        } else {
            return nil
        }
    }

    private static func form(_ info: YAMLNode) -> Form? {
        let kind = info["type"]?.string
        // TF Serving's form is a request already, with parameters too.
        if kind == "ndarray", info["format"]?.string == "tf-serving" { return .request }
        // Parameters beside a table make the file something else than a table.
        guard kind == "dataframe", info["params"]?.string != "true" else { return nil }
        return switch info["pandas_orient"]?.string {
        // `values` is a split without names of columns.
        case nil, "split", "values": .split
        case "records": .records
        default: nil
        }
    }

    private static func isPlain(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !path.contains("\\") && !path.hasControlCharacters && path.utf8.count <= 1024
            && parts.allSatisfy { !["", ".", ".."].contains($0) }
    }
}
