import Core

@testable import Recipes

/// Models in a few lines.
enum Models {
    /// What MLflow 3 writes, less the model itself.
    static let usual: [String: String] = [
        "MLmodel": """
        flavors:
          python_function:
            env:
              conda: conda.yaml
              virtualenv: python_env.yaml
            loader_module: mlflow.sklearn
            python_version: 3.11.7
          sklearn: {serialization_format: skops}
        mlflow_version: 3.17.2
        model_id: m-0123
        run_id: 5f1e
        saved_input_example_info:
          serving_input_path: serving_input_example.json
        """,
        "python_env.yaml": """
        python: 3.11.7
        build_dependencies:
        - pip==23.2.1
        - setuptools==65.5.0
        dependencies:
        - -r requirements.txt
        """,
        "conda.yaml": """
        channels:
        - conda-forge
        dependencies:
        - python=3.11.7
        - pip<=23.2.1
        - pip:
          - mlflow==3.17.2
          - scikit-learn==1.9.1
        name: mlflow-env
        """,
        "requirements.txt": "mlflow==3.17.2\nscikit-learn==1.9.1",
        "serving_input_example.json": "{}",
    ]

    static func read(_ files: [String: String]) throws -> ModelDescription {
        try ModelDescription.read(ModelFiles(files.mapValues { Array($0.utf8) }))
    }

    /// The usual model with some files changed (or, by nil, left out).
    static func usual(_ changes: [String: String?]) throws -> ModelDescription {
        try read(usual.merging(changes) { $1 }.compactMapValues(\.self))
    }

    private static let tables = Result { try Tables.builtIn() }

    /// A site's settings: the built-in tables, and what `change` says.
    static func settings(_ change: (inout RecipeSettings) throws -> Void = { _ in }) throws -> RecipeSettings
    {
        var settings = RecipeSettings(tables: try tables.get())
        try change(&settings)
        return settings
    }

    /// The usual model with changes, under a request and a site.
    static func recipe(
        _ changes: [String: String?] = [:], others: Set<String> = [],
        _ request: (inout RecipeRequest) throws -> Void = { _ in },
        site: (inout RecipeSettings) throws -> Void = { _ in }
    ) throws -> Recipe {
        var asked = RecipeRequest()
        try request(&asked)
        let files = usual.merging(changes) { $1 }.compactMapValues(\.self)
        let model = try ModelDescription.read(
            ModelFiles(files.mapValues { Array($0.utf8) }, others: others), asked.envManager)
        return try Recipe.make(model, asked, settings(site))
    }

    static func requirements(_ lines: String) throws -> [String] {
        try usual(["requirements.txt": lines]).requirements.map(\.text)
    }
}

extension Dictionary where Key == String, Value == String {
    fileprivate func merging(_ other: [String: String?], _ choose: (String?, String?) -> String?) -> [String:
        String?]
    {
        mapValues(Optional.some).merging(other, uniquingKeysWith: choose)
    }
}
