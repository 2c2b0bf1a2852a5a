import Core
import FoundationEssentials
import Testing

@testable import Recipes

@Suite struct DockerfileTests {
    private static let labels = [("dev.slipway.build.id", "0a1b2c3d"), ("title", "say \"$HOME\" \\ \n ü")]

    private func recipe(_ changes: [String: String?] = [:], settings: RecipeSettings) throws -> Recipe {
        let request = RecipeRequest(modelName: try ModelName("churn"), version: 3)
        return try Recipe.make(try Models.usual(changes), request, settings)
    }

    @Test(arguments: [Dialect.mounts, .plain])
    func `a usual model`(_ dialect: Dialect) throws {
        let text = try recipe(settings: RecipeSettings()).dockerfile(dialect, labels: [])
        try expectGolden(text, "usual-\(dialect)")
    }

    @Test(arguments: [Dialect.mounts, .plain])
    func `a site with an index and certificates`(_ dialect: Dialect) throws {
        let settings = RecipeSettings(
            baseImages: ["3.7": try ImageReference("localhost/py:3.7", field: "")],
            pipIndexURL: "https://mirror.test/simple", hasCABundle: true)
        let changes = [
            "python_env.yaml": "python: 3.7.9\ndependencies: [mlflow==1.30.0, lightgbm==3.3.5]",
            "MLmodel": "flavors: {python_function: {}, lightgbm: {}}",
        ]
        let text = try recipe(changes, settings: settings).dockerfile(dialect, labels: Self.labels)
        try expectGolden(text, "site-\(dialect)")
    }

    @Test func `no value of a model reaches the Dockerfile but the base image`() throws {
        let text = try recipe(
            ["requirements.txt": "mlflow==3.17.2\nevil==1; $(id)"], settings: RecipeSettings()
        )
        .dockerfile(.mounts, labels: [])
        #expect(!text.contains("evil"))
        #expect(!text.contains("syntax="))
    }

    /// Compares with a golden file; with SLIPWAY_RECORD=1 writes it anew, and fails all the same.
    private func expectGolden(_ text: String, _ name: String) throws {
        let directory = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        let path = "\(directory)/Golden/\(name).Dockerfile"
        if ProcessInfo.processInfo.environment["SLIPWAY_RECORD"] == "1" {
            try Data(text.utf8).write(to: URL(filePath: path))
            Issue.record("recorded \(path)")
        }
        let golden = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        #expect(text == golden)
    }
}
