import Core
import FoundationEssentials
import Posix
import Settings
import Testing

@testable import Builders
@testable import Builds

@Suite("What is in an image") struct InventoryTests {
    private let image = BuildStatus.Image(
        reference: "slipway/a:1", id: "sha256:1", digest: nil, sizeBytes: 1, engine: "docker 1", run: [])

    private struct Document: Decodable {
        struct Component: Decodable, Equatable {
            let type: String
            let name: String
            let version: String
            let purl: String?
        }
        struct Metadata: Decodable { let component: Component }
        let bomFormat: String
        let specVersion: String
        let metadata: Metadata
        let components: [Component]
    }

    private func document(_ line: String) throws -> Document {
        let inventory = try #require(Inventory(Array(line.utf8)))
        let bill = inventory.billOfMaterials(of: image, at: Timestamp(milliseconds: 0))
        return try JSONDecoder().decode(Document.self, from: Data(JSON.encode(bill)))
    }

    @Test func `is written as package URLs have it`() throws {
        let document = try document(
            """
            {"python":[["Typing_Extensions","4.12.2"],["torch","2.3.0+cpu"],["torch","2.3.0+cpu"],["odd"]],
            "debian":[["libc6","2.36-9+deb12u9","amd64"],["vim","2:9.0~1","all"]],"system":"debian-12"}
            """)
        #expect(document.bomFormat == "CycloneDX" && document.specVersion == "1.5")
        #expect(
            document.metadata.component
                == .init(type: "container", name: "slipway/a:1", version: "sha256:1", purl: nil))
        #expect(
            document.components.map { $0.purl ?? "" } == [
                "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12",
                "pkg:deb/debian/vim@2:9.0~1?arch=all&distro=debian-12", "pkg:pypi/torch@2.3.0%2Bcpu",
                "pkg:pypi/typing-extensions@4.12.2",
            ])
        #expect(document.components.last?.name == "Typing_Extensions")
    }

    @Test func `is nothing where an image says nonsense`() {
        let many = (0...20_000).map { "[\"a\",\"\($0)\"]" }.joined(separator: ",")
        for line in [
            "", "{}", "[]", #"{"python":[["a",1]],"debian":[],"system":""}"#,
            "{\"python\":[\(many)],\"debian\":[],\"system\":\"\"}",
        ] {
            #expect(Inventory(Array(line.utf8)) == nil)
        }
    }

    @Test func `is only missing where it cannot be written`() throws {
        let state = try StateDirectory()
        let directory = try History(state: state.path).accept(order())
        var status = BuildStatus(id: directory.id, order: order())
        status.image = image
        let settings = try Settings(file: nil, environment: [:], cores: 1) { _ in "" }
        let verification = Verification(
            engine: Engine(kind: .docker, path: "/bin/false", version: "1", mounts: true),
            settings: settings, environment: [:], directory: directory,
            record: BuildRecord(directory, status, .system) { _ in },
            log: LogWriter(try directory.openLogToWrite()))
        let answer = Array(#"{"python":[["six","1.16.0"]],"debian":[],"system":""}"#.utf8)
        // A name that is taken.
        try Files.makeDirectory("\(directory.billOfMaterialsPath)/x")
        verification.list(answer)
        #expect(directory.lastLogLine?.contains("could not be written: rename ") == true)
        try Files.remove(directory.billOfMaterialsPath)
        verification.list(answer)
        #expect(directory.lastLogLine?.hasSuffix("the image holds 1 packages") == true)
    }

    @Test func `is what this machine's own Python says of itself`() throws {
        let python = try #require(Executable.find("python3", searchPath: ThisProcess.environment["PATH"]))
        let outcome = try Command(python, Array(Inventory.question.dropFirst()), environment: [:]).run(
            seconds: 60)
        #expect(outcome.errors.isEmpty && outcome.status.isSuccess)
        let components = try document(outcome.output).components
        let libc = components.filter { $0.name == "libc6" }
        let isDebian = try Files.status("/var/lib/dpkg/status") != nil
        #expect(libc.isEmpty != isDebian)
    }
}

@Suite struct BuildDocumentTests {
    @Test(arguments: [(BuildDocument.dockerfile, "Dockerfile"), (.billOfMaterials, "sbom.json")])
    func `a build's files are given as they are, once they are there`(
        _ document: BuildDocument, _ name: String
    )
        throws
    {
        let state = try StateDirectory()
        let history = try History(state: state.path)
        let service = try makeService(state, history)
        let directory = try history.accept(order())
        let missing = #expect(throws: Problem.self) { try service.document(document, of: directory.id) }
        #expect(missing?.code == .resourceDoesNotExist && missing?.hint != nil)
        try Files.replace("\(directory.path)/\(name)", with: "content".utf8)
        #expect(try service.document(document, of: directory.id) == Array("content".utf8))
        #expect(try service.document(document, of: .random()) == nil)
    }
}
