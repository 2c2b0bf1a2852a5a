import Testing

@Suite("The architecture")
struct ArchitectureTests {
    private let tree: SourceTree

    init() throws { tree = try SourceTree() }

    @Test("has a floor in docs/architecture.md for every module of Sources, and for nothing else")
    func table() {
        #expect(tree.modules.subtracting(tree.floors.keys).sorted() == [])
        #expect(Set(tree.floors.keys).subtracting(tree.modules).sorted() == [])
        #expect(tree.modules.subtracting(tree.targets).sorted() == [])
    }

    @Test("lets a module import only what stands on a floor below its own")
    func floors() throws {
        #expect(tree.imports["slipway"]?.isEmpty == false)
        for (module, imports) in tree.imports {
            let floor = try #require(tree.floors[module]).number
            let wrong = imports.subtracting(tree.libraries).filter {
                (tree.floors[$0]?.number ?? .max) >= floor
            }
            #expect(wrong.sorted() == [], "\(module) on floor \(floor) imports these")
        }
    }

    @Test("gives each C library one importer, the module that stands beside it")
    func libraries() {
        #expect(!tree.libraries.isEmpty)
        for library in tree.libraries {
            let importers = tree.imports.filter { $0.value.contains(library) }.map(\.key)
            #expect(importers == [tree.floors[library]?.wrapper], "these import \(library)")
        }
        let wrapped = tree.floors.filter { $0.value.wrapper != nil }.map(\.key)
        #expect(Set(wrapped) == tree.libraries)
    }

    @Test("keeps Foundation out of slipway-authd, which starts a process a password, and PAM out of slipway")
    func smallness() {
        #expect(tree.foundationUsers.contains("Core"))
        #expect(tree.closure(of: "slipway-authd").isSuperset(of: ["PAM", "Posix"]))
        #expect(tree.closure(of: "slipway-authd").intersection(tree.foundationUsers).sorted() == [])
        #expect(!tree.closure(of: "slipway").contains("PAM"))
        #expect(!tree.closure(of: "Authd").contains("PAM"))
    }

    @Test("declares in Package.swift what each module imports, nothing more, in the order of the floors")
    func dependencies() {
        for module in tree.targets {
            let declared = tree.dependencies[module] ?? []
            let imported = tree.imports[module] ?? []
            #expect(declared.subtracting(imported).sorted() == [], "\(module) imports none of these")
            #expect(imported.subtracting(declared).sorted() == [], "\(module) imports these undeclared")
        }
        let floors = tree.targets.filter { !tree.libraries.contains($0) }.compactMap {
            tree.floors[$0]?.number
        }
        #expect(floors == floors.sorted())
    }
}

@Suite("Reading the architecture")
struct SourceTreeTests {
    @Test("finds imports of every kind, and no other line")
    func imports() {
        let text = """
            import A
            internal import B
            package import struct C.Value
              @preconcurrency public import D
            @_exported import F
            // import G
            let x = "import H"
            """
        #expect(SourceTree.imports(in: text).isSuperset(of: ["A", "B", "C", "D", "F"]))
        #expect(SourceTree.imports(in: text).isDisjoint(with: ["G", "H"]))
    }

    @Test("finds the floors of modules and of the libraries beside them")
    func floors() {
        let floors = SourceTree.floors(
            in: """
                | Floor | Module | What |
                |---|---|---|
                | 2 | `Web`, `Other-one` | routes of `Core` |
                | 1 | `Posix` (`CPosix`, `CMore`) | the system |
                """)
        #expect(
            floors.mapValues(\.number) == ["Web": 2, "Other-one": 2, "Posix": 1, "CPosix": 1, "CMore": 1])
        #expect(floors.compactMapValues(\.wrapper) == ["CPosix": "Posix", "CMore": "Posix"])
    }

    @Test("finds targets and what they depend on")
    func targets() {
        let targets = SourceTree.targets(
            in: """
                .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
                .target(name: "Core-one", swiftSettings: safe),
                .target(
                    name: "Web", dependencies: ["Core",
                        "Posix"],
                    swiftSettings: safe),
                .testTarget(name: "WebTests", dependencies: ["Web"]),
                """)
        #expect(targets.map(\.name) == ["CYAML", "Core-one", "Web"])
        #expect(targets.map(\.dependencies) == [[], [], ["Core", "Posix"]])
    }
}
