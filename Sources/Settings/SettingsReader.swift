internal import Core
internal import YAML

/// What a setting's text breaks.
struct SettingRule: Error {
    let rule: String
    init(_ rule: String) { self.rule = rule }
}

/// Takes settings out of a YAML file and the environment, and collects everything that is wrong with them.
struct SettingsReader {
    private let fileName: String
    private let root: YAMLNode?
    private var environment: [String: String]
    private var known: [String: Set<String>] = [:]
    /// The line in the file (0: in the environment) and the message.
    private var problems: [(line: Int, message: String)] = []

    init(file: (name: String, content: [UInt8])?, environment: [String: String]) {
        fileName = file?.name ?? "slipway.yaml"
        self.environment = environment.filter { $0.key.hasPrefix("SLIPWAY_") }
        guard let file else {
            root = nil
            return
        }
        do {
            root = try YAMLNode.parse(file.content)
        } catch {
            root = nil
            problems.append((error.line, "\(file.name):\(error.line): \(error.message)"))
        }
        guard let root else { return }
        for section in root.mapping ?? [] where section.value.mapping == nil && !section.value.isNull {
            report("\(section.key): must hold settings, each on a line of its own", section.line)
        }
        if root.mapping == nil { report("must hold sections such as server: and auth:", root.line) }
    }

    mutating func text(_ section: String, _ key: String) -> String? {
        value(section, key) { (text: String) throws(SettingRule) in text }
    }

    mutating func path(_ section: String, _ key: String) -> String? {
        value(section, key) { (text: String) throws(SettingRule) in
            guard text.hasPrefix("/") else { throw SettingRule("must be an absolute path") }
            guard !text.hasControlCharacters else { throw SettingRule("must not hold control characters") }
            return text
        }
    }

