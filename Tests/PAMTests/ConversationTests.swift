import AuthdFrames
import CPAM
import Glibc
import Testing

@testable import PAM

@Suite("The conversation with PAM's modules")
struct ConversationTests {
    /// What `conversation` says to these prompts: nil for each that gets an empty response.
    private func answers(_ conversation: Conversation, _ styles: [Int32]) -> (code: Int32, texts: [String?]) {
        var prompt = Array("Password: ".utf8CString)
        return prompt.withUnsafeMutableBufferPointer { prompt in
            let messages = styles.map { pam_message(msg_style: $0, msg: prompt.baseAddress) }
            return messages.withUnsafeBufferPointer { messages in
                var pointers = messages.indices.map { messages.baseAddress?.advanced(by: $0) }
                var responses: UnsafeMutablePointer<pam_response>?
                let code = withExtendedLifetime(conversation) {
                    Conversation.answer(
                        Int32(styles.count), &pointers, &responses,
                        Unmanaged.passUnretained(conversation).toOpaque())
                }
                // As libpam does: each text, then the array.
                let texts = styles.indices.map { index in
                    responses?[index].resp.map { text in
                        defer { free(text) }
                        return String(cString: text)
                    }
                }
                free(responses)
                return (code, responses == nil ? [] : texts)
            }
        }
    }

    private func conversation() -> Conversation { Conversation(WipedBytes(Array("pass: \u{F6}".utf8))) }

    @Test("gives the password to the first prompt that hides it, and takes notes for nothing")
    func password() {
        let conversation = conversation()
        let (code, texts) = answers(
            conversation, [PAM_TEXT_INFO, PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_TEXT_INFO])
        #expect(code == PAM_SUCCESS)
        #expect(texts == [nil, nil, "pass: \u{F6}", nil])
        #expect(conversation.complaint == nil)
        #expect(answers(conversation, [PAM_TEXT_INFO]).code == PAM_SUCCESS)
    }

    @Test("refuses a second prompt, in the same breath or later")
    func second() {
        #expect(answers(conversation(), [PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_OFF]).code == PAM_CONV_ERR)
        let conversation = conversation()
        #expect(answers(conversation, [PAM_PROMPT_ECHO_OFF]).code == PAM_SUCCESS)
        let (code, texts) = answers(conversation, [PAM_PROMPT_ECHO_OFF])
        #expect(code == PAM_CONV_ERR)
        #expect(texts == [])
        #expect(conversation.complaint == "a module asked for more than one password")
    }

    @Test("refuses every prompt of another kind", arguments: [PAM_PROMPT_ECHO_ON, PAM_RADIO_TYPE, 7, 0, -1])
    func others(_ style: Int32) {
        let conversation = conversation()
        #expect(answers(conversation, [style]).code == PAM_CONV_ERR)
        #expect(conversation.complaint == "a module asked for more than a password")
        #expect(answers(conversation, [PAM_PROMPT_ECHO_OFF, style]).texts == [])
    }

    @Test("refuses as many prompts as none")
    func count() {
        #expect(answers(conversation(), []).code == PAM_CONV_ERR)
        #expect(answers(conversation(), Array(repeating: PAM_TEXT_INFO, count: 33)).code == PAM_CONV_ERR)
        #expect(answers(conversation(), Array(repeating: PAM_TEXT_INFO, count: 32)).code == PAM_SUCCESS)
    }

    @Test(
        "is never begun for a service without rules of its own",
        arguments: [
            "", "other", "slipway-no-such", "../pam.d/other", "/etc/pam.d/other", "OTHER", ".", "a b",
        ])
    func service(_ name: String) throws {
        #expect(!PasswordCheck.isConfigured(service: name))
        let request = try #require(AttemptRequest(user: "root", password: "x".utf8, address: ""))
        let result = PasswordCheck.run(service: name, request)
        #expect(result.answer == .unavailable)
        #expect(result.reason == "there is no PAM service \(name)")
    }
}
