import Core
import Testing

@testable import Recipes

@Suite("The base image") struct BaseImageTests {
    private func python(_ version: String) -> [String: String?] {
        ["python_env.yaml": "python: \(version)\ndependencies: [mlflow==3.17.2]"]
    }

    @Test(
        "floats to the newest patch of the model's Python",
        arguments: [("3.11.7", "3.11"), ("3.6.1", "3.6"), ("3.14", "3.14")])
    func floating(_ version: String, _ tag: String) throws {
        let recipe = try Models.recipe(python(version))
        #expect(recipe.baseImage.fullyQualified == "docker.io/library/python:\(tag)-slim")
        #expect(!recipe.warnings.contains { $0.contains("no image is known") })
    }

    @Test func `for a Python that no row has is the nearest, with a warning`() throws {
        let recipe = try Models.recipe(python("3.16.0"))
        #expect(recipe.baseImage.description == "python:3.14-slim")
        #expect(
            recipe.warnings.contains {
                $0.contains("no image is known for Python 3.16, so that 3.14 is taken")
            })
    }

    @Test("for a Python that cannot exist is none", arguments: ["3.99.0", "4.0.1", "2.7.18"])
    func nonsense(_ version: String) throws {
        let problem = #expect(throws: Problem.self) { try Models.recipe(python(version)) }
        #expect(problem?.message.contains("python_env.yaml:1") == true, "\(problem?.message ?? "")")
    }

    @Test func `must be one that the site allows`() throws {
        func recipe(_ image: String, _ patterns: [String], digest: Bool = false) throws -> Recipe {
            try Models.recipe(
                [:], { $0.baseImage = try ImageReference(image, field: "") },
                site: { site in
                    site.allowedBaseImages = patterns
                    site.requiresDigest = digest
                    site.baseImages = ["3.11": try ImageReference("corp.test/py:3.11", field: "")]
                })
        }
        let digest = "@sha256:" + String(repeating: "0", count: 64)
        #expect(throws: Never.self) { try recipe("corp.test/any/thing:1", ["corp.test/*"]) }
        #expect(throws: Never.self) { try recipe("python:3.11-slim", ["docker.io/library/python:*-slim"]) }
        #expect(throws: Never.self) { try recipe("corp.test/py:3.11", ["other.test/*"]) }
        #expect(throws: Never.self) { try recipe("x\(digest)", [], digest: true) }
        for (image, pattern) in [
            ("evil.test/corp.test/x:1", "corp.test/*"),
            ("python:3.11-slim-evil", "docker.io/library/python:*-slim"),
            ("corp.test/py", "corp.test/py:*"), ("corp.test/py:3.10", "corp.test/py:3.11"),
        ] {
            let problem = #expect(throws: Problem.self) { try recipe(image, [pattern]) }
            #expect(problem?.code == .permissionDenied)
            #expect(problem?.hint?.contains(pattern) == true)
        }
        #expect(throws: Problem.self) { try recipe("x:1", [], digest: true) }
    }

    @Test(
        "has CUDA where a package looks for it there",
        arguments: [
            ("tensorflow==2.15.1", true, "nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04"),
            ("tensorflow-gpu==2.10.0", nil, "nvidia/cuda:11.2.2-cudnn8-runtime-ubuntu20.04"),
            ("onnxruntime-gpu==1.20.0", nil, "nvidia/cuda:12.5.1-cudnn-runtime-ubuntu22.04"),
            ("tensorflow==2.15.1", nil, "python:3.11-slim"),
            ("tensorflow[and-cuda]==2.15.1", nil, "python:3.11-slim"),
            ("tensorflow-gpu==2.10.0", false, "python:3.11-slim"),
            ("torch==2.3.1+cu121", nil, "python:3.11-slim"),
        ] as [(String, Bool?, String)])
    func cuda(_ requirement: String, _ gpu: Bool?, _ image: String) throws {
        let recipe = try Models.recipe(["requirements.txt": "mlflow==3.17.2\n\(requirement)"]) {
            $0.gpu = gpu
        }
        #expect(recipe.baseImage.description == image)
    }

    @Test func `for a TensorFlow that no row has is the nearest, with a warning`() throws {
        let recipe = try Models.recipe(["requirements.txt": "mlflow==3.17.2\ntensorflow==2.99.0"]) {
            $0.gpu = true
        }
        #expect(recipe.baseImage.description == "nvidia/cuda:12.5.1-cudnn-runtime-ubuntu22.04")
        #expect(
            recipe.warnings.contains {
                $0.contains("no CUDA image is known for tensorflow 2.99: that of 2.21")
            })
    }

    @Test(
        "leaves torch's wheels to the index that fits",
        arguments: [
            ("torch==2.3.1", nil, "https://download.pytorch.org/whl/cpu"),
            ("torch", nil, "https://download.pytorch.org/whl/cpu"),
            ("torchvision>=0.15", nil, "https://download.pytorch.org/whl/cpu"),
            ("torch==2.3.1+cu118", nil, "https://download.pytorch.org/whl/cu118"),
            ("torch==2.3.1+cpu", true, "https://download.pytorch.org/whl/cpu"),
            ("torch==2.3.1", true, "https://download.pytorch.org/whl/cu121"),
            ("torch==2.99.0", true, "https://download.pytorch.org/whl/cu130"),
            ("torch", true, nil),
            ("--extra-index-url https://download.pytorch.org/whl/cu118\ntorch==2.3.1", nil, nil),
            ("--index-url https://corp.test/whl/cpu\ntorch==2.3.1", nil, nil),
            ("torchmetrics==1.0", nil, nil),
        ] as [(String, Bool?, String?)])
    func torch(_ lines: String, _ gpu: Bool?, _ index: String?) throws {
        let recipe = try Models.recipe(["requirements.txt": "mlflow==3.17.2\n\(lines)"]) { $0.gpu = gpu }
        #expect(recipe.extraIndexes == (index.map { [$0] } ?? []))
        // No line of the model's is changed.
        for line in lines.split(separator: "\n") where !line.hasPrefix("--index-url") {
            #expect(recipe.requirements.contains(String(line)))
        }
    }

    @Test func `torch's wheels come from the site's mirror, or from the usual index`() throws {
        let torch = ["requirements.txt": "mlflow==3.17.2\ntorch==2.3.1"]
        let mirror = try Models.recipe(torch, site: { $0.torchWheels = "https://corp.test/whl/" })
        #expect(mirror.extraIndexes == ["https://corp.test/whl/cpu"])
        #expect(try Models.recipe(torch, site: { $0.torchWheels = "none" }).extraIndexes.isEmpty)
    }

    @Test func `brings what the distribution has to, by flavor, by requirement and by request`() throws {
        func packages(_ flavor: String, _ requirement: String = "six", java: Bool? = nil) throws -> [String] {
            let model: [String: String?] = [
                "MLmodel": "flavors: {python_function: {}, \(flavor): {}}",
                "requirements.txt": "mlflow==3.17.2\n\(requirement)",
            ]
            return try Models.recipe(model) { request in
                request.installJava = java
                request.aptPackages = ["tzdata"]
            }.systemPackages.debianNames
        }
        #expect(try packages("sklearn") == ["tzdata"])
        #expect(try packages("lightgbm") == ["tzdata", "libgomp1"])
        #expect(try packages("spark") == ["tzdata", "default-jre-headless"])
        #expect(try packages("spark", java: false) == ["tzdata"])
        #expect(try packages("sklearn", java: true) == ["tzdata", "default-jre-headless"])
        #expect(try packages("sklearn", "opencv_python==4.9") == ["tzdata", "libgl1", "libglib2.0-0"])
        let files = try Models.recipe(["MLmodel": "flavors: {python_function: {}, spark: {}}"]).contextFiles
        #expect(files["system/packages.apk"] == "openjdk17-jre-headless\n")
        #expect(files["system/packages.dnf"] == "java-17-openjdk-headless\n")
    }
}

