/// A value that never shows: not in a log, a description, a dump or an encoded file.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The value itself, for the one place that needs it.
    package let revealed: String

    package init(_ value: String) { revealed = value }

    package var description: String { "[secret]" }
    package var debugDescription: String { "[secret]" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
