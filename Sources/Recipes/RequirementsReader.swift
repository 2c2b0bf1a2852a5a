internal import Core

/// Reads requirement files and lines as pip does, and keeps what an installer may see.
///
/// Follows https://pip.pypa.io/en/stable/reference/requirements-file-format/. Files that a line includes are taken from
/// the model and nowhere else; addresses go to the web and nowhere else.
struct RequirementsReader {
    private let files: ModelFiles
    private(set) var requirements: [Requirement] = []
    private(set) var constraints: [Requirement] = []
    /// Addresses of package indexes that are to replace the default one, in order.
    private(set) var indexes: [Requirement] = []
    private(set) var warnings: [String] = []
    /// Files and directories of the model that requirements name, relative to it.
    private(set) var localPaths: [String] = []
    private var readFiles: Set<String> = []
    private var openFiles: [String] = []

    init(_ files: ModelFiles) { self.files = files }

    private enum Kind { case requirements, constraints }

    /// Reads a file of the model.
    ///
    /// - Throws: `Problem` naming file and line.
    mutating func read(file: String) throws(Problem) { try read(file: file, as: .requirements, from: nil) }

    /// Reads one line of another file, such as an element of a YAML list.
    mutating func read(line: String, source: String) throws(Problem) {
        try read(line: line, as: .requirements, source: source, directory: "")
    }

    private mutating func read(file: String, as kind: Kind, from source: String?) throws(Problem) {
        guard let lines = try files.lines(file) else {
            throw .invalid(
                source ?? file, source == nil ? "is missing" : "names \(file), which is not in the model",
                hint: "add the file to the model's directory and register the model again")
        }
        guard openFiles.count < 8, !openFiles.contains(file) else {
            throw .invalid(source ?? file, "requirement files include each other")
        }
        // A second time it would say the same again.
        guard readFiles.insert("\(kind) \(file)").inserted else { return }
        guard readFiles.count <= 100 else { throw .invalid(source ?? file, "includes more than 100 files") }
        openFiles.append(file)
        defer { openFiles.removeLast() }
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ""
        var pending: (text: String, number: Int)?
        for (index, line) in lines.enumerated() {
            let text = (pending?.text ?? "") + line
            guard text.utf8.count <= 4096 || pending == nil else {
                throw .invalid("\(file):\(pending?.number ?? index + 1)", "is longer than 4096 bytes")
            }
            let number = pending?.number ?? index + 1
            if text.hasSuffix("\\"), index + 1 < lines.count {
                pending = (String(text.dropLast()), number)
                continue
            }
            pending = nil
            try read(line: text, as: kind, source: "\(file):\(number)", directory: directory)
        }
    }

    private mutating func read(line: String, as kind: Kind, source: String, directory: String) throws(Problem)
    {
        let text = Self.withoutComment(line)
        guard !text.isEmpty else { return }
        guard !text.hasControlCharacters, text.utf8.count <= 4096 else {
            throw .invalid(source, "holds control characters or is longer than 4096 bytes")
        }
        guard requirements.count + constraints.count + indexes.count + warnings.count < 5000 else {
            throw .invalid(source, "the model has more than 5000 requirements")
        }
        guard text.utf8.last != UInt8(ascii: "\\") else {
            throw .invalid(source, "ends in a backslash, and nothing follows", hint: "remove the backslash")
        }
        if text.first == "-" {
            try read(option: text, source: source, directory: directory, kind)
            return
        }
        if RequirementRules.isPath(text) {
            keep(try local(text, source: source), kind)
            return
        }
        try RequirementRules.check(text, source)
        keep(Requirement(text: text, source: source), kind)
    }

    /// A package that the model brings along: a wheel, an archive, or a directory of sources.
    private mutating func local(_ text: String, source: String) throws(Problem) -> Requirement {
        let written = String(text.prefix { $0 != " " && $0 != ";" && $0 != "[" })
        guard let path = try? Self.path(written, in: "", source), !path.isEmpty,
            files.lists(path), !path.contains(where: { !$0.isASCIILetterOrDigit && !"/._+-!".contains($0) })
        else {
            throw RequirementRules.localPath(source, written)
        }
        if !localPaths.contains(path) { localPaths.append(path) }
        let rest = text.dropFirst(written.count)
        return Requirement(text: "\(Recipe.localFiles)/\(path)\(rest)", source: source)
    }

