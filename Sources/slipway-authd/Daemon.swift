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
            guard ThisProcess.userID == 0 else {
                return fail("run as root: PAM's modules read what only root may, as /etc/shadow")
            }
            guard PasswordCheck.isConfigured(service: options.service) else {
                return fail(
                    "there is no PAM service \(options.service.printable(limit: 40)): "
                        + "copy packaging/pam/slipway to /etc/pam.d, or name another by --service")
            }
            try ThisProcess.keepMemoryPrivate()
            try ThisProcess.forgoNewPrivileges()
            try ThisProcess.leaveSurroundings()
            try ThisProcess.adoptOrphans()
            try Doorkeeper(options, try admission(options)).run()
            return 0
        } catch let misuse as Options.Misuse {
            write("slipway-authd: \(misuse.message)\n\(Options.help)", 2)
            return 2
        } catch {
            return fail("\(error)")
        }
    }

    private static func admission(_ options: Options) throws -> Admission {
        var users: Set<UInt32> = [0]
        for name in options.allowedUsers {
            guard let id = SystemUsers.id(of: name) else {
                throw Options.Misuse(message: "there is no user \(name.printable(limit: 40))")
            }
            users.insert(id)
        }
        let group = try options.group.map { name in
            guard let id = SystemGroups.id(of: name) else {
                throw Options.Misuse(message: "there is no group \(name.printable(limit: 40))")
            }
            return id
        }
        return Admission(users: users, group: group)
    }

    private static func fail(_ message: String) -> Int32 {
        write("slipway-authd: \(message)", 2)
        return 1
    }

    private static func write(_ text: String, _ number: Int32) {
        guard let stream = try? Descriptor.standard(number) else { return }
        try? stream.write("\(text)\n".utf8)
    }
}

/// Who may ask.
struct Admission {
    let users: Set<UInt32>
    let group: UInt32?

    func includes(_ peer: Connection.Peer) -> Bool { users.contains(peer.user) || peer.group == group }
}
