import Core
import Testing

private let sha256 = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

@Suite("An image reference")
struct ImageReferenceTests {
    struct Parts: Sendable, CustomTestStringConvertible {
        let text: String
        var registry: String?
        let path: String
        var tag: String?
        var digest: String?
        let fullyQualified: String

        var testDescription: String { text }
    }

    @Test(
        "is taken apart as the distribution project's grammar says",
        arguments: [
            Parts(
                text: "python:3.11-slim", path: "python", tag: "3.11-slim",
                fullyQualified: "docker.io/library/python:3.11-slim"),
            Parts(text: "python", path: "python", fullyQualified: "docker.io/library/python"),
            Parts(text: "team/churn", path: "team/churn", fullyQualified: "docker.io/team/churn"),
            // Without a slash, what follows the colon is a tag and no port.
            Parts(
                text: "churn:5000", path: "churn", tag: "5000", fullyQualified: "docker.io/library/churn:5000"
            ),
            Parts(
                text: "registry.example.com:5000", path: "registry.example.com", tag: "5000",
                fullyQualified: "docker.io/library/registry.example.com:5000"),
            Parts(
                text: "localhost/churn:1", registry: "localhost", path: "churn", tag: "1",
                fullyQualified: "localhost/churn:1"),
            Parts(
                text: "localhost:5000/churn", registry: "localhost:5000", path: "churn",
                fullyQualified: "localhost:5000/churn"),
            Parts(
                text: "build-host:65535/churn", registry: "build-host:65535", path: "churn",
                fullyQualified: "build-host:65535/churn"),
            Parts(
                text: "registry.example.com:5000/a/b_c__d-e---f.g/h0:V1_2.3-x",
                registry: "registry.example.com:5000",
                path: "a/b_c__d-e---f.g/h0", tag: "V1_2.3-x",
                fullyQualified: "registry.example.com:5000/a/b_c__d-e---f.g/h0:V1_2.3-x"),
            // An upper-case first component cannot be a user's name, so it is a host.
            Parts(text: "Team/churn", registry: "Team", path: "churn", fullyQualified: "Team/churn"),
            Parts(text: "a:_x", path: "a", tag: "_x", fullyQualified: "docker.io/library/a:_x"),
            Parts(
                text: "a@\(sha256)", path: "a", digest: sha256,
                fullyQualified: "docker.io/library/a@\(sha256)"),
            Parts(
                text: "registry.example.com/a:1@\(sha256)", registry: "registry.example.com", path: "a",
                tag: "1",
                digest: sha256, fullyQualified: "registry.example.com/a:1@\(sha256)"),
        ])
    func parts(_ expected: Parts) throws {
        let reference = try ImageReference(expected.text, field: "image_name")
        #expect(reference.registry == expected.registry)
        #expect(reference.path == expected.path)
        #expect(reference.tag == expected.tag)
        #expect(reference.digest == expected.digest)
        #expect(reference.fullyQualified == expected.fullyQualified)
        #expect(reference.description == expected.text)
    }

    @Test("has at most 255 characters of name and 128 of tag")
    func lengths() throws {
        let name = String(repeating: "n", count: 255)
        let tag = String(repeating: "t", count: 128)
        #expect(try ImageReference("\(name):\(tag)", field: "image_name").tag == tag)
        #expect(throws: Problem.self) { try ImageReference(name + "n", field: "image_name") }
        #expect(throws: Problem.self) { try ImageReference("a:\(tag)t", field: "image_name") }
        #expect(throws: Problem.self) {
            try ImageReference("\(name):\(tag)@\(sha256)\(name)\(name)", field: "image_name")
        }
    }

    @Test(
        "that breaks the grammar is refused, naming the field, in one printable line",
        arguments: [
            "", " ", "a b", " a", "a ", "a\n", "a\nb", "a:1\n", "a\r\n", "a\tb", "a\0", "a\u{202E}b",
            "\u{E4}",
            "\"a\"", "'a'", "$(id)", "a;b", "a|b", "a`b`", "a\\b", "a=b", "a?b", "a#b", "--privileged", "-a",
            "a-",
            "_a", "a_", ".a", "a.", "a..b", "a._b", "a___b", "Churn", "team/Churn", "a:", "a:.x", "a:-x",
            "a:b:c",
            "a:1/b:2:", "/a", "a/", "a//b", "/", ":", "@", "a@", "a@sha256", "a@sha256:", "a@:0123",
            "a@sha256:0123456789abcdef", "a@\(sha256.uppercased())",
            "a@sha256:" + String(repeating: "g", count: 64),
            "a@\(sha256)@\(sha256)", "@\(sha256)", "host:0/a", "host:65536/a", "host:/a", "host:5x/a",
            "host:+80/a",
            "host:\u{0661}/a", "-host.example/a", "host-.example/a", "host..example/a", ".example/a",
            "Te_am/a",
            "https://registry.example.com/a", "user:password@registry.example.com/a",
            "registry.example.com:5000/",
        ])
    func refused(_ text: String) throws {
        let problem = #expect(throws: Problem.self) { try ImageReference(text, field: "image_name") }
        #expect(problem?.code == .invalidParameterValue)
        #expect(problem?.message.hasPrefix("image_name: ") == true)
        #expect(problem?.message.hasControlCharacters == false)
    }

    @Test("that is huge is refused with a short message", arguments: ["a", "\u{301}"])
    func huge(_ filler: String) {
        let problem = #expect(throws: Problem.self) {
            try ImageReference(String(repeating: filler, count: 20_000), field: "image_name")
        }
        #expect((problem?.message.unicodeScalars.count ?? .max) < 400)
    }
}
