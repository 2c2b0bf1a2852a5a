package import Core
internal import YAML

/// What is known of images, wheels and packages that others publish: data, because it ages faster than code.
///
/// `Files/tables.yaml` is the built-in copy and describes every table.
package struct Tables: Sendable, Equatable {
    /// By Python's minor version.
    let python: Rows<ImageReference>
    /// Addresses of package indexes by the name they can be asked for.
    let indexes: [String: String]
    let condaBase: ImageReference
    let micromamba: ImageReference
    /// Where torch's wheels for one CUDA version, or none, lie: `ADDRESS/cpu`.
    let torchWheels: String
    /// torch's CUDA variants, oldest CUDA first, by torch's minor version.
    let torch: Rows<[String]>
    /// Images with the CUDA that a package needs, by package and its minor version.
    let cuda: [String: Rows<ImageReference>]
    /// Packages of the image's first layer, by normalised name.
    let firstLayer: [String]
    /// Names of what a distribution can bring, by package manager.
    let packages: [String: [String: [String]]]
    /// Which of those a flavor needs.
    let flavorNeeds: [String: [String]]
    /// Which of those a requirement needs.
    let requirementNeeds: [String: [String]]

    /// The tables that come with Slipway, as a person would write them.
    package static var builtInText: String { String(decoding: PackageResources.tables_yaml, as: UTF8.self) }

    /// The tables that come with Slipway.
    package static func builtIn() throws(Problem) -> Tables {
        try Tables(PackageResources.tables_yaml, name: "tables.yaml")
    }

    /// Reads tables.
    ///
    /// - Parameters:
    ///   - content: YAML as in `Files/tables.yaml`.
    ///   - name: the file's name for messages.
    /// - Throws: `Problem` naming the line that is wrong.
    package init(_ content: [UInt8], name: String) throws(Problem) {
        let reader = TablesReader(name: name, root: try Self.parse(content, name))
        try reader.refuseUnknown(
            reader.root, ["python", "indexes", "conda", "torch", "cuda", "layers", "packages", "needs"])
        python = try reader.rows(reader.table("python"), reader.image)
        indexes = try reader.map(reader.table("indexes"), reader.address)
        let conda = try reader.table("conda")
        condaBase = try reader.image(reader.required(conda, "base"))
        micromamba = try reader.image(reader.required(conda, "micromamba"))
        let torch = try reader.table("torch")
        torchWheels = try reader.address(reader.required(torch, "wheels"))
        self.torch = try reader.rows(reader.required(torch, "cuda"), reader.words)
        cuda = try reader.map(reader.table("cuda")) { node throws(Problem) in
            try reader.rows(node, reader.image)
        }
        firstLayer = try reader.packageNames(reader.required(reader.table("layers"), "first"))
        packages = try reader.map(reader.table("packages")) { node throws(Problem) in
            try reader.map(node) { names throws(Problem) in
                try reader.text(names).split(separator: " ").map(String.init)
            }
        }
        let needs = try reader.table("needs")
        flavorNeeds = try reader.map(reader.required(needs, "flavors"), reader.words)
        requirementNeeds = try reader.map(reader.required(needs, "requirements"), reader.words)
        for need in (Array(flavorNeeds.values) + requirementNeeds.values).joined() where packages[need] == nil
        {
            throw .invalid(name, "needs names \(need.printable(limit: 40)), which is not under packages")
        }
    }

    private static func parse(_ content: [UInt8], _ name: String) throws(Problem) -> YAMLNode {
        do throws(YAMLError) {
            if let root = try YAMLNode.parse(content) { return root }
        } catch {
            throw .invalid("\(name):\(error.line)", error.message, hint: "compare it with: slipway tables")
        }
        throw .invalid(name, "is empty", hint: "compare it with: slipway tables")
    }

    /// Rows by `MAJOR.MINOR`, of which there may be none for a version that somebody has.
    package struct Rows<Value: Sendable & Equatable>: Sendable, Equatable {
        /// In the order of their versions.
        let rows: [(version: MinorVersion, value: Value)]

        package static func == (left: Rows, right: Rows) -> Bool {
            left.rows.elementsEqual(right.rows) { $0.version == $1.version && $0.value == $1.value }
        }

        /// The row of this version; else the nearest older one, else the oldest.
        ///
        /// - Returns: the row and whether it is the version's own; nil for a table without rows.
        func nearest(_ version: MinorVersion) -> (version: MinorVersion, value: Value, isExact: Bool)? {
            let row = rows.last { $0.version <= version } ?? rows.first
            return row.map { ($0.version, $0.value, $0.version == version) }
        }
    }
}

