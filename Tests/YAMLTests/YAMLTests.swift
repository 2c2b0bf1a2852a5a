import Testing
import YAML

@Suite("A YAML document")
struct YAMLTests {
    struct Reading: Sendable, CustomTestStringConvertible {
        let text: String
        var isNull = false
        var string: String?
        var bool: Bool?
        var int: Int?

        var testDescription: String { text }
    }

    @Test(
        "reads plain scalars as what they mean and quoted ones as text",
        arguments: [
            Reading(text: "text", string: "text"), Reading(text: "two words", string: "two words"),
            Reading(text: "5", string: "5", int: 5), Reading(text: "-7", string: "-7", int: -7),
            Reading(text: "3.10", string: "3.10"), Reading(text: "1e3", string: "1e3"),
            Reading(text: "99999999999999999999", string: "99999999999999999999"),
            Reading(text: "true", string: "true", bool: true),
            Reading(text: "False", string: "False", bool: false),
            Reading(text: "YES", string: "YES", bool: true), Reading(text: "off", string: "off", bool: false),
            Reading(text: "y", string: "y"), Reading(text: "~", isNull: true),
            Reading(text: "null", isNull: true),
            Reading(text: "NULL", isNull: true), Reading(text: "nUll", string: "nUll"),
            Reading(text: "", isNull: true),
            Reading(text: "\"5\"", string: "5"), Reading(text: "'true'", string: "true"),
            Reading(text: "'~'", string: "~"), Reading(text: "\"\"", string: ""),
            Reading(text: #""a\nb\u00e4\0""#, string: "a\nb\u{E4}\0"),
            Reading(text: "'it''s'", string: "it's"),
            Reading(text: "|\n  a\n  b\n", string: "a\nb\n"), Reading(text: ">\n  a\n  b\n", string: "a b\n"),
            Reading(text: "|\n  5\n", string: "5\n"), Reading(text: "!!str 5", string: "5"),
            Reading(text: "! 5", string: "5"),
        ])
    func scalars(_ reading: Reading) throws {
        let node = try #require(try parse("key: \(reading.text)")?["key"])
        #expect(node.isNull == reading.isNull)
        #expect(node.string == reading.string)
        #expect(node.bool == reading.bool)
        #expect(node.int == reading.int)
        #expect(node.sequence == nil)
        #expect(node.mapping == nil)
    }

    @Test("keeps what is nested, in its order, with the line of each key and value")
    func nested() throws {
        let root = try #require(
            try parse(
                """
                # comment
                flavors:
                  python_function: {loader_module: mlflow.sklearn, "env": {conda: conda.yaml}}
                list:
                - a
                -
                  - b
                  - c: 1

                last:
                  text
                """))
        #expect(root.mapping?.map(\.key) == ["flavors", "list", "last"])
        #expect(root.mapping?.map(\.line) == [2, 4, 10])
        #expect(root["flavors"]?["python_function"]?["env"]?["conda"]?.string == "conda.yaml")
        #expect(root["list"]?.sequence?.count == 2)
        #expect(root["list"]?.sequence?[1].sequence?[1]["c"]?.int == 1)
        #expect(root["list"]?.sequence?[1].sequence?[1].line == 8)
        #expect(root["last"]?.line == 11)
        #expect(root["missing"] == nil)
        #expect(root["list"]?["missing"] == nil)
        #expect(root.string == nil)
        #expect(!root.isNull)
    }

    @Test("without content is nil", arguments: ["", "\n\n", "# comment\n", "---\n", "---\n...\n"])
    func empty(_ text: String) throws {
        #expect(try parse(text) == nil)
    }

    @Test("may be one scalar or a list", arguments: ["text", "''", "[]", "~"])
    func root(_ text: String) throws {
        #expect(try parse(text) != nil)
    }

