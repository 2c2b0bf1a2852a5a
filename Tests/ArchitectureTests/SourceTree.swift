import FoundationEssentials

/// What Package.swift, Sources/ and docs/architecture.md say about the modules.
struct SourceTree {
    struct Floor {
        let number: Int
        /// Of a C library: the module that stands beside it and alone may import it.
        let wrapper: String?
    }

    /// By module, from the table of docs/architecture.md.
    let floors: [String: Floor]
    /// The folders of Sources/.
    let modules: Set<String>
    /// Those of them without a line of Swift.
    let libraries: Set<String>
    /// By module, which other modules its files import.
    let imports: [String: Set<String>]
    /// The modules that import Foundation, whole or in part.
    let foundationUsers: Set<String>
    /// By target of Package.swift that is a module, which modules it depends on.
    let dependencies: [String: Set<String>]
    /// The same targets in the order of Package.swift.
    let targets: [String]

    init() throws {
        // Tests/ArchitectureTests/SourceTree.swift
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
            separator: "/")
        func read(_ path: String) throws -> String {
            try String(contentsOf: URL(filePath: "\(root)/\(path)"), encoding: .utf8)
        }
        let files = try FileManager.default.subpathsOfDirectory(atPath: "\(root)/Sources")
        let modules = Set(
            files.compactMap { $0.contains("/") ? $0.prefix { $0 != "/" } : nil }.map(String.init))
        let sources = files.filter { $0.hasSuffix(".swift") }
        self.modules = modules
        libraries = modules.subtracting(sources.map { String($0.prefix { $0 != "/" }) })
        let everyImport: [String: Set<String>] = try sources.reduce(into: [:]) { imports, path in
            let found = Self.imports(in: try read("Sources/\(path)"))
            imports[String(path.prefix { $0 != "/" }), default: []].formUnion(found)
        }
        imports = everyImport.mapValues { $0.intersection(modules) }
        foundationUsers = Set(
            everyImport.filter { $0.value.contains { $0.hasPrefix("Foundation") } }.map(\.key))
        floors = Self.floors(in: try read("docs/architecture.md"))
        let declared = Self.targets(in: try read("Package.swift")).filter { modules.contains($0.name) }
        targets = declared.map(\.name)
        dependencies = Dictionary(declared.map { ($0.name, $0.dependencies) }) { $0.union($1) }
    }

    /// A module and all that it stands on.
    func closure(of module: String) -> Set<String> {
        (imports[module] ?? []).reduce(into: [module]) { $0.formUnion(closure(of: $1)) }
    }

    /// The names in backticks of each row's second column; what follows in parentheses are the libraries it wraps.
    static func floors(in text: String) -> [String: Floor] {
        var floors: [String: Floor] = [:]
        for row in text.matches(of: /^\|\s*([0-9]+)\s*\|([^|\n]*)\|/.anchorsMatchLineEndings()) {
            guard let number = Int(row.1) else { continue }
            for module in row.2.matches(of: /`([\w\-]+)`(?:\s*\(([^)]*)\))?/) {
                floors[String(module.1)] = Floor(number: number, wrapper: nil)
                for library in (module.2 ?? "").matches(of: /`(\w+)`/) {
                    floors[String(library.1)] = Floor(number: number, wrapper: String(module.1))
                }
            }
        }
        return floors
    }

    static func imports(in text: String) -> Set<String> {
        let line =
            /^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:[a-z]+\s+)?(\w+)/
        return Set(text.matches(of: line.anchorsMatchLineEndings()).map { String($0.1) })
    }

    static func targets(in text: String) -> [(name: String, dependencies: Set<String>)] {
        let target =
            /\.(?:target|executableTarget|systemLibrary)\(\s*name:\s*"([\w\-]+)"(?:,\s*dependencies:\s*\[([^\]]*)\])?/
        return text.matches(of: target).map { match in
            (String(match.1), Set((match.2 ?? "").matches(of: /"(\w+)"/).map { String($0.1) }))
        }
    }
}
