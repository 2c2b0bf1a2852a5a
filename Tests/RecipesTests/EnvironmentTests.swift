import Core
import Testing

@testable import Recipes

@Suite("An environment") struct EnvironmentTests {
    private static let mlflow = "- pip:\n  - mlflow==3.17.2"

    private func conda(_ yaml: String, site: (inout RecipeSettings) throws -> Void = { _ in }) throws
        -> Recipe
    {
        try Models.recipe(
            ["conda.yaml": yaml, "requirements.txt": nil, "python_env.yaml": nil], { $0.envManager = .conda },
            site: site)
    }

    @Test func `of conda's has the model's channels in order and nothing that was not asked for`() throws {
        let recipe = try conda(
            """
            channels: [corp, conda-forge, nodefaults, "https://corp.test/channel"]
            dependencies:
            - python=3.11.7
            - corp::tool=1.0
            - xz>=5.4,<6
            - pip:
              - mlflow==3.17.2
            """)
        #expect(recipe.envManager == .conda)
        #expect(recipe.channels == ["corp", "conda-forge", "https://corp.test/channel"])
        #expect(recipe.condaSpecs == ["python=3.11.7", "corp::tool=1.0", "xz>=5.4,<6", "pip"])
        #expect(recipe.requirements == ["mlflow==3.17.2"])
        #expect(recipe.baseImage.description == "debian:bookworm-slim")
        #expect(
            recipe.contextFiles["conda/environment.yaml"]
                == "dependencies:\n- \"python=3.11.7\"\n- \"corp::tool=1.0\"\n- \"xz>=5.4,<6\"\n- \"pip\"\n")
        #expect(recipe.contextFiles["conda/channels"] == "corp\nconda-forge\nhttps://corp.test/channel\n")
    }

    @Test func `of conda's gets a Python and the MLflow that saved the model`() throws {
        let recipe = try conda("dependencies:\n- numpy=1.26\n")
        #expect(recipe.channels == ["conda-forge"])
        #expect(recipe.condaSpecs == ["numpy=1.26", "python=3.11", "pip"])
        #expect(recipe.requirements == ["mlflow==3.17.2"])
    }

    @Test func `that pip can make is a virtual one, of what conda.yaml says`() throws {
        let recipe = try Models.recipe(["requirements.txt": "mlflow==3.17.2\nscikit-learn==1.0"]) {
            $0.envManager = .conda
        }
        #expect(recipe.envManager == .virtualenv)
        #expect(recipe.channels.isEmpty)
        #expect(recipe.requirements == ["mlflow==3.17.2", "scikit-learn==1.9.1"])
        let without = try Models.recipe(["conda.yaml": nil]) { $0.envManager = .conda }
        #expect(without.envManager == .virtualenv)
        #expect(without.warnings.contains { $0.contains("has no conda.yaml") })
    }

    @Test(
        "of conda's that cannot be made is refused by line",
        arguments: [
            ("channels: [defaults]\ndependencies: [xz]", "conda.yaml:1: the channel defaults"),
            ("channels:\n- file:///srv/x\ndependencies: [xz]", "conda.yaml:2: the channel file:///srv/x"),
            (
                "channels: [\"https://u:pw9@corp.test/\"]\ndependencies: [xz]",
                "conda.yaml:1: the address holds"
            ),
            ("channels: [\"--x\"]\ndependencies: [xz]", "\"--x\" is not a channel"),
            ("channels: [nodefaults]\ndependencies: [xz]", "leaves none"),
            ("channels: x\ndependencies: [xz]", "channels must be a list"),
            ("dependencies:\n- \"xz; id\"", "conda.yaml:2: \"xz; id\" is not a package"),
            ("dependencies: python", "conda.yaml:1: dependencies must be a list"),
        ])
    func refused(_ yaml: String, _ message: String) {
        let problem = #expect(throws: Problem.self) { try conda(yaml) }
        #expect(problem?.message.contains(message) == true, "\(problem?.message ?? "")")
        #expect("\(problem as Any)".contains("pw9") == false)
    }

    @Test func `of conda's has the site's channels in place of others`() throws {
        let recipe = try conda("channels: [defaults, x]\ndependencies: [xz]") { site in
            site.condaChannels = ["defaults": "conda-forge", "x": "https://corp.test/x"]
            site.hasMicromamba = true
        }
        #expect(recipe.channels == ["conda-forge", "https://corp.test/x"])
        #expect(
            recipe.warnings.contains {
                $0.contains("conda.yaml:1: the channel defaults gives way to conda-forge")
            })
        #expect(
            recipe.dockerfile(.buildkit, labels: []).contains(
                "COPY slipway/micromamba /run/slipway/micromamba\n"))
    }

    @Test func `follows uv.lock where the model has one`() throws {
        let lock = """
            version = 1

            [[package]]
            name = "mlflow"
            version = "3.17.1"
            source = { registry = "https://pypi.org/simple" }

            [[package]]
            name = "churn"
            version = "0.1.0"
            source = { virtual = "." }
            """
        let files: [String: String?] = [
            "uv.lock": lock, "pyproject.toml": "[project]\nname = 'churn'\n",
            "requirements.txt": "mlflow==3.17.2\nboto3==1.0",
        ]
        let recipe = try Models.recipe(files)
        #expect(recipe.isLocked && recipe.envManager == .virtualenv)
        #expect(recipe.requirements == ["boto3==1.0"])
        #expect(recipe.warnings.contains { $0.contains("requirements.txt:2: boto3==1.0 is not in uv.lock") })
        #expect(recipe.contextFiles["dependencies/uv.lock"] == lock)
        let old = try Models.recipe(
            files.merging(["uv.lock": lock.replacing("mlflow", with: "other")]) { $1 })
        #expect(old.requirements == ["mlflow==3.17.2", "boto3==1.0"])
        for source in ["{ directory = \"../x\" }", "{ editable = \"lib\" }", "{ path = \"x.whl\" }"] {
            let broken = lock.replacing("{ virtual = \".\" }", with: source)
            let problem = #expect(throws: Problem.self) {
                try Models.recipe(files.merging(["uv.lock": broken]) { $1 })
            }
            #expect(problem?.message.contains("uv.lock:11: ") == true, "\(problem?.message ?? "")")
        }
    }

    @Test func `takes packages that lie in the model`() throws {
        let lines =
            "mlflow==3.17.2\ncode/w/lib-0.1-py3-none-any.whl\n./code/w/lib-0.1-py3-none-any.whl ; python_version > '3'\n-e ./code/src[x]"
        var recipe = try Models.recipe(
            ["requirements.txt": lines],
            others: [
                "code", "code/w", "code/w/lib-0.1-py3-none-any.whl", "code/src", "code/src/pyproject.toml",
            ])
        #expect(recipe.localPaths == ["code/w/lib-0.1-py3-none-any.whl", "code/src"])
        recipe.localFilesKey = "abc"
        let root = "/run/slipway/dependencies/files/abc"
        #expect(
            recipe.contextFiles["dependencies/requirements.txt"] == """
                mlflow==3.17.2
                \(root)/code/w/lib-0.1-py3-none-any.whl
                \(root)/code/w/lib-0.1-py3-none-any.whl ; python_version > '3'
                \(root)/code/src[x]

                """)
        #expect(recipe.localFilesDirectory == "dependencies/files/abc")
        var other = recipe
        other.localFilesKey = "abd"
        #expect(other.dependencyKey != recipe.dependencyKey)
        #expect(
            recipe.warnings.contains {
                $0.contains("requirements.txt:4: ./code/src[x] is installed rather than linked")
            })
    }

    @Test(arguments: [
        (
            "pandas==2.0",
            "extra_requirements[0]: pandas==2.0 contradicts pandas==2.2.2 of the model (requirements.txt:2)"
        ),
        ("-r x.txt", "extra_requirements[0]: names x.txt"),
        ("./x.whl", "extra_requirements[0]: \"./x.whl\" is a path"),
        ("a\nb", "extra_requirements[0]: holds control characters"),
    ])
    func `refuses extra requirements that cannot be met`(_ line: String, _ message: String) {
        let problem = #expect(throws: Problem.self) {
            try Models.recipe(["requirements.txt": "mlflow==3.17.2\npandas==2.2.2"]) {
                $0.extraRequirements = [line]
            }
        }
        #expect(problem?.message.contains(message) == true, "\(problem?.message ?? "")")
    }

    @Test(arguments: [
        ("mlflow==3.17.2\npandas", ["mlflow-skinny==3.17.2", "pandas", "numpy"]),
        (
            "mlflow[extras]==2.9.2 ; python_version > '3'\nnumpy",
            [
                "mlflow-skinny[extras]==2.9.2 ; python_version > '3'", "numpy", "flask", "gunicorn", "pandas",
            ]
        ),
        ("mlflow", ["mlflow-skinny==3.17.2", "numpy", "pandas"]),
        ("six", ["six", "mlflow-skinny==3.17.2", "numpy", "pandas"]),
        ("mlflow-skinny==3.1.0", ["mlflow-skinny==3.1.0", "numpy", "pandas"]),
    ])
    func `that is slim has mlflow-skinny and what serving needs`(_ lines: String, _ expected: [String]) throws
    {
        #expect(try Models.recipe(["requirements.txt": lines]) { $0.slim = true }.requirements == expected)
    }

    @Test func `is asked for from the request's index first`() throws {
        let lines = ["requirements.txt": "-i https://model.test/simple\nmlflow==3.17.2"]
        let recipe = try Models.recipe(
            lines, { $0.pipIndexURL = "tsinghua" }, site: { $0.pipIndexURL = "https://site.test/" })
        #expect(recipe.index == "https://pypi.tuna.tsinghua.edu.cn/simple")
        #expect(recipe.indexReason == "named in the request")
        #expect(
            recipe.warnings.contains {
                $0.contains("requirements.txt:1: https://model.test/simple gives way")
            })
        for wrong in ["nowhere", "https://u:p@x.test/", "file:///x", "https://x.test/\nRUN id"] {
            #expect(throws: Problem.self) { try Models.recipe([:], { $0.pipIndexURL = wrong }) }
        }
        let files = try Models.recipe(site: { site in
            site.extraIndexURLs = ["https://more.test/simple"]
            site.trustedHosts = ["more.test:8443"]
            site.pythonMirror = "https://corp.test/\"python"
            site.aptMirror = "https://corp.test/apt"
        }).contextFiles
        #expect(
            files["dependencies/requirements.txt"]?.hasPrefix("--extra-index-url https://more.test/simple\n")
                == true)
        #expect(files["dependencies/pip.conf"] == "[global]\ntrusted-host = more.test:8443\n")
        #expect(
            files["dependencies/uv.toml"]
                == "allow-insecure-host = [\"more.test:8443\"]\npython-install-mirror = \"https://corp.test/\\\"python\"\n"
        )
        #expect(files["dependencies/apt-mirror"] == "https://corp.test/apt\n")
    }

    @Test func `names Windows paths, and code that is missing`() throws {
        func warnings(_ pyfunc: String) throws -> [String] {
            try Models.recipe(
                ["MLmodel": "flavors:\n  python_function:\n    \(pyfunc)\n    loader_module: x"],
                others: ["rowsum.py"]
            ).warnings
        }
        #expect(
            try warnings("model_code_path: 'C:\\work\\rowsum.py'").contains {
                $0.contains("MLmodel:3: model_code_path was written on Windows")
                    && $0.contains("although the model has rowsum.py")
            })
        #expect(try warnings("model_code_path: /home/u/rowsum.py").isEmpty)
        #expect(try warnings("model_code_path: ../rowsum.py").isEmpty)
        #expect(
            try warnings("artifacts: {scaler: {path: 'artifacts\\scaler.json', uri: x}}").contains {
                $0.contains("the artifact scaler")
            })
        let problem = #expect(throws: Problem.self) { try warnings("model_code_path: /home/u/other.py") }
        #expect(problem?.message.contains("MLmodel:3: model_code_path names other.py") == true)
    }
}

