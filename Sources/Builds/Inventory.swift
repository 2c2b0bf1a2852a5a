internal import Core
internal import FoundationEssentials

/// What is installed in an image, as it says itself; a model's own code may have had a hand in it.
struct Inventory: Decodable {
    /// Name and version of each Python package.
    private let python: [[String]]
    /// Name, version and architecture of each Debian package.
    private let debian: [[String]]
    /// `debian` or `ubuntu`, and its version.
    private let system: String

    private static let limit = 20_000

    /// What an image is asked with; one line of JSON comes back.
    static let question = ["python3", "-c", program]

    private static let program = """
        import importlib.metadata, json
        def read(path):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    return file.read()
            except OSError:
                return ""
        def fields(text, mark):
            pairs = (line.split(mark, 1) for line in text.split("\\n") if mark in line and line[0] not in " \\t")
            return {name: value.strip().strip("\\"") for name, value in pairs}
        python = [[str(one.metadata["Name"]), str(one.version)] for one in importlib.metadata.distributions()]
        blocks = (fields(block, ":") for block in read("/var/lib/dpkg/status").split("\\n\\n"))
        debian = [[one[key] for key in ("Package", "Version", "Architecture")] for one in blocks
                  if one.get("Status") == "install ok installed"]
        system = fields(read("/etc/os-release"), "=")
        print(json.dumps({"python": python, "debian": debian,
                          "system": "%s-%s" % (system.get("ID", ""), system.get("VERSION_ID", ""))}))
        """

    /// - Returns: nil where it is none.
    init?(_ line: [UInt8]) {
        guard let read = try? JSONDecoder().decode(Inventory.self, from: Data(line)),
            read.python.count + read.debian.count <= Self.limit
        else { return nil }
        self = read
    }

    /// The same as a bill of materials: CycloneDX 1.5 in JSON (https://cyclonedx.org/docs/1.5/json/).
    func billOfMaterials(of image: BuildStatus.Image, at now: Timestamp) -> BillOfMaterials {
        // As https://github.com/package-url/purl-spec writes them: a colon stays as it is.
        func encoded(_ text: some StringProtocol) -> String {
            String(text).percentEncoded.replacing("%3A", with: ":")
        }
        var components = python.filter { $0.count == 2 }.map { one in
            let name = one[0].lowercased().replacing("_", with: "-")
            return BillOfMaterials.Component(
                "library", one[0], one[1], purl: "pkg:pypi/\(encoded(name))@\(encoded(one[1]))")
        }
        let vendor = system.prefix { $0 != "-" }
        let distribution = system.hasSuffix("-") ? "" : "&distro=\(encoded(system))"
        components += debian.filter { $0.count == 3 }.map { one in
            BillOfMaterials.Component(
                "library", one[0], one[1],
                purl:
                    "pkg:deb/\(encoded(vendor))/\(encoded(one[0]))@\(encoded(one[1]))"
                    + "?arch=\(encoded(one[2]))\(distribution)")
        }
        var seen: Set<String> = []
        return BillOfMaterials(
            image: .init("container", image.reference, image.digest ?? image.id, purl: nil),
            components: components.filter { seen.insert($0.reference).inserted }.sorted {
                $0.reference < $1.reference
            }, at: now)
    }
}

/// As much of a CycloneDX document as says what an image is made of.
struct BillOfMaterials: Encodable {
    private let format = "CycloneDX"
    private let specification = "1.5"
    private let serialNumber = "urn:uuid:\(UUID().uuidString.lowercased())"
    private let version = 1
    private let metadata: Metadata
    let components: [Component]

    struct Component: Encodable {
        private let type: String
        private let name: String
        private let version: String
        private let purl: String?
        /// Unlike any other's.
        let reference: String

        init(_ type: String, _ name: String, _ version: String, purl: String?) {
            self.type = type
            self.name = name.printable(limit: 300)
            self.version = version.printable(limit: 300)
            self.purl = purl
            reference = purl ?? "\(name)@\(version)"
        }

        enum CodingKeys: String, CodingKey {
            case type, name, version, purl
            case reference = "bom-ref"
        }
    }

    private struct Metadata: Encodable {
        let timestamp: Timestamp
        let tools: [String: [[String: String]]]
        let component: Component
    }

    init(image: Component, components: [Component], at now: Timestamp) {
        self.components = components
        metadata = Metadata(
            timestamp: now,
            tools: ["components": [["type": "application", "name": "slipway", "version": Slipway.version]]],
            component: image)
    }

    enum CodingKeys: String, CodingKey {
        case serialNumber, version, metadata, components
        case format = "bomFormat"
        case specification = "specVersion"
    }
}
