/// What `slipway-authd` is told on its command line.
struct Options {
    /// A command line that cannot be understood.
    struct Misuse: Error {
        let message: String
    }

    static let help = """
        Usage: slipway-authd --socket PATH [OPTIONS]

        Checks users' passwords by PAM for a Slipway that runs without root. Needs root. Listens on a UNIX socket of
        mode 0660 and answers root, the group, and the users that are named; nobody else.

          --socket PATH         where to listen
          --service NAME        the PAM service, a file in /etc/pam.d (default: slipway)
          --group NAME          the socket's group; processes whose effective group it is may ask
          --allow-user NAME     a user who may ask too, if the socket's mode lets it; may be repeated
          --max-attempts N      how many passwords are checked at once, 1 to 64 (default: 4)
          --timeout-seconds N   when an attempt is killed, 1 to 300 (default: 10)
          --help                this

        SIGTERM and SIGINT end it, with the attempts in hand. It logs to standard error.
        """

    private(set) var socket = ""
    private(set) var service = "slipway"
    private(set) var group: String?
    private(set) var allowedUsers: [String] = []
    private(set) var maxAttempts = 4
    private(set) var timeoutSeconds = 10

    init(_ arguments: [String]) throws(Misuse) {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            let halves = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(String.init)
            func value() throws(Misuse) -> String {
                guard let value = halves.count == 2 ? halves[1] : rest.next(), !value.isEmpty else {
                    throw Misuse(message: "\(halves[0]) needs a value")
                }
                return value
            }
            func number(_ range: ClosedRange<Int>) throws(Misuse) -> Int {
                guard let number = Int(try value()), range.contains(number) else {
                    throw Misuse(
                        message: "\(halves[0]) must be \(range.lowerBound) to \(range.upperBound)")
                }
                return number
            }
            switch halves[0] {
            case "--socket": socket = try value()
            case "--service": service = try value()
            case "--group": group = try value()
            case "--allow-user": allowedUsers.append(try value())
            case "--max-attempts": maxAttempts = try number(1...64)
            case "--timeout-seconds": timeoutSeconds = try number(1...300)
            default: throw Misuse(message: "there is no option \(halves[0].printable(limit: 40))")
            }
        }
        guard !socket.isEmpty else { throw Misuse(message: "--socket is missing") }
    }
}
