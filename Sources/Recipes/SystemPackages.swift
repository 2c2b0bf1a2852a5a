/// What the base image's distribution has to bring, by the names of each package manager.
package struct SystemPackages: Sendable, Equatable {
    /// Names that the request gives, for apt.
    package private(set) var asked: [String]
    /// What else is needed: by the tables' names, sorted.
    package private(set) var needed: [String]
    /// Why, in words.
    let notes: [String]
    private let names: [String: [String: [String]]]

    /// What a flavor or a requirement needs by the tables, Java as the request says, and what it names itself.
    init(_ flavors: [String], _ requirements: [Requirement], _ request: RecipeRequest, _ tables: Tables) {
        asked = request.aptPackages
        let names = tables.packages
        self.names = names
        var needs: [String: String] = [:]
        for flavor in flavors {
            for need in tables.flavorNeeds[flavor] ?? [] { needs[need] = "the flavor \(flavor)" }
        }
        for requirement in requirements {
            for need in requirement.name.flatMap({ tables.requirementNeeds[$0] }) ?? []
            where needs[need] == nil {
                needs[need] = requirement.source
            }
        }
        switch request.installJava {
        case true?: needs["java"] = "the request"
        case false?: needs["java"] = nil
        case nil: break
        }
        needed = needs.keys.sorted()
        notes = needed.map { need in
            "\(names[need]?["apt"]?.joined(separator: " ") ?? need) is installed: \(needs[need] ?? "") needs it"
        }
    }

    var isEmpty: Bool { asked.isEmpty && needed.isEmpty }

    /// Files for the build context: one package a line, by package manager.
    var files: [String: String] {
        var files = asked.isEmpty ? [:] : ["packages.asked": asked.asLines]
        for manager in ["apt", "apk", "dnf"] {
            let packages = needed.flatMap { names[$0]?[manager] ?? [] }
            if !packages.isEmpty { files["packages.\(manager)"] = packages.asLines }
        }
        return files
    }

    /// For people: the names that Debian has.
    package var debianNames: [String] { asked + needed.flatMap { names[$0]?["apt"] ?? [$0] } }
}
