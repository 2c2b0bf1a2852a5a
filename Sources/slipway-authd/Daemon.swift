internal import Glibc
internal import PAM
internal import Posix

/// The process that listens.
enum Daemon {
    /// - Returns: the exit status: 0 done, 1 failed, 2 wrong use.
    static func run(_ arguments: [String]) -> Int32 {
        if arguments.contains("--help") || arguments.contains("-h") {
            write(Options.help, 1)
            return 0
        }
        do {
            let options = try Options(arguments)
            try check(options)
            let admission = try Admission(options)
            try ThisProcess.keepMemoryPrivate()
            try ThisProcess.forgoNewPrivileges()
            try ThisProcess.leaveSurroundings()
            try ThisProcess.adoptOrphans()
            try Doorkeeper(options, admission).run()
            return 0
        } catch let misuse as Options.Misuse {
            write("slipway-authd: \(misuse.message)\n\(Options.help)", 2)
            return 2
        } catch {
            write("slipway-authd: \(error)", 2)
            return 1
        }
    }

    private static func check(_ options: Options) throws(Obstacle) {
        guard ThisProcess.userID == 0 else {
            throw Obstacle("run as root: PAM's modules read what only root may, as /etc/shadow")
        }
        guard PasswordCheck.isConfigured(service: options.service) else {
            throw Obstacle(
                "there is no PAM service \(options.service.printable(limit: 40)): "
                    + "copy packaging/pam/slipway to /etc/pam.d, or name another by --service")
        }
    }

    private static func write(_ text: String, _ number: Int32) {
        guard let stream = try? Descriptor.standard(number) else { return }
        try? stream.write("\(text)\n".utf8)
    }
}

/// What keeps it from starting, in words for who can do something about it.
struct Obstacle: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Who may ask.
struct Admission {
    private let users: Set<UInt32>
    let group: UInt32?

    init(_ options: Options) throws(Obstacle) {
        var users: Set<UInt32> = [0]
        for name in options.allowedUsers {
            guard let id = SystemUsers.id(of: name) else {
                throw Obstacle("there is no user \(name.printable(limit: 40))")
            }
            users.insert(id)
        }
        self.users = users
        group = options.group.flatMap(SystemGroups.id)
        if let name = options.group, group == nil {
            throw Obstacle("there is no group \(name.printable(limit: 40))")
        }
    }

    func includes(_ peer: Connection.Peer) -> Bool { users.contains(peer.user) || peer.group == group }
}
