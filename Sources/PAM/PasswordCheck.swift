package import AuthdFrames
internal import CPAM
internal import Glibc

/// Whether PAM takes a user's password and lets the account be used; nothing else of PAM: no session, no credentials.
package enum PasswordCheck {
    package struct Result: Sendable {
        /// Never `busy` or `malformed`.
        package let answer: AttemptAnswer
        /// What lies beneath; for the log, never for an answer.
        package let reason: String
    }

    /// Whether the system has rules for this service.
    ///
    /// Without them libpam goes by those of `other`, which nobody wrote with passwords from a network in mind.
    package static func isConfigured(service: String) -> Bool {
        // libpam lowers the name's letters and takes a path apart: what it would change is none.
        let isPlain = service.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, !service.isEmpty, service != "other" else { return false }
        return ["/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"].contains {
            access("\($0)/\(service)", R_OK) == 0
        }
    }

    /// Asks the authentication modules, then those of the account: a right password alone accepts nobody.
    ///
    /// The account's modules are not asked after a wrong password, as some count failures and would begin anew
    /// (pam_faillock). Modules block, may ask the network, and may hang: call it in a process that can be killed.
    ///
    /// - Parameters:
    ///   - service: a name in `/etc/pam.d`.
    ///   - request: who, with which password, from where.
    /// - Returns: the answer, and why.
    package static func run(service: String, _ request: AttemptRequest) -> Result {
        guard isConfigured(service: service) else {
            return Result(answer: .unavailable, reason: "there is no PAM service \(service)")
        }
        let conversation = Conversation(request.password)
        return withExtendedLifetime(conversation) {
            var callbacks = pam_conv(
                conv: Conversation.answer, appdata_ptr: Unmanaged.passUnretained(conversation).toOpaque())
            var handle: OpaquePointer?
            let code = pam_start(service, request.user, &callbacks, &handle)
            guard code == PAM_SUCCESS, let handle else {
                return Result(answer: .unavailable, reason: "pam_start: \(text(code, handle))")
            }
            let (end, result) = ask(handle, request, conversation)
            pam_end(handle, end)
            return result
        }
    }

    private static func ask(_ handle: OpaquePointer, _ request: AttemptRequest, _ conversation: Conversation)
        -> (code: Int32, result: Result)
    {
        func result(_ answer: AttemptAnswer, _ phase: String, _ code: Int32) -> (Int32, Result) {
            let complaint = conversation.complaint.map { "; \($0)" } ?? ""
            return (code, Result(answer: answer, reason: "\(phase): \(text(code, handle))\(complaint)"))
        }
        var code = prepare(handle, request)
        guard code == PAM_SUCCESS else { return result(.unavailable, "pam_set_item", code) }
        let flags = Int32(PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK)

        code = pam_authenticate(handle, flags)
        guard code == PAM_SUCCESS else {
            // A module that was refused an answer calls itself out of order: that would tell a right password.
            let isTrouble = isTrouble(code) && conversation.complaint == nil
            return result(isTrouble ? .unavailable : .refused, "pam_authenticate", code)
        }
        code = pam_acct_mgmt(handle, flags)
        switch code {
        case PAM_SUCCESS: break
        case PAM_NEW_AUTHTOK_REQD, PAM_AUTHTOK_EXPIRED, PAM_ACCT_EXPIRED:
            return result(.expired, "pam_acct_mgmt", code)
        default: return result(isTrouble(code) ? .unavailable : .denied, "pam_acct_mgmt", code)
        }
        // The caller will go by the name that was typed: what modules said holds for the one they made of it.
        guard userName(handle) == Array(request.user.utf8) else {
            return (code, Result(answer: .refused, reason: "a module changed the user's name"))
        }
        return result(.accepted, "pam_acct_mgmt", code)
    }

    private static func prepare(_ handle: OpaquePointer, _ request: AttemptRequest) -> Int32 {
        // Modules ask for seconds of delay after a failure, which would hold a place; the answer waits as it is.
        let noDelay: @convention(c) (Int32, UInt32, UnsafeMutableRawPointer?) -> Void = { _, _, _ in }
        let code = pam_set_item(
            handle, PAM_FAIL_DELAY, unsafeBitCast(noDelay, to: UnsafeRawPointer.self))
        guard code == PAM_SUCCESS, !request.address.isEmpty else { return code }
        return request.address.withCString { pam_set_item(handle, PAM_RHOST, $0) }
    }

    /// In bytes: as texts, names can be equal that are two users.
    private static func userName(_ handle: OpaquePointer) -> [UInt8]? {
        var item: UnsafeRawPointer?
        guard pam_get_item(handle, PAM_USER, &item) == PAM_SUCCESS, let item else { return nil }
        return Array(
            UnsafeRawBufferPointer(start: item, count: strlen(item.assumingMemoryBound(to: CChar.self))))
    }

    /// Whether the code says that the modules could not tell.
    private static func isTrouble(_ code: Int32) -> Bool {
        [
            PAM_OPEN_ERR, PAM_SYMBOL_ERR, PAM_SERVICE_ERR, PAM_SYSTEM_ERR, PAM_BUF_ERR, PAM_AUTHINFO_UNAVAIL,
            PAM_ABORT, PAM_MODULE_UNKNOWN, PAM_BAD_ITEM, PAM_NO_MODULE_DATA, PAM_INCOMPLETE,
        ].contains(code)
    }

    private static func text(_ code: Int32, _ handle: OpaquePointer?) -> String {
        pam_strerror(handle, code).map { String(cString: $0) } ?? "code \(code)"
    }
}