    private mutating func keep(_ requirement: Requirement, _ kind: Kind) {
        switch kind {
        case .requirements: requirements.append(requirement)
        case .constraints: constraints.append(requirement)
        }
    }

    private mutating func read(
        option text: String, source: String, directory: String, _ kind: Kind
    ) throws(Problem) {
        let (name, value) = Self.option(text)
        func required() throws(Problem) -> String {
            guard let value, !value.isEmpty else {
                throw .invalid(
                    source, "\(name) has no value", hint: "write the value after it, or remove the line")
            }
            return value
        }
        switch name {
        case "-r", "--requirement":
            try read(file: Self.path(try required(), in: directory, source), as: kind, from: source)
        case "-c", "--constraint":
            try read(file: Self.path(try required(), in: directory, source), as: .constraints, from: source)
        case "-i", "--index-url", "--pypi-url":
            let address = try required()
            try WebAddress.check(address, field: source)
            indexes.append(Requirement(text: address, source: source))
        case "--extra-index-url", "-f", "--find-links":
            let address = try required()
            try WebAddress.check(address, field: source)
            let long = name == "-f" ? "--find-links" : name
            requirements.append(Requirement(text: "\(long) \(address)", source: source))
        case "--no-binary", "--only-binary":
            let packages = try required()
            guard packages.wholeMatch(of: /[A-Za-z0-9._:,-]+/) != nil else {
                throw .invalid(
                    source, "\"\(packages.printable(limit: 80))\" is not what \(name) takes",
                    hint: "write :all:, :none:, or names with commas between them")
            }
            requirements.append(Requirement(text: "\(name) \(packages)", source: source))
        case "--no-index", "--require-hashes":
            requirements.append(Requirement(text: name, source: source))
        case "-e", "--editable":
            let target = try required()
            guard RequirementRules.isPath(target) else {
                // An address with #egg=: what it leads to is installed as it is.
                try RequirementRules.check(target, source)
                keep(Requirement(text: target, source: source), kind)
                return
            }
            keep(try local(target, source: source), kind)
            warnings.append("\(source): \(target.printable(limit: 80)) is installed rather than linked to")
        default:
            warnings.append("\(source): the option \(name.printable(limit: 40)) has no effect here")
        }
    }

    /// `--name=value`, `--name value`, `-nvalue` and `-n value` alike.
    private static func option(_ text: String) -> (name: String, value: String?) {
        let end = text.firstIndex { $0 == "=" || $0 == " " } ?? text.endIndex
        if !text.hasPrefix("--"), text[..<end].count > 2 {
            return (String(text.prefix(2)), trimmed(text.dropFirst(2)))
        }
        let name = String(text[..<end])
        return (name, end == text.endIndex ? nil : trimmed(text[text.index(after: end)...]))
    }

    /// The path of a file that a line includes, relative to the model directory.
    private static func path(_ text: String, in directory: String, _ source: String) throws(Problem) -> String
    {
        let refusal = Problem.invalid(
            source, "\"\(text.printable(limit: 80))\" is not a file within the model",
            hint: "name it relative to the file that includes it")
        guard !text.hasPrefix("/"), !text.contains("\\"), !text.contains(":") else { throw refusal }
        var parts = directory.split(separator: "/").map(String.init)
        for part in text.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(String(part))
            } else if parts.popLast() == nil {
                throw refusal
            }
        }
        return parts.joined(separator: "/")
    }

    /// A `#` begins a comment at the line's start or after white space only (`#egg=` belongs to an address).
    private static func withoutComment(_ line: String) -> String {
        let spaced = line.replacing("\t", with: " ")
        if trimmed(spaced).first == "#" { return "" }
        let comment = spaced.firstRange(of: " #")
        return trimmed(comment.map { spaced[..<$0.lowerBound] } ?? spaced[...])
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop { $0 == " " }
        guard let last = start.lastIndex(where: { $0 != " " }) else { return "" }
        return String(start[...last])
    }
}
