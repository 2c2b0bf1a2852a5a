import Core
import Testing

@testable import Recipes

@Suite struct ModelDescriptionTests {
    @Test func `a usual model is read`() throws {
        let model = try Models.usual([:])
        #expect(model.flavors == ["python_function", "sklearn"])
        #expect(model.mlflowVersion == "3.17.2")
        #expect(model.pythonVersion == PythonVersion("3.11.7"))
        #expect(model.pythonSource == "python_env.yaml:1")
        #expect(model.modelID == "m-0123")
        #expect(model.runID == "5f1e")
        #expect(
            model.servingExample == ServingExample(path: "serving_input_example.json", form: .request))
        #expect(model.warnings == [])
    }

    @Test func `line ends make no difference`() throws {
        let windows = Models.usual.mapValues { "\u{FEFF}" + $0.replacing("\n", with: "\r\n") }
        #expect(try Models.read(windows) == Models.usual([:]))
    }

    @Test(
        arguments: [
            ([:], "MLmodel: the file is missing"),
            (["MLmodel": "name: x\nentry_points: {}"], "MLmodel:1: there is no mapping \"flavors\""),
            (
                ["MLmodel": "flavors:\n  crate: {}"],
                "MLmodel:2: the model has no python_function flavor (it has crate)"
            ),
            (["MLmodel": "flavors:\n  a: [\n"], "MLmodel:"),
            (["MLmodel": "flavors:\n  python_function: {}\nrun_id: [1]"], "MLmodel:3: run_id must be a text"),
            (
                ["MLmodel": "flavors:\n  python_function:\n    python_version: new"],
                "MLmodel:3: \"new\" is not a Python version"
            ),
            (
                ["MLmodel": "flavors:\n  python_function:\n    python_version: 2.7.18"],
                "MLmodel:3: Python 2.7.18 cannot be served"
            ),
            (
                ["MLmodel": "flavors:\n  python_function: {}", "conda.yaml": "dependencies: python"],
                "conda.yaml:1: dependencies must be a list"
            ),
        ] as [([String: String], String)])
    func `what is no model is refused by line`(_ files: [String: String], _ message: String) {
        let problem = #expect(throws: Problem.self) { try Models.read(files) }
        #expect(problem?.message.contains(message) == true, "\(problem?.message ?? "")")
    }

    @Test func `the environment that installs names the Python`() throws {
        let contradiction = try Models.usual([
            "python_env.yaml": "python: 3.10.4\ndependencies: [-r requirements.txt]"
        ])
        #expect(contradiction.pythonVersion == PythonVersion("3.10.4"))
        #expect(
            contradiction.warnings == [
                "python_env.yaml:1 says Python 3.10.4, MLmodel:7 says 3.11.7: 3.10.4 is taken",
                "python_env.yaml:1 says Python 3.10.4, conda.yaml:4 says 3.11.7: 3.10.4 is taken",
            ])
        let old = try Models.read([
            "MLmodel": "flavors:\n  python_function:\n    env: conda.yaml\n    python_version: 3.7.12",
            "conda.yaml": "dependencies:\n- python>=3.8.1\n- pip: [mlflow]",
        ])
        #expect(old.pythonVersion == PythonVersion("3.8.1"))
        let silent = try Models.read(["MLmodel": "flavors:\n  python_function: {}"])
        #expect(silent.pythonVersion == nil)
        #expect(
            silent.warnings.first?.contains("python_env.yaml, MLmodel or conda.yaml: 3.11 is taken") == true)
    }

    @Test func `models of MLflow 1 are read from conda`() throws {
        let model = try Models.read([
            "MLmodel": "flavors:\n  python_function:\n    env: conda.yaml",
            "conda.yaml": """
            channels: [defaults]
            dependencies:
            - python=3.8.5=h0_1
            - numpy=1.18.1
            - scikit-learn=0.22
            - pytorch>=1.4
            - pandas=1.0.1=py38_0
            - libgcc-ng=9
            - pip:
              - mlflow==1.12.0
              - Pandas==1.0.0
            """,
            "requirements.txt": "the-application-s-own==1",
        ])
        #expect(
            model.requirements.map(\.text) == [
                "mlflow==1.12.0", "Pandas==1.0.0", "numpy==1.18.1", "scikit-learn==0.22.*", "torch>=1.4",
            ])
        #expect(
            model.warnings == [
                "conda.yaml: only conda could install libgcc-ng: left out (env_manager conda installs it)"
            ])
    }

    @Test func `odd environment files are said`() throws {
        let lost = try Models.usual(["requirements.txt": nil])
        #expect(lost.requirements.map(\.text) == ["mlflow==3.17.2", "scikit-learn==1.9.1"])
        #expect(
            lost.warnings == [
                "python_env.yaml:6 names requirements.txt, which is not in the model: conda.yaml is used"
            ])
        let renamed = try Models.usual(["conda.yaml": nil])
        #expect(renamed.warnings == ["MLmodel names conda.yaml, which is not in the model"])
        let differing = try Models.usual(["requirements.txt": "mlflow==3.17.2\nscikit-learn==1.5.0"])
        #expect(
            differing.warnings == [
                "requirements.txt:2 says scikit-learn 1.5.0, conda.yaml:8 says 1.9.1: 1.5.0 is taken"
            ])
        let foreign = try Models.read([
            "MLmodel": "flavors:\n  python_function: {env: conda.yaml, python_version: '3.10'}",
            "conda.yaml": "python: 3.9\ndependencies:\n",
        ])
        #expect(
            foreign.warnings == [
                "conda.yaml: python mean nothing to conda", "conda.yaml names no dependencies",
            ])
    }

    @Test(
        arguments: [
            ("python=3.11.7", "3.11.7"), ("python==3.9.*", "3.9"), ("python>=3.7.12", "3.7.12"),
            ("python", nil),
            ("python=3.10.8=h257c98d_0_cpython", "3.10.8"), ("python >=3.8,<3.11", "3.8"),
            ("python<3.12", nil),
        ] as [(String, String?)])
    func `conda writes Python in many ways`(_ entry: String, _ version: String?) {
        #expect(PythonVersion(condaEntry: entry)?.description == version)
    }
}
