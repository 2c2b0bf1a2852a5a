import Core
import Testing

@testable import Recipes

@Suite struct RecipeTests {
    @Test func `the base image is the request's, then the site's, then Python's`() throws {
        func site(_ settings: inout RecipeSettings) throws {
            settings.baseImages = ["3.11": try ImageReference("localhost/py:3.11", field: "")]
        }
        func other(_ request: inout RecipeRequest) throws {
            request.baseImage = try ImageReference("other:1", field: "")
        }
        #expect(try Models.recipe().baseImage.fullyQualified == "docker.io/library/python:3.11-slim")
        #expect(try Models.recipe().baseImageReason.contains("Python 3.11.7 (python_env.yaml:1)"))
        #expect(try Models.recipe(site: site).baseImage.fullyQualified == "localhost/py:3.11")
        #expect(try Models.recipe([:], other, site: site).baseImage.description == "other:1")
        let silent =
            ["python_env.yaml": nil, "conda.yaml": nil, "MLmodel": "flavors: {python_function: {}}"]
            as [String: String?]
        #expect(try Models.recipe(silent).baseImage.description == "python:3.11-slim")
        #expect(try Models.recipe(silent).pythonReason == "the default, as the model names none")
    }

    @Test(arguments: [
        ("mlflow", ["mlflow==2.9.2"]),
        ("mlflow[gateway] ; os_name == 'posix'", ["mlflow[gateway]==2.9.2 ; os_name == 'posix'"]),
        ("mlflow>=2", ["mlflow>=2"]),
        ("mlflow==1.30.0\nPyYAML==6", ["mlflow==1.30.0", "PyYAML==6"]),
        ("six", ["six", "mlflow==2.9.2"]),
        (
            "mlflow-skinny\npandas==2",
            ["mlflow-skinny==2.9.2", "pandas==2", "flask", "gunicorn", "numpy"]
        ),
        ("mlflow-skinny==3.1.0", ["mlflow-skinny==3.1.0", "numpy", "pandas"]),
    ])
    func `serving gets the MLflow that saved the model`(_ lines: String, _ expected: [String]) throws {
        let model = "mlflow_version: 2.9.2\nflavors: {python_function: {python_version: 3.10.1}}"
        let made = try Models.recipe([
            "MLmodel": model, "requirements.txt": lines, "python_env.yaml": nil, "conda.yaml": nil,
        ])
        #expect(made.requirements == expected)
        let addsSomething = expected.joined(separator: "\n") != lines
        #expect(made.warnings.isEmpty != addsSomething)
    }

    @Test(arguments: [
        ("3.12.1", "2.10.2", true), ("3.11.1", "2.10.2", false), ("3.12.1", "3.1.0", false),
        ("3.13.0", "2.22.0", false),
    ])
    func `old MLflow on new Python gets pkg_resources`(_ python: String, _ mlflow: String, _ added: Bool)
        throws
    {
        let made = try Models.recipe([
            "python_env.yaml": "python: \(python)\ndependencies: [mlflow==\(mlflow)]"
        ])
        #expect(made.requirements.contains("setuptools<81") == added)
    }

    @Test func `a version that no index has is not pinned`() throws {
        let made = try Models.recipe(["MLmodel": "mlflow_version: 3.9.0.dev0\nflavors: {python_function: {}}"]
        )
        #expect(made.requirements == ["mlflow==3.17.2", "scikit-learn==1.9.1"])
        let none = try Models.recipe([
            "MLmodel": "mlflow_version: 3.9.0.dev0\nflavors: {python_function: {}}",
            "requirements.txt": "mlflow",
        ])
        #expect(none.requirements == ["mlflow"])
    }

    @Test func `one index is used and losers are named`() throws {
        let lines = "--index-url https://one.test/simple\n-i https://two.test/simple\nmlflow==3.17.2"
        let made = try Models.recipe(
            ["requirements.txt": lines], site: { $0.pipIndexURL = "https://site.test/simple" })
        #expect(made.index == "https://two.test/simple")
        #expect(made.indexReason == "named in requirements.txt:2")
        #expect(
            made.warnings.contains { $0.contains("requirements.txt:1: https://one.test/simple gives way") })
        #expect(
            made.warnings.contains { $0.contains("in place of the site's index https://site.test/simple") })
        #expect(
            made.contextFiles["dependencies/requirements.txt"]
                == "--index-url https://two.test/simple\nmlflow==3.17.2\n")
        #expect(
            made.contextFiles["dependencies/pip.conf"] == "[global]\nindex-url = https://site.test/simple\n")
        let plain = try Models.recipe(site: { $0.pipIndexURL = "http://mirror.test:81/a%20b/" })
        #expect(
            plain.contextFiles["dependencies/pip.conf"]
                == "[global]\nindex-url = http://mirror.test:81/a%%20b/\ntrusted-host = mirror.test:81\n")
        #expect(throws: Problem.self) {
            try Models.recipe(site: { $0.pipIndexURL = "https://a.test/\nx" })
        }
    }

    @Test func `the dependency layer's key knows nothing but dependencies`() throws {
        let key = try Models.recipe().dependencyKey
        #expect(
            try Models.recipe(["requirements.txt": "# note\nmlflow==3.17.2  \n\nscikit-learn==1.9.1 # x"])
                .dependencyKey == key)
        #expect(
            try Models.recipe([:], { $0.baseImage = try ImageReference("python:other", field: "") })
                .dependencyKey == key)
        #expect(
            try Models.recipe(["requirements.txt": "mlflow==3.17.2\nscikit-learn==1.9.0"]).dependencyKey
                != key)
        #expect(try Models.recipe(site: { $0.pipIndexURL = "https://a.test/" }).dependencyKey != key)
    }

    @Test(arguments: [
        ("churn", "", "churn:3"), ("churn", "team", "team/churn:3"),
        ("a.b-c_d", "r.test:5000/x/", "r.test:5000/x/a.b-c_d:3"),
        ("Churn", "", "churn-#:3"), ("churn model/eu", "", "churn-model-eu-#:3"),
        ("模型", "", "model-#:3"), ("a:b@c", "", "a-b-c-#:3"),
    ])
    func `images are named after any model`(_ name: String, _ prefix: String, _ expected: String) throws {
        let reference = try ImageName.derived(from: ModelName(name), version: 3, prefix: prefix)
        #expect(reference.description.replacing(/-[0-9a-f]{8}:/, with: "-#:") == expected)
    }

    @Test func `two models never share an image`() throws {
        let names = [
            "churn", "Churn", "churn ", "churn/", "CHURN", String(repeating: "a", count: 200),
            String(repeating: "a", count: 201),
        ]
        let images = try names.map {
            try ImageName.derived(from: ModelName($0), version: 1, prefix: "p").description
        }
        #expect(Set(images).count == names.count)
        #expect(throws: Problem.self) {
            try ImageName.derived(from: ModelName("a"), version: 1, prefix: "Not Valid")
        }
    }
}