    mutating func integer(_ section: String, _ key: String, _ range: ClosedRange<Int>) -> Int? {
        value(section, key) { (text: String) throws(SettingRule) in
            guard let number = Int(text), range.contains(number) else {
                throw SettingRule("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    /// A value in the file named `KEY_file`, or given whole in the environment as `SLIPWAY_SECTION_KEY`.
    mutating func secret(_ section: String, _ key: String, _ read: (String) throws -> String) -> Secret? {
        let file = path(section, "\(key)_file")
        if let given = environment.removeValue(forKey: Self.variable(section, key)) { return Secret(given) }
        guard let path = file else { return nil }
        guard let content = try? read(path) else {
            report("\(section).\(key)_file: \(path) cannot be read", line(section, "\(key)_file"))
            return nil
        }
        return Secret(content.trimmingNewlines)
    }

    /// A value that may be secret: in a file named by `KEY_file`, or plainly here or in the environment.
    mutating func secretOrText(
        _ section: String, _ key: String, _ read: (String) throws -> String,
        _ parse: (String) throws(SettingRule) -> String
    ) -> Secret? {
        let plain = value(section, key, parse)
        guard let path = path(section, "\(key)_file") else { return plain.map { Secret($0) } }
        let place = line(section, "\(key)_file")
        guard let content = try? read(path) else {
            report("\(section).\(key)_file: \(path) cannot be read", place)
            return nil
        }
        do throws(SettingRule) {
            return Secret(try parse(content.trimmingNewlines))
        } catch {
            report("\(section).\(key)_file: \(path) \(error.rule)", place)
            return nil
        }
    }

    /// One value, judged by `parse`; nil where it is missing or wrong.
    mutating func value<Result>(
        _ section: String, _ key: String, _ parse: (String) throws(SettingRule) -> Result
    )
        -> Result?
    {
        known[section, default: []].insert(key)
        let variable = Self.variable(section, key)
        let given = environment.removeValue(forKey: variable)
        let node = root?[section]?[key]
        guard let text = given ?? node?.string else {
            if let node, !node.isNull { report("\(section).\(key): must be a single value", node.line) }
            return nil
        }
        do throws(SettingRule) {
            return try parse(text)
        } catch {
            if given != nil {
                problems.append((0, "\(variable): \(error.rule)"))
            } else {
                report("\(section).\(key): \(error.rule)", node?.line ?? 0)
            }
            return nil
        }
    }

    /// A list of texts; in the environment with commas between them.
    mutating func list(_ section: String, _ key: String) -> [String]? {
        known[section, default: []].insert(key)
        if let given = environment.removeValue(forKey: Self.variable(section, key)) {
            return given.split(separator: ",").map { String($0.trimmingPrefix(while: \.isWhitespace)) }
        }
        guard let node = root?[section]?[key], !node.isNull else { return nil }
        guard let items = node.sequence, items.allSatisfy({ $0.string != nil }) else {
            report("\(section).\(key): must be a list of texts", node.line)
            return nil
        }
        return items.compactMap(\.string)
    }

    /// A mapping of texts; in the environment as `name=value` with commas between them.
    mutating func map<Result>(
        _ section: String, _ key: String, _ parse: (String, String) throws(SettingRule) -> Result
    ) -> [String: Result]? {
        known[section, default: []].insert(key)
        var pairs: [(name: String, text: String, place: String, line: Int)] = []
        let variable = Self.variable(section, key)
        if let given = environment.removeValue(forKey: variable) {
            for item in given.split(separator: ",") {
                let halves = item.trimmingPrefix(while: \.isWhitespace)
                    .split(separator: "=", maxSplits: 1).map(String.init)
                pairs.append((halves.first ?? "", halves.count == 2 ? halves[1] : "", variable, 0))
            }
        } else if let node = root?[section]?[key], !node.isNull {
            guard let entries = node.mapping else {
                report("\(section).\(key): must hold one name: value a line", node.line)
                return nil
            }
            pairs = entries.map { ($0.key, $0.value.string ?? "", "\(section).\(key)", $0.line) }
        } else {
            return nil
        }
        var result: [String: Result] = [:]
        for pair in pairs {
            do throws(SettingRule) {
                result[pair.name] = try parse(pair.name, pair.text)
            } catch {
                if pair.line == 0 {
                    problems.append((0, "\(pair.place): \(error.rule)"))
                } else {
                    report("\(pair.place): \(error.rule)", pair.line)
                }
            }
        }
        return result
    }

    /// Reports what is wrong between settings, at the line of one of them.
    mutating func refuse(_ condition: Bool, _ section: String, _ key: String, _ rule: String) {
        if condition { report("\(section).\(key): \(rule)", line(section, key)) }
    }

    /// - Throws: everything that was found wrong, unknown names included.
    mutating func finish() throws(Settings.Invalid) {
        for section in root?.mapping ?? [] {
            guard let keys = known[section.key] else {
                report("\(section.key): is no section; there are \(Self.names(known.keys))", section.line)
                continue
            }
            for entry in section.value.mapping ?? [] where !keys.contains(entry.key) {
                report(
                    "\(section.key).\(entry.key): is no setting; there are \(Self.names(keys))", entry.line)
            }
        }
        for name in environment.keys.sorted() where name != "SLIPWAY_CONFIG" && !Self.isOfKubernetes(name) {
            problems.append((0, "\(name): is no setting"))
        }
        guard problems.isEmpty else {
            throw Settings.Invalid(problems: problems.sorted { $0.line < $1.line }.map(\.message))
        }
    }

    /// What Kubernetes puts into the environment of pods beside a service that is called slipway.
    private static func isOfKubernetes(_ name: String) -> Bool {
        name == "SLIPWAY_PORT" || name.hasPrefix("SLIPWAY_PORT_") || name.hasPrefix("SLIPWAY_SERVICE_")
    }

    private mutating func report(_ message: String, _ line: Int) {
        problems.append((line, line > 0 ? "\(fileName):\(line): \(message)" : message))
    }

    private func line(_ section: String, _ key: String) -> Int { root?[section]?[key]?.line ?? 0 }

    private static func variable(_ section: String, _ key: String) -> String {
        "SLIPWAY_\(section)_\(key)".uppercased()
    }

    private static func names(_ keys: some Sequence<String>) -> String {
        keys.sorted().joined(separator: ", ")
    }
}

extension String {
    fileprivate var trimmingNewlines: String {
        var text = self
        while let last = text.last, last.isNewline { text.removeLast() }
        return text
    }
}