/// What a review found: each of these went wrong once.
@Suite("Found by a review") struct ReviewTests {
    @Test func `files that include each other many times are read once`() throws {
        var files: [String: String?] = ["requirements.txt": "-r f0.txt\nmlflow==3.17.2"]
        for number in 0..<5 {
            files["f\(number).txt"] = String(repeating: "-r f\(number + 1).txt\n", count: 500) + "p\(number)"
        }
        files["f5.txt"] = "last"
        let names = try Models.recipe(files).requirements
        #expect(names == ["last", "p4", "p3", "p2", "p1", "p0", "mlflow==3.17.2"])
    }

    @Test func `long lines cost no more than their length`() throws {
        let spaces = String(repeating: " ", count: 4000)
        #expect(throws: Problem.self) { try Models.requirements("mlflow==1\(spaces)x") }
        #expect(throws: Problem.self) {
            try Models.requirements(String(repeating: "a\\\n", count: 100_000))
        }
    }

    @Test(arguments: [
        "--no-binary :none: --index-url http://evil.test/", "--only-binary x -r /etc/passwd",
    ])
    func `an option's value is no place for another option`(_ line: String) {
        #expect(throws: Problem.self) { try Models.requirements(line) }
    }

    @Test func `a mark upon a quote ends no label`() throws {
        let text = try Models.recipe().dockerfile(.buildkit, labels: [("title", "x\"\u{301} a=\"\u{301}b")])
        #expect(text.hasSuffix("LABEL \"title\"=\"x\\\"\u{301} a=\\\"\u{301}b\"\n"))
    }

    @Test func `uv does not come from an index that only the model names`() throws {
        let files = try Models.recipe(["requirements.txt": "-i https://model.test/simple\nmlflow==3.17.2"])
            .contextFiles
        #expect(
            files["dependencies/requirements.txt"]?.hasPrefix("--index-url https://model.test/simple") == true
        )
        #expect(files["dependencies/pip.conf"] == nil)
    }

    @Test func `a virtual environment gets pkg_resources for an old MLflow`() throws {
        let old = ["requirements.txt": "mlflow==1.30.0"]
        #expect(try Models.recipe(old) { $0.envManager = .virtualenv }.requirements.contains("setuptools<81"))
        #expect(try !Models.recipe(old).requirements.contains("setuptools<81"))
    }

    @Test(arguments: [
        "defaults::xz", "anaconda::xz", "pkgs/main::xz", "xz[channel=defaults]",
    ])
    func `the channel defaults has many names`(_ spec: String) {
        let conda =
            "channels: [conda-forge]\ndependencies:\n- python=3.11\n- \"\(spec)\"\n- pip:\n  - mlflow==3.17.2"
        #expect(throws: Problem.self) {
            try Models.recipe(["conda.yaml": conda]) { $0.envManager = .conda }
        }
    }

    @Test func `conda's spaced versions and channels are read for pip too`() throws {
        let conda =
            "dependencies:\n- python=3.9\n- numpy 1.18.1\n- conda-forge::scikit-learn=1.0.2\n- pip:\n  - mlflow==1.30.0"
        let recipe = try Models.recipe(["conda.yaml": conda, "python_env.yaml": nil, "requirements.txt": nil])
        #expect(recipe.requirements.contains("numpy==1.18.1"))
        #expect(recipe.requirements.contains("scikit-learn==1.0.2"))
    }

    @Test func `extra requirements bring what they need`() throws {
        let recipe = try Models.recipe { $0.extraRequirements = ["lightgbm==4.0", "torch==2.3.1"] }
        #expect(recipe.systemPackages.debianNames == ["libgomp1"])
        #expect(recipe.extraIndexes == ["https://download.pytorch.org/whl/cpu"])
        #expect(throws: Problem.self) {
            try Models.recipe { $0.extraRequirements = ["--index-url https://a.test/"] }
        }
    }

    @Test func `torch's variant counts wherever it stands, and hashes keep their files`() throws {
        func indexes(_ lines: String) throws -> [String] {
            try Models.recipe(["requirements.txt": "mlflow==3.17.2\n\(lines)"]).extraIndexes
        }
        #expect(
            try indexes("torchvision==0.18.1\ntorch==2.3.1+cu121") == [
                "https://download.pytorch.org/whl/cu121"
            ])
        #expect(try indexes("torch==2.3.1 --hash=sha256:00").isEmpty)
        let image = try Models.recipe([
            "requirements.txt": "mlflow==3.17.2\nacme==1.0+customer1\ntensorflow==2.15.0"
        ])
        #expect(image.baseImage.description == "python:3.11-slim")
    }

    @Test func `a lock file's other index and repositories are known to the build`() throws {
        let lock = """
            [[package]]
            name = "torch"
            version = "2.3.1+cpu"
            source = { registry = "https://download.pytorch.org/whl/cpu" }

            [[package]]
            name = "opencv-python"
            version = "4.9"
            source = { git = "https://git.test/opencv?rev=1#1" }
            """
        let recipe = try Models.recipe(["uv.lock": lock, "pyproject.toml": "[project]"])
        let files = recipe.contextFiles
        #expect(
            files["dependencies/requirements.txt"]?.contains(
                "--extra-index-url https://download.pytorch.org/whl/cpu")
                == true)
        #expect(files["dependencies/tools"] == "git ca-certificates\n")
        #expect(recipe.systemPackages.debianNames == ["libgl1", "libglib2.0-0"])
    }

    @Test func `an mlflow for another system is none here`() throws {
        let recipe = try Models.recipe(["requirements.txt": "mlflow==3.17.2 ; sys_platform == 'win32'"])
        #expect(recipe.requirements == ["mlflow==3.17.2 ; sys_platform == 'win32'", "mlflow==3.17.2"])
    }

    @Test(arguments: ["bash-", "bash+", "tzdata-", "a..", "-x"])
    func `a package's name cannot ask for its removal`(_ name: String) {
        #expect(throws: Problem.self) { try Models.recipe { $0.aptPackages = [name] } }
    }

    @Test func `the site's own images need no digest`() throws {
        let recipe = try Models.recipe(site: { site in
            site.requiresDigest = true
            site.baseImages = ["3.11": try ImageReference("corp.test/py:3.11", field: "")]
        })
        #expect(recipe.baseImage.description == "corp.test/py:3.11")
    }
}

@Suite("The comparison with MLflow") struct ComparisonTests {
    @Test func `explains each difference`() throws {
        let files = ModelFiles(Models.usual.mapValues { Array($0.utf8) })
        var request = RecipeRequest()
        request.envManager = .virtualenv
        request.slim = true
        request.installJava = true
        let recipe = try Recipe.make(
            try ModelDescription.read(files, .virtualenv), request, Models.settings())
        let differences = try MLflowComparison.differences(files, request, recipe)
        let subjects = differences.map(\.subject)
        #expect(
            subjects == [
                "base image", "order", "installer", "server", "user", "health", "virtualenv", "Java",
                "mlflow",
            ])
        #expect(differences.first?.mlflow == "ubuntu:24.04: Java is asked for")
        let plain = try MLflowComparison.differences(files, RecipeRequest(), Models.recipe())
        #expect(plain.first?.mlflow == "python:3.11.7-slim: python_env.yaml's exact patch")
    }
}
