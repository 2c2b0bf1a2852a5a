package import Core
internal import Crypto

/// Names for images that nobody named.
package enum ImageName {
    /// `PREFIX/NAME:VERSION` for any model name.
    ///
    /// What an image's name cannot hold (capitals, spaces, slashes, other scripts, great length) becomes a dash; then
    /// eight digits of the whole name's hash follow, so that two models never share an image.
    ///
    /// - Parameters:
    ///   - name: any model's name.
    ///   - version: becomes the tag.
    ///   - prefix: registry and path, such as `registry.example.com/team`; may be empty.
    /// - Returns: a valid reference.
    /// - Throws: `Problem` where the prefix is none.
    package static func derived(
        from name: ModelName, version: Int, prefix: String
    ) throws(Problem) -> ImageReference {
        let start = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        return try ImageReference("\(start)\(component(name.text)):\(version)", field: "image_name")
    }

    private static func component(_ name: String) -> String {
        if name.count <= 100, !name.contains(where: { "/:@".contains($0) }),
            let reference = try? ImageReference(name, field: ""), reference.path == name
        {
            return name
        }
        let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let readable = words.joined(separator: "-").prefix(80)
        let hash = SHA256.hex(Array(name.utf8)).prefix(8)
        return
            (readable.isEmpty
            ? "model" : readable.last == "-" ? String(readable.dropLast()) : String(readable))
            + "-\(hash)"
    }
}
