// Answers one question for `slipway`, which runs without root: is this that user's password? By PAM, and no more.
// No password is in the process that listens; each question has a process of its own, which ends with the answer.

internal import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
exit(arguments.first == "attempt" ? Attempt.run(Array(arguments.dropFirst())) : Daemon.run(arguments))
