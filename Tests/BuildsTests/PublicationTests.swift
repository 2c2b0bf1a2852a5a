import Core
import Settings
import Testing

@testable import Builds

@Suite struct PublicationTests {
    private func settings(_ images: String) throws -> Settings.Images {
        let yaml = Array("images: {\(images)}\n".utf8)
        return try Settings(file: ("slipway.yaml", yaml), environment: [:], cores: 2) { _ in "" }.images
    }

    private func options(_ json: String) throws -> BuildOptions {
        try Submission(json: Array((#"{"model_name":"a","model_version":"1""# + json + "}").utf8)).options
    }

    @Test(arguments: [
        ("slipway/iris:1", "", ["reg.test:5000/models/slipway/iris:1"]),
        ("iris", "", ["reg.test:5000/models/iris:latest"]),
        ("other.test/iris:1", "", ["other.test/iris:1"]),
        ("localhost:5000/iris", #","tags":["a"]"#, ["localhost:5000/iris:latest", "localhost:5000/iris:a"]),
        (
            "iris:1", #","tags":["1","stable"]"#,
            ["reg.test:5000/models/iris:1", "reg.test:5000/models/iris:stable"]
        ),
    ])
    func `names go to their registry, or whole below the site's`(
        _ image: String, _ json: String, _ targets: [String]
    ) throws {
        let found = try Publication.targets(
            ImageReference(image, field: ""), options(json), settings("push_registry: reg.test:5000/models"))
        #expect(found.map(\.description) == targets)
    }

    @Test func `a push that has nowhere to go is refused at once`() throws {
        let image = try ImageReference("slipway/iris:1", field: "")
        let asked = #expect(throws: Problem.self) {
            try Publication.check(image, options(#","push":true"#), settings(""))
        }
        #expect(asked?.code == .invalidParameterValue && asked?.message.hasPrefix("push: ") == true)
        #expect(asked?.hint?.contains("images.push_registry") == true)
        let usual = #expect(throws: Problem.self) {
            try Publication.check(image, options(""), settings("push: true"))
        }
        #expect(usual?.message.hasPrefix("images.push: ") == true)
        for json in [#","push":false"#, ""] {
            #expect(throws: Never.self) { try Publication.check(image, options(json), settings("")) }
        }
        #expect(throws: Never.self) {
            try Publication.check(image, options(#","push":false"#), settings("push: true"))
        }
        let file = #expect(throws: Problem.self) {
            try Publication.check(
                ImageReference("reg.test/iris", field: ""), options(#","push":true"#),
                settings("registry_auth_file: /nowhere/auth.json"))
        }
        #expect(file?.message == "images.registry_auth_file: /nowhere/auth.json cannot be read")
    }
}