/// The first two numbers of a version.
struct MinorVersion: Comparable, Sendable, CustomStringConvertible {
    let major: Int
    let minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `2.3`, `2.3.1+cu121` or `2`; nil where no number comes first.
    init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: ".", maxSplits: 2).map { Int($0.prefix { $0.isNumber }) }
        guard let first = numbers.first, let major = first, (0..<100_000).contains(major) else { return nil }
        self.init(major, numbers.dropFirst().first.flatMap(\.self) ?? 0)
    }

    static func < (left: MinorVersion, right: MinorVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    var description: String { "\(major).\(minor)" }
}

/// Takes tables out of YAML; what is wrong is named with file and line.
private struct TablesReader {
    let name: String
    let root: YAMLNode

    func invalid(_ node: YAMLNode, _ rule: String) -> Problem {
        .invalid("\(name):\(node.line)", rule, hint: "compare it with: slipway tables")
    }

    func table(_ key: String) throws(Problem) -> YAMLNode { try required(root, key) }

    func required(_ node: YAMLNode, _ key: String) throws(Problem) -> YAMLNode {
        guard let value = node[key], !value.isNull else { throw invalid(node, "there is no \(key) in it") }
        return value
    }

    func refuseUnknown(_ node: YAMLNode, _ keys: Set<String>) throws(Problem) {
        for entry in node.mapping ?? [] where !keys.contains(entry.key) {
            throw invalid(entry.value, "\(entry.key.printable(limit: 40)) is no table")
        }
    }

    func text(_ node: YAMLNode) throws(Problem) -> String {
        guard let text = node.string, !text.hasControlCharacters else {
            throw invalid(node, "must be a text")
        }
        return text
    }

    func words(_ node: YAMLNode) throws(Problem) -> [String] {
        guard let items = node.sequence else { throw invalid(node, "must be a list") }
        return try items.map { item throws(Problem) in try text(item) }
    }

    func packageNames(_ node: YAMLNode) throws(Problem) -> [String] {
        let names = try words(node)
        // They become part of a pattern.
        guard !names.isEmpty,
            names.allSatisfy({ $0 == Requirement.normalised($0) && $0.wholeMatch(of: /[a-z0-9-]+/) != nil })
        else { throw invalid(node, "must name packages, in lower case and with hyphens") }
        return names
    }

    func image(_ node: YAMLNode) throws(Problem) -> ImageReference {
        try ImageReference(text(node), field: "\(name):\(node.line)")
    }

    func address(_ node: YAMLNode) throws(Problem) -> String {
        let text = try text(node)
        try WebAddress.check(text, field: "\(name):\(node.line)")
        return text
    }

    func map<Value>(_ node: YAMLNode, _ value: (YAMLNode) throws(Problem) -> Value) throws(Problem)
        -> [String: Value]
    {
        guard let entries = node.mapping else { throw invalid(node, "must be a mapping") }
        var result: [String: Value] = [:]
        for entry in entries { result[entry.key] = try value(entry.value) }
        return result
    }

    func rows<Value>(_ node: YAMLNode, _ value: (YAMLNode) throws(Problem) -> Value) throws(Problem)
        -> Tables.Rows<Value>
    {
        guard let entries = node.mapping else { throw invalid(node, "must be a mapping of versions") }
        var rows: [(version: MinorVersion, value: Value)] = []
        for entry in entries {
            guard let version = MinorVersion(entry.key), version.description == entry.key else {
                throw invalid(
                    entry.value, "\"\(entry.key.printable(limit: 40))\" is no version such as \"3.11\"")
            }
            rows.append((version, try value(entry.value)))
        }
        return Tables.Rows(rows: rows.sorted { $0.version < $1.version })
    }
}
