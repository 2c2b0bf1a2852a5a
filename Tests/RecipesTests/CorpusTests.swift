import Core
import FoundationEssentials
import Testing

@testable import Recipes

/// Model directories as real MLflows of three major versions write them, and odd ones: see Corpus/README.md.
@Suite("The corpus") struct CorpusTests {
    private static let root = "\(Golden.directory)/Corpus"
    static let names: [String] = {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return entries.filter { !$0.contains(".") }.sorted()
    }()

    @Test func `is large enough to say something`() {
        #expect(Self.names.count >= 60)
    }

    @Test("is decided as it was", arguments: names)
    func decision(_ name: String) throws {
        let files = try Self.files("\(Self.root)/\(name)")
        let text = EnvManager.allCases.map { manager in
            "== \(manager.rawValue)\n" + Self.decision(files, manager).map { $0 + "\n" }.joined()
        }
        try Golden.expect(text.joined(), "Corpus/\(name).txt")
    }

    /// The summary, or the refusal; both are what a person would read.
    private static func decision(_ files: ModelFiles, _ manager: EnvManager) -> [String] {
        do {
            var request = RecipeRequest()
            request.envManager = manager
            let model = try ModelDescription.read(files, manager)
            let recipe = try Recipe.make(model, request, Models.settings())
            // What the model requires is installed, by whatever way, and nothing is silently dropped.
            let installed = recipe.requirements.map { Requirement(text: $0, source: "") }
            for requirement in model.requirements
            where requirement.name != "mlflow" && requirement.text != "--require-hashes" {
                #expect(installed.contains { $0.text == requirement.text || $0.name == requirement.name })
            }
            return recipe.summary
        } catch let problem as Problem {
            return ["refused: \(problem.message)", "hint: \(problem.hint ?? "none")"]
        } catch {
            return ["unexpected: \(error)"]
        }
    }

    private static func files(_ directory: String) throws -> ModelFiles {
        var texts: [String: [UInt8]] = [:]
        var others: Set<String> = []
        for path in try FileManager.default.subpathsOfDirectory(atPath: directory) {
            let ending = path.split(separator: ".").last.map(String.init) ?? ""
            if path == "MLmodel" || ["yaml", "yml", "txt", "toml", "lock"].contains(ending) {
                texts[path] = Array(try Data(contentsOf: URL(filePath: "\(directory)/\(path)")))
            } else {
                others.insert(path)
            }
        }
        return ModelFiles(texts, others: others)
    }
}
