internal import Core
internal import Posix
internal import Settings

/// The commands that a person or a supervisor types after `slipway`.
enum CommandLineProgram {
    private static var commands: [any Subcommand.Type] {
        [
            ServeCommand.self, RespondCommand.self, BuildCommand.self, SubmitCommand.self, BuildsCommand.self,
            DoctorCommand.self,
            CheckConfigCommand.self, RecipeCommand.self, TablesCommand.self, UserCommand.self,
            AuditCommand.self, BaseImageCommand.self,
        ]
    }

    /// - Returns: the exit status: 0 done, 1 failed, 2 wrong use.
    static func run(_ arguments: [String]) -> Int32 {
        guard let name = arguments.first, !["--help", "-h", "help"].contains(name) else {
            Terminal.say(help)
            return arguments.isEmpty ? 2 : 0
        }
        if name == "--version" {
            Terminal.say("slipway \(Slipway.version)")
            return 0
        }
        guard let command = commands.first(where: { $0.name == name }) else {
            Terminal.complain("slipway: there is no command \(name.printable(limit: 40)); see slipway --help")
            return 2
        }
        let rest = Array(arguments.dropFirst())
        if rest.contains("--help") || rest.contains("-h") {
            Terminal.say(command.help)
            return 0
        }
        do {
            return try command.run(try Arguments(rest, command)) ? 0 : 1
        } catch let misuse as Misuse {
            Terminal.complain("slipway \(name): \(misuse.message)\n\(command.help)")
            return 2
        } catch let problem as Problem {
            Terminal.complain(
                "slipway \(name): \(problem.message)" + (problem.hint.map { "\n  \($0)" } ?? ""))
            if let cause = problem.cause { Terminal.complain("  cause: \(cause)") }
            return 1
        } catch {
            Terminal.complain("slipway \(name): \(error)")
            return 1
        }
    }

    private static var help: String {
        let lines = commands.map { command in
            "  " + command.name + String(repeating: " ", count: 14 - command.name.count) + command.summary
        }
        return """
            Slipway builds Docker images from models in an MLflow registry, by one click or one curl.

            Usage: slipway COMMAND [OPTIONS]

            \(lines.joined(separator: "\n"))

            Settings come from --config FILE, else $SLIPWAY_CONFIG, else /etc/slipway/slipway.yaml where it exists;
            every setting can be overridden as SLIPWAY_SECTION_KEY. See slipway COMMAND --help.
            """
    }
}

/// One command.
protocol Subcommand {
    static var name: String { get }
    /// One line for the list of commands.
    static var summary: String { get }
    static var help: String { get }
    /// Options that take a value, with their dashes.
    static var options: Set<String> { get }
    /// Options that take none.
    static var flags: Set<String> { get }
    /// How many other arguments there may be.
    static var positional: ClosedRange<Int> { get }

    /// - Returns: whether it did what was asked.
    static func run(_ arguments: Arguments) throws -> Bool
}

extension Subcommand {
    static var positional: ClosedRange<Int> { 0...0 }
}

/// A command line that cannot be understood.
struct Misuse: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

/// A command's arguments, taken apart.
struct Arguments {
    private(set) var values: [String: String] = [:]
    private(set) var flags: Set<String> = []
    private(set) var positional: [String] = []

    init(_ arguments: [String], _ command: any Subcommand.Type) throws {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            guard argument.hasPrefix("--") else {
                positional.append(argument)
                continue
            }
            let halves = argument.split(separator: "=", maxSplits: 1).map(String.init)
            if command.flags.contains(argument) {
                flags.insert(argument)
            } else if command.options.contains(halves[0]) {
                guard let value = halves.count == 2 ? halves[1] : rest.next() else {
                    throw Misuse("\(halves[0]) needs a value")
                }
                values[halves[0]] = value
            } else {
                throw Misuse("there is no option \(halves[0].printable(limit: 40))")
            }
        }
        if let extra = positional.dropFirst(command.positional.upperBound).first {
            throw Misuse("\"\(extra.printable(limit: 40))\" is too much")
        }
        guard positional.count >= command.positional.lowerBound else { throw Misuse("something is missing") }
    }

    subscript(option: String) -> String? { values[option] }
}

/// Lines for a person: answers on standard output, complaints on standard error.
enum Terminal {
    static func say(_ text: String) { write(text, 1) }
    static func complain(_ text: String) { write(text, 2) }

    /// Replaces the line that the terminal's cursor stands on.
    static func overwrite(_ text: String) {
        guard let stream = try? Descriptor.standard(2) else { return }
        try? stream.write("\r\u{1B}[K\(text.printable(limit: 100))".utf8)
    }

    private static func write(_ text: String, _ number: Int32) {
        guard let stream = try? Descriptor.standard(number) else { return }
        try? stream.write("\(text)\n".utf8)
    }
}
