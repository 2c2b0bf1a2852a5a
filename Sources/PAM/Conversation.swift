internal import AuthdFrames
internal import CPAM
internal import Glibc

/// What modules may ask for: the password, once.
final class Conversation {
    private let password: WipedBytes
    private var isAnswered = false
    /// The first thing that was asked for in vain.
    private(set) var complaint: String?

    init(_ password: WipedBytes) { self.password = password }

    /// `pam_conv(3)`: gets all messages at once, hands over one response for each.
    static let answer:
        @convention(c) (
            Int32, UnsafeMutablePointer<UnsafePointer<pam_message>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<pam_response>?>?, UnsafeMutableRawPointer?
        ) -> Int32 = { count, messages, responses, context in
            guard let messages, let responses, let context, (1...PAM_MAX_NUM_MSG).contains(count) else {
                return PAM_CONV_ERR
            }
            let conversation = Unmanaged<Conversation>.fromOpaque(context).takeUnretainedValue()
            return conversation.respond(UnsafeBufferPointer(start: messages, count: Int(count)), responses)
        }

    private func respond(
        _ messages: UnsafeBufferPointer<UnsafePointer<pam_message>?>,
        _ responses: UnsafeMutablePointer<UnsafeMutablePointer<pam_response>?>
    ) -> Int32 {
        // libpam frees the array and each text in it, by free(3).
        guard let room = calloc(messages.count, MemoryLayout<pam_response>.stride) else { return PAM_BUF_ERR }
        let made = room.bindMemory(to: pam_response.self, capacity: messages.count)
        for (index, message) in messages.enumerated() {
            switch message?.pointee.msg_style {
            case PAM_PROMPT_ECHO_OFF where !isAnswered:
                isAnswered = true
                made[index].resp = copyOfPassword()
                if made[index].resp != nil { continue }
            case PAM_TEXT_INFO, PAM_ERROR_MSG: continue
            case PAM_PROMPT_ECHO_OFF: complaint = complaint ?? "a module asked for more than one password"
            default: complaint = complaint ?? "a module asked for more than a password"
            }
            // A partial answer is none: libpam frees nothing where the conversation failed.
            for response in UnsafeBufferPointer(start: made, count: messages.count) { wipe(response.resp) }
            free(made)
            return PAM_CONV_ERR
        }
        responses.pointee = made
        return PAM_SUCCESS
    }

    private func copyOfPassword() -> UnsafeMutablePointer<CChar>? {
        let count = password.count
        guard let copy = calloc(count + 1, 1)?.bindMemory(to: CChar.self, capacity: count + 1) else {
            return nil
        }
        for index in 0..<count { copy[index] = CChar(bitPattern: password[index]) }
        return copy
    }

    private func wipe(_ text: UnsafeMutablePointer<CChar>?) {
        guard let text else { return }
        explicit_bzero(text, strlen(text))
        free(text)
    }
}