    @Test("puts an alias's value where it stands")
    func aliases() throws {
        let root = try #require(
            try parse(
                "base: &base {image: python, tags: [a, b]}\ncopy: *base\nname: &name key\n*name : value\n"))
        #expect(root["copy"]?["tags"]?.sequence?.map(\.string) == ["a", "b"])
        #expect(root["copy"]?.line == 2)
        #expect(root["key"]?.string == "value")
    }

    @Test("of a billion laughs is refused before it is expanded", arguments: [9, 60])
    func bomb(_ levels: Int) {
        var text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        for level in 1...levels {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        let error = #expect(throws: YAMLError.self) { try parse(text) }
        #expect(error?.message == "has more than 200,000 values once its aliases are expanded")
        #expect((2...7).contains(error?.line ?? 0))
    }

    @Test("may hold up to 200,000 values and be nested 64 levels deep")
    func limits() throws {
        let items = String(repeating: "- x\n", count: 199_999)
        #expect(try parse(items)?.sequence?.count == 199_999)
        #expect(throws: YAMLError.self) { try parse(items + "- x\n") }
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try parse(nested(65)) != nil)
        for depth in [66, 1_000_000] {
            let error = #expect(throws: YAMLError.self) { try parse(nested(depth)) }
            #expect(error?.message == "is nested deeper than 64 levels")
        }
    }

    @Test("cannot be nested deeper by its aliases either")
    func depthOfAliases() {
        func nested(_ core: String) -> String {
            String(repeating: "[", count: 40) + core + String(repeating: "]", count: 40)
        }
        let error = #expect(throws: YAMLError.self) {
            try parse("a: &a \(nested("x"))\nb: &b \(nested("y"))\nc: \(nested("*a"))\n")
        }
        #expect(error?.message == "is nested deeper than 64 levels")
        #expect(error?.line == 3)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int
        /// What the message holds.
        let words: String

        init(_ text: String, _ line: Int, _ words: String) {
            self.text = text
            self.line = line
            self.words = words
        }

        var testDescription: String { text }
    }

    @Test(
        "that is wrong is refused with its line",
        arguments: [
            Refused("a: 1\nb: 2\na: 3\n", 3, "\"a\" stands twice"),
            Refused("a: 1\n'a': 2\n", 2, "\"a\" stands twice"),
            Refused("outer:\n  {x: 1, x: 2}\n", 2, "\"x\" stands twice"),
            Refused("\"a\\nb\": 1\n\"a\\nb\": 2\n", 2, #""a\u{a}b" stands twice"#),
            Refused("a: 1\n---\nb: 2\n", 2, "second document"), Refused("---\n---\n", 2, "second document"),
            Refused("a: *b\n", 1, "*b has no anchor"), Refused("a: &a [*a]\n", 1, "*a has no anchor"),
            Refused("? [a]\n: 1\n", 1, "a key must be a single value"),
            Refused("x: 1\n{a: 1}: 2\n", 2, "a key must be a single value"),
            Refused("a: 1\nb: [1, 2\nc: 3\n", 3, ""), Refused("a: 'b\n\n", 3, ""),
            Refused("a:\n\t- b\n", 2, ""),
            Refused("a: b: c\n", 1, ""), Refused("a: \u{1}\n", 1, ""),
            Refused("a: \0\n", 1, ""), Refused("a: @b\n", 1, ""),
            Refused("a: !!python/object/apply:os.system [id]\n", 1, "is not allowed"),
            Refused("a: 1\nb: !!python/none\n", 2, "is not allowed"),
            Refused("a: !!python/tuple [1]\n", 1, "is not allowed"),
            Refused("a: !!ruby/object:Gem::Requirement {}\n", 1, "is not allowed"),
            Refused("a: !local x\n", 1, "!local is not allowed"),
            Refused("a: !<tag:example.com,2000:x> {}\n", 1, "is not allowed"),
            Refused("%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system x\n", 3, "is not allowed"),
        ])
    func refused(_ refused: Refused) {
        let error = #expect(throws: YAMLError.self) { try parse(refused.text) }
        #expect(error?.line == refused.line)
        #expect(error?.message.contains(refused.words) == true)
    }

    @Test(
        "may tag values with YAML's own types",
        arguments: ["!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp"])
    func tags(_ tag: String) throws {
        #expect(try parse("a: \(tag) 5\n")?["a"]?.string == "5")
        #expect(try parse("a: !!map {b: 1}\nb: !!seq [1]\nc: !!set {x: }\n")?["a"]?["b"]?.int == 1)
    }

    @Test(
        "that is not UTF-8 is refused with the line",
        arguments: [
            ([0x61, 0x3A, 0x20, 0xFF], 1), ([0x61, 0x0A, 0x62, 0x0A, 0xC3, 0x28, 0x0A], 3),
            ([0x0A, 0xE2, 0x82, 0x0A, 0xAC], 2), ([0xFF, 0xFE, 0x61, 0x00], 1),
        ] as [([UInt8], Int)])
    func encoding(_ bytes: [UInt8], _ line: Int) {
        let error = #expect(throws: YAMLError.self) { try YAMLNode.parse(bytes) }
        #expect(error?.line == line)
        #expect(error?.message == "is not valid UTF-8")
        #expect(error?.description == "line \(line): is not valid UTF-8")
    }

    @Test("may begin with a byte order mark and have the line ends of any system")
    func lineEnds() throws {
        let root = try parse("\u{FEFF}a: 1\r\nb:\r\n  - x\r\n")
        #expect(root?["a"]?.int == 1)
        #expect(root?["b"]?.sequence?.map(\.string) == ["x"])
    }

    @Test("of more than 4 MiB is refused")
    func size() throws {
        let error = #expect(throws: YAMLError.self) {
            try parse("a: " + String(repeating: "x", count: 5_000_000))
        }
        #expect(error?.message == "has more than 4 MiB")
        #expect(
            try parse("a: " + String(repeating: "x", count: 3_000_000))?["a"]?.string?.utf8.count == 3_000_000
        )
    }

    private func parse(_ text: String) throws(YAMLError) -> YAMLNode? { try YAMLNode.parse(Array(text.utf8)) }
}
