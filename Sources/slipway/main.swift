internal import Glibc
internal import Posix

ThisProcess.keepFilesPrivate()
exit(CommandLineProgram.run(Array(CommandLine.arguments.dropFirst())))
