internal import Core
internal import YAML

/// The small text files of a model directory, and the names of all others.
package struct ModelFiles: Sendable {
    private let files: [String: [UInt8]]
    /// Every file and directory, relative to the model directory.
    private let paths: Set<String>

    /// Takes what was read of a model directory.
    ///
    /// - Parameters:
    ///   - files: content by path relative to the model directory, such as `code/constraints.txt`.
    ///   - others: paths of files and directories that were not read.
    package init(_ files: [String: [UInt8]], others: Set<String> = []) {
        self.files = files
        paths = others.union(files.keys)
    }

    func contains(_ path: String) -> Bool { files[path] != nil }

    /// Whether there is a file or directory of this path, read or not.
    func lists(_ path: String) -> Bool { paths.contains(path) }

    /// A text file whole, for a build that needs it as it is.
    func text(_ path: String) throws(Problem) -> String? {
        guard let bytes = files[path] else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid(path, "is not valid UTF-8", hint: "save the file as UTF-8 and log the model again")
        }
        return text
    }

    /// A file's lines, without their ends: LF, CRLF and CR alike, as models come from every system.
    ///
    /// - Returns: nil where there is no such file.
    /// - Throws: `Problem` where it is not UTF-8.
    func lines(_ path: String) throws(Problem) -> [String]? {
        guard let bytes = files[path] else { return nil }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid(path, "is not valid UTF-8", hint: "save the file as UTF-8 and log the model again")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        // Swift takes CR LF for one character.
        return text.split(omittingEmptySubsequences: false) { ["\n", "\r\n", "\r"].contains($0) }.map(
            String.init)
    }

    /// A YAML file's root.
    ///
    /// - Returns: nil where there is no such file, or it is empty.
    /// - Throws: `Problem` naming file and line.
    func yaml(_ path: String) throws(Problem) -> YAMLNode? {
        guard let bytes = files[path] else { return nil }
        do {
            return try YAMLNode.parse(bytes)
        } catch {
            throw .invalid(
                "\(path):\(error.line)", error.message, hint: "mend the file and register the model again")
        }
    }
}

extension YAMLNode {
    /// A text that must be one, if it is there at all.
    ///
    /// - Throws: `Problem` naming file and line for a list, a mapping or control characters.
    func text(_ key: String, in file: String) throws(Problem) -> String? {
        guard let node = self[key], !node.isNull else { return nil }
        guard let text = node.string else {
            throw .invalid("\(file):\(node.line)", "\(key) must be a text, not a list or mapping")
        }
        guard !text.hasControlCharacters, text.count <= 1024 else {
            throw .invalid("\(file):\(node.line)", "\(key) holds control characters or is too long")
        }
        return text
    }
}
