package import Core
internal import FoundationEssentials

/// A user's name and password as somebody gave them.
package struct Credentials: Sendable {
    package let user: UserName
    package let password: Secret

    /// Bytes.
    package static let longestPassword = 512

    /// Checks what is typed into a form or sent as JSON.
    ///
    /// - Throws: `invalidParameterValue` for what no store could hold, naming the field, never quoting it.
    package init(user: String, password: Secret) throws(Problem) {
        guard let name = UserName(user) else {
            throw .invalid(
                "user",
                "must have 1 to \(UserName.longest) bytes, no colon or hidden character, and no dash at its start"
            )
        }
        guard password.revealed.utf8.count <= Self.longestPassword, !password.revealed.utf8.contains(0) else {
            throw .invalid("password", "must have at most \(Self.longestPassword) bytes, none of them zero")
        }
        self.user = name
        self.password = password
    }

    /// Reads an `Authorization` header of the Basic scheme (RFC 7617, UTF-8).
    ///
    /// - Throws: `unauthenticated` where it is none.
    package init(authorization header: String) throws(Problem) {
        let malformed = Problem(
            .unauthenticated, "the Authorization header is not Basic credentials",
            hint: "send user and password as curl -u user:password does")
        let parts = header.split(separator: " ", maxSplits: 1)
        guard header.utf8.count <= 8192, parts.count == 2, parts[0].lowercased() == "basic",
            let data = Data(base64Encoded: String(parts[1])),
            let text = String(validating: data, as: UTF8.self),
            // By bytes: a mark may stand upon a colon.
            let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { throw malformed }
        do throws(Problem) {
            try self.init(
                user: String(decoding: Array(text.utf8[..<colon]), as: UTF8.self),
                password: Secret(
                    String(decoding: Array(text.utf8[text.utf8.index(after: colon)...]), as: UTF8.self)))
        } catch {
            throw malformed
        }
    }

    /// The header that says the same.
    package var authorization: Secret {
        Secret("Basic " + Data("\(user):\(password.revealed)".utf8).base64EncodedString())
    }
}