@Suite("The tables") struct TablesTests {
    @Test func `that come with Slipway can be read, and are what a person is shown`() throws {
        let tables = try Tables.builtIn()
        #expect(try Tables(Array(Tables.builtInText.utf8), name: "x") == tables)
        #expect(tables.python.rows.count >= 9)
        #expect(tables.indexes["tsinghua"] != nil)
    }

    @Test(
        "that are wrong are refused with file and line",
        arguments: [
            ("base: debian:bookworm-slim", "base: [x]", "must be a text"),
            (#""3.11": python:3.11-slim"#, #""3": python:3"#, "is no version"),
            (#""3.11": python:3.11-slim"#, #""3.11": Not An Image"#, "is not an image reference"),
            ("wheels: https://download.pytorch.org/whl", "wheels: ftp://x", "is not a web address"),
            ("indexes:", "indices:", "indices is no table"),
            ("h2o: [java]", "h2o: java", "must be a list"),
            ("h2o: [java]", "h2o: [tea]", "needs names tea"),
            ("conda:", "conda: [", "x:"),
        ])
    func wrong(_ text: String, _ replacement: String, _ message: String) throws {
        let changed = Tables.builtInText.replacing(text, with: replacement, maxReplacements: 1)
        #expect(changed != Tables.builtInText)
        let problem = #expect(throws: Problem.self) { try Tables(Array(changed.utf8), name: "x") }
        #expect(problem?.message.contains(message) == true, "\(problem?.message ?? "")")
        #expect(problem?.message.hasPrefix("x") == true)
    }

    @Test func `that are a site's replace images and indexes`() throws {
        let text = Tables.builtInText.replacing("python:3.11-slim", with: "corp.test/python:3.11")
            .replacing("https://pypi.org/simple", with: "https://corp.test/simple")
        let tables = try Tables(Array(text.utf8), name: "x")
        let recipe = try Models.recipe([:], { $0.pipIndexURL = "pypi" }, site: { $0.tables = tables })
        #expect(recipe.baseImage.description == "corp.test/python:3.11")
        #expect(recipe.index == "https://corp.test/simple")
    }
}
