import Glibc
import Posix
import Synchronization
import TestSupport
import Testing

@Suite("Files")
struct FilesTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "replacing makes a file with the permissions asked for or changes one, and leaves nothing beside it")
    func replace() throws {
        let file = directory.file("status.json")
        try Files.replace(file, with: "old".utf8, permissions: 0o640)
        try Files.replace(file, with: "new".utf8, permissions: 0o600)
        #expect(try directory.read("status.json") == "new")
        #expect(try Files.names(in: directory.path) == ["status.json"])
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o640)
    }

    @Test("a file that root replaces stays readable for whom it was", .enabled(if: geteuid() == 0))
    func replaceKeepsOwner() throws {
        let file = try directory.write("old", to: "htpasswd")
        #expect(chown(file, 12, 34) == 0 && chmod(file, 0o644) == 0)
        try Files.replace(file, with: "new".utf8)
        var status = stat()
        #expect(stat(file, &status) == 0)
        #expect(status.st_uid == 12 && status.st_gid == 34 && status.st_mode & 0o777 == 0o644)
    }

    @Test("a replacement that fails leaves what was there and no temporary file")
    func replaceFails() throws {
        try Files.makeDirectory(directory.file("taken/inner"))
        let error = #expect(throws: SystemError.self) {
            try Files.replace(directory.file("taken"), with: "new".utf8)
        }
        #expect(error?.call == "rename")
        #expect(try Files.names(in: directory.path) == ["taken"])
        #expect(throws: SystemError.self) {
            try Files.replace(directory.file("missing/status.json"), with: "new".utf8)
        }
        #expect(try Files.names(in: directory.path) == ["taken"])
    }

    @Test(
        "a file that several replace over and over always has one whole content, and nothing stays beside it")
    func replaceIsAtomic() throws {
        let file = directory.file("status.json")
        let contents = ["a", "b"].map { String(repeating: $0, count: 10_000) }
        try Files.replace(file, with: contents[0].utf8)
        let writers = Mutex(2)
        let seen = Mutex<Set<String>>([])
        Threads.concurrently(3) { index in
            if index < 2 {
                for _ in 0..<50 where (try? Files.replace(file, with: contents[index].utf8)) == nil {
                    seen.withLock { _ = $0.insert("not replaced") }
                }
                writers.withLock { $0 -= 1 }
            } else {
                while writers.withLock({ $0 }) > 0 {
                    let text = (try? directory.read("status.json")) ?? "not read"
                    seen.withLock { _ = $0.insert(text) }
                }
            }
        }
        #expect(seen.withLock { $0 }.isSubset(of: contents))
        #expect(try Files.names(in: directory.path) == ["status.json"])
    }

    @Test("removing a tree takes its links away and leaves what they point to")
    func remove() throws {
        try Files.makeDirectory(directory.file("outside"))
        try directory.write("keep", to: "outside/file")
        try Files.makeDirectory(directory.file("tree/deep/deeper"))
        try directory.write("gone", to: "tree/deep/file")
        symlink(directory.file("outside"), directory.file("tree/deep/link"))
        symlink("nowhere", directory.file("tree/dangling"))
        try Files.remove(directory.file("tree"))
        #expect(try Files.status(directory.file("tree")) == nil)
        #expect(try directory.read("outside/file") == "keep")
        // A link by itself, and what is gone already.
        symlink(directory.file("outside"), directory.file("link"))
        try Files.remove(directory.file("link"))
        try Files.remove(directory.file("link"))
        #expect(try Files.names(in: directory.path) == ["outside"])
    }

    @Test("a file's status says what it is itself, not what it points to")
    func status() throws {
        try directory.write("12345", to: "file")
        symlink("file", directory.file("link"))
        mkfifo(directory.file("pipe"), 0o600)
        #expect(try Files.status(directory.file("file"))?.kind == .file)
        #expect(try Files.status(directory.file("file"))?.size == 5)
        #expect(try Files.status(directory.file("link"))?.kind == .symbolicLink)
        #expect(try Files.status(directory.path)?.kind == .directory)
        #expect(try Files.status(directory.file("pipe"))?.kind == .other)
        #expect(try Files.status(directory.file("missing")) == nil)
        #expect(try Files.status(directory.file("file/below")) == nil)
    }

    @Test("a file that is longer than the limit is not read")
    func limit() throws {
        try directory.write("12345", to: "file")
        #expect(try Files.read(directory.file("file"), limit: 5) == Array("12345".utf8))
        let error = #expect(throws: SystemError.self) { try Files.read(directory.file("file"), limit: 4) }
        #expect(error?.errno == EFBIG)
        #expect(throws: SystemError.self) { try Files.read(directory.path, limit: 4) }
    }

    @Test("directories are made with those above them, and made again without harm")
    func makeDirectory() throws {
        try Files.makeDirectory(directory.file("a/b/c"))
        try Files.makeDirectory(directory.file("a/b/c"))
        #expect(try Files.status(directory.file("a/b/c"))?.kind == .directory)
        #expect(try Files.createDirectory(directory.file("a/d")))
        #expect(try !Files.createDirectory(directory.file("a/d")))
        try directory.write("", to: "file")
        #expect(throws: SystemError.self) { try Files.makeDirectory(directory.file("file/below")) }
        #expect(throws: SystemError.self) { try Files.createDirectory(directory.file("missing/below")) }
    }

    @Test("names are sorted and may hold anything")
    func names() throws {
        let names = ["b", "weights 100%.bin", ".hidden", "\u{E4}", "new\nline"]
        for name in names { try directory.write("", to: name) }
        #expect(try Files.names(in: directory.path) == names.sorted())
        #expect(throws: SystemError.self) { try Files.names(in: directory.file("missing")) }
    }

    @Test("moving renames, and canonical paths have no links and dots")
    func paths() throws {
        try Files.makeDirectory(directory.file("a"))
        try Files.move(directory.file("a"), to: directory.file("b"))
        symlink("b", directory.file("link"))
        #expect(try Files.canonical(directory.file("link/../b/.")) == directory.file("b"))
        let error = #expect(throws: SystemError.self) { try Files.canonical(directory.file("a")) }
        #expect(error?.isNotFound == true)
    }

    @Test(
        "a path's parent is what is before its last slash",
        arguments: [("/a/b", "/a"), ("/a", "/"), ("a/b", "a"), ("a", "."), ("/", "/")])
    func parent(_ path: String, _ parent: String) {
        #expect(Files.parent(of: path) == parent)
    }
}
