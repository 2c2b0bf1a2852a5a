/// The name that a user signs in with.
///
/// Names are the same where their bytes are: to Swift's strings an accent of its own and one that is part of its letter
/// are equal, to PAM, MLflow and databases they are two users.
package struct UserName: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// Bytes.
    package static let longest = 256

    /// - Returns: nil for what no store could hold: nothing, too much, a colon, a dash at its start, or characters that
    ///   do not show.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= Self.longest, bytes.first != UInt8(ascii: "-"),
            !bytes.contains(UInt8(ascii: ":")), !text.hasHiddenCharacters
        else { return nil }
        self.text = text
    }

    package static func == (left: UserName, right: UserName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }

    package var description: String { text }
}
