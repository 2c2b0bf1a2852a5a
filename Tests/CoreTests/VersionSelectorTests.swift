import Core
import Testing

@Suite("A version selector")
struct VersionSelectorTests {
    @Test(
        "reads the latest version however it is spelled",
        arguments: ["latest", "LATEST", "@latest", "@Latest"])
    func latest(_ text: String) throws {
        #expect(try VersionSelector(text) == .latest)
    }

    @Test(
        "reads version numbers up to 32 bits",
        arguments: [("1", 1), ("10", 10), ("2147483647", 2_147_483_647)])
    func numbers(_ text: String, _ number: Int) throws {
        #expect(try VersionSelector(text) == .number(number))
        #expect(try VersionSelector(text).description == text)
    }

    @Test(
        "reads stages in any letter case and spells them as MLflow does",
        arguments: [
            ("staging", "Staging"), ("PRODUCTION", "Production"), ("Production", "Production"),
            ("aRCHIVED", "Archived"),
        ])
    func stages(_ text: String, _ stage: String) throws {
        #expect(try VersionSelector(text) == .stage(stage))
        #expect(try VersionSelector(text).description == stage)
    }

    @Test(
        "reads aliases as they are written",
        arguments: ["champion", "Champion", "v2.1", "a b", "production", "7", "\u{E4}", "a%2Fb"])
    func aliases(_ alias: String) throws {
        #expect(try VersionSelector("@\(alias)") == .alias(alias))
        #expect(try VersionSelector("@\(alias)").description == "@\(alias)")
    }

    @Test(
        "that is nothing of these is refused, naming the field",
        arguments: [
            "", " ", "0", "02", "-1", "+1", "1.0", "2 ", " 2", "2\n", "1e3", "0x1", "1_000", "\u{0662}",
            "2147483648", "99999999999999999999999999", "None", "champion", "latest ", "@", "@a/b", "@a\nb",
            "@a\0",
            "@" + String(repeating: "a", count: 257),
        ])
    func refused(_ text: String) {
        let problem = #expect(throws: Problem.self) { try VersionSelector(text) }
        #expect(problem?.code == .invalidParameterValue)
        #expect(problem?.message.hasPrefix("model_version: ") == true)
    }
}
