import Core
import Testing

@Suite("Validated names")
struct NameTests {
    @Test(
        "a model may be called anything that a registry may hold",
        arguments: [
            "churn", "a b", "50%25 off", "team/churn", "a+b&c=d#e", "..", "<b>", "\u{E4}\u{1F680}", "'; --",
            String(repeating: "n", count: 256),
        ])
    func modelName(_ text: String) throws {
        #expect(try ModelName(text).text == text)
    }

    @Test(
        "a model's name has 1 to 256 characters, none of them a control character",
        arguments: [
            "", "a\nb", "a\r", "\t", "a\0b", "\u{1B}[2J", "\u{7F}", "a\u{85}", "a\u{2028}b", "\u{202E}nruhc",
            "\u{2066}a", String(repeating: "n", count: 257), "a" + String(repeating: "\u{301}", count: 1000),
        ])
    func refusedModelName(_ text: String) {
        let problem = #expect(throws: Problem.self) { try ModelName(text, field: "name") }
        #expect(problem?.code == .invalidParameterValue)
        #expect(problem?.message.hasPrefix("name: ") == true)
    }

    @Test(
        "a build's name is eight lower-case hexadecimal digits",
        arguments: ["00000000", "0123abcd", "ffffffff"])
    func buildID(_ text: String) {
        #expect(BuildID(text)?.text == text)
    }

    @Test(
        "nothing else is a build's name",
        arguments: [
            "", "0123abc", "0123abcd0", "0123ABCD", "0123abcg", "../../..", "0123abc/", "0123abc\n",
            "0123abc\0",
            "\u{0661}123abcd", "\u{0661}\u{0661}\u{0661}\u{0661}",
        ])
    func refusedBuildID(_ text: String) {
        #expect(BuildID(text) == nil)
    }

    @Test("random build names are well formed and differ")
    func randomBuildID() {
        let ids = (0..<1000).map { _ in BuildID.random() }
        #expect(ids.allSatisfy { BuildID($0.text) == $0 })
        #expect(Set(ids).count > 990)
    }
}

@Suite("A secret never shows")
struct SecretTests {
    private struct Holder {
        let secret = Secret("hunter2")
        let optional: Secret? = Secret("hunter2")
        let list = ["key": Secret("hunter2")]
    }

    @Test("in text, in a dump, or by a mirror, alone or within another value")
    func shows() {
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        var texts = [dumped, "\(holder)", String(reflecting: holder)]
        texts += ["\(holder.secret)", String(describing: holder.secret), String(reflecting: holder.secret)]
        texts += ["\(holder.secret as Any)", "\([holder.secret])"]
        for text in texts {
            #expect(text.contains("[secret]"))
            #expect(!text.contains("hunter2"))
        }
        #expect(Mirror(reflecting: holder.secret).children.isEmpty)
        #expect(holder.secret.revealed == "hunter2")
    }
}
