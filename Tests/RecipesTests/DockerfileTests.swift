import Core
import Testing

@testable import Recipes

@Suite struct DockerfileTests {
    private static let labels = [("dev.slipway.build.id", "0a1b2c3d"), ("title", "say \"$HOME\" \\ \n ü")]

    @Test(arguments: Dialect.allCases)
    func `a usual model`(_ dialect: Dialect) throws {
        try Golden.expect(
            try Models.recipe().dockerfile(dialect, labels: []), "Golden/usual-\(dialect).Dockerfile")
    }

    @Test(arguments: Dialect.allCases)
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
        try Golden.expect(
            recipe.dockerfile(dialect, labels: Self.labels), "Golden/site-\(dialect).Dockerfile")
    }

    @Test(arguments: Dialect.allCases)
    func `a base image that may lack Python`(_ dialect: Dialect) throws {
        let recipe = try Models.recipe { $0.baseImage = try ImageReference("ubuntu:24.04", field: "") }
        try Golden.expect(recipe.dockerfile(dialect, labels: []), "Golden/bare-\(dialect).Dockerfile")
    }

    @Test(arguments: Dialect.allCases)
    func `a conda environment`(_ dialect: Dialect) throws {
        let conda =
            "channels: [conda-forge]\ndependencies:\n- python=3.11.7\n- r-base=4.3\n- pip:\n  - mlflow==3.17.2"
        let recipe = try Models.recipe(["conda.yaml": conda]) { $0.envManager = .conda }
        try Golden.expect(recipe.dockerfile(dialect, labels: []), "Golden/conda-\(dialect).Dockerfile")
    }

    @Test func `no value of a model reaches the Dockerfile but the base image`() throws {
        let text = try Models.recipe(["requirements.txt": "mlflow==3.17.2\nevil==1; sys_platform == '$(id)'"])
            .dockerfile(.buildkit, labels: [])
        #expect(!text.contains("evil"))
        #expect(!text.contains("syntax="))
    }
}
