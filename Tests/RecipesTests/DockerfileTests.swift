import Core
import FoundationEssentials
import Testing

@testable import Recipes

@Suite struct DockerfileTests {
    private static let labels = [("dev.slipway.build.id", "0a1b2c3d"), ("title", "say \"$HOME\" \\ \n ü")]

    @Test(arguments: [Dialect.mounts, .plain])
    func `a usual model`(_ dialect: Dialect) throws {
        try expectGolden(try Models.recipe().dockerfile(dialect, labels: []), "usual-\(dialect)")
    }

    @Test(arguments: [Dialect.mounts, .plain])
    func `a site with an index, certificates and credentials`(_ dialect: Dialect) throws {
        let changes = [
            "python_env.yaml": "python: 3.7.9\ndependencies: [mlflow==1.30.0, lightgbm==3.3.5]",
            "MLmodel": "flavors: {python_function: {}, lightgbm: {}}",
        ]
        let recipe = try Models.recipe(changes) { request in
            request.buildArguments = ["CMAKE_ARGS": "-DX=1", "MAX_JOBS": "2"]
        } site: { settings in
            settings.baseImages = ["3.7": try ImageReference("localhost/py:3.7", field: "")]
            settings.pipIndexURL = "https://mirror.test/simple"
            settings.hasCABundle = true
            settings.hasCredentials = true
        }
        try expectGolden(recipe.dockerfile(dialect, labels: Self.labels), "site-\(dialect)")
    }

    @Test(arguments: [Dialect.mounts, .plain])
    func `a base image that may lack Python`(_ dialect: Dialect) throws {
        let recipe = try Models.recipe { $0.baseImage = try ImageReference("ubuntu:24.04", field: "") }
        try expectGolden(recipe.dockerfile(dialect, labels: []), "bare-\(dialect)")
    }

    @Test(arguments: [Dialect.mounts, .plain])
    func `a conda environment`(_ dialect: Dialect) throws {
        let conda =
            "channels: [conda-forge]\ndependencies:\n- python=3.11.7\n- r-base=4.3\n- pip:\n  - mlflow==3.17.2"
        let recipe = try Models.recipe(["conda.yaml": conda]) { $0.envManager = .conda }
        try expectGolden(recipe.dockerfile(dialect, labels: []), "conda-\(dialect)")
    }

    @Test func `no value of a model reaches the Dockerfile but the base image`() throws {
        let text = try Models.recipe(["requirements.txt": "mlflow==3.17.2\nevil==1; $(id)"])
            .dockerfile(.mounts, labels: [])
        #expect(!text.contains("evil"))
        #expect(!text.contains("syntax="))
    }

    /// Compares with a golden file; with SLIPWAY_RECORD=1 writes it anew, and fails all the same.
    private func expectGolden(_ written: String, _ name: String) throws {
        // Keys follow from the context's files.
        let text = written.replacing(/=[0-9a-f]{32}/, with: "=KEY")
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
