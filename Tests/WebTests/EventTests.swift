import Core
import FastCGI
import Foundation
import Posix
import Testing

@testable import Builds
@testable import Web

/// A build in a state directory that goes with the test.
private final class WatchedBuild {
    let state = "/tmp/slipway-event-tests-\(BuildID.random())"
    let directory: BuildDirectory
    let feed: BuildEvents

    init(hasLog: Bool = true) throws {
        try Files.makeDirectory("\(state)/builds")
        directory = BuildDirectory(state: state, id: .random())
        let order = BuildOrder(
            modelName: "<b>churn</b>", modelVersion: 1, source: "models:/m-1",
            location: .proxied(path: "1/m-1"), runID: nil, modelID: nil, imageName: "slipway/churn:1",
            options: BuildOptions(), timeoutSeconds: 60, createdAt: Timestamp(milliseconds: 0),
            createdBy: "admin")
        _ = try directory.draft(order)
        try directory.establish()
        feed = BuildEvents(
            BuildWatch(directory: directory) { 3 },
            hasLog: hasLog)
    }

    deinit { try? Files.remove(state) }

    func write(_ bytes: [UInt8]) throws { try Descriptor.open(directory.logPath, .append).write(bytes) }

    func enter(_ state: BuildState) throws {
        var status = try #require(try directory.status())
        status.enter(state, at: Timestamp(milliseconds: 1000))
        try directory.write(status)
    }

    /// All that a watcher is told from a position on, and where it stands then.
    func tell(_ position: inout EventPosition) -> (events: [Told], isOver: Bool) {
        feed.refresh()
        var told: [Told] = []
        while let piece = feed.next(after: position) {
            #expect(piece.position != position || piece.isLast, "told twice")
            position = piece.position
            let text = String(decoding: piece.bytes, as: UTF8.self)
            told += text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.compactMap(Told.init)
            if piece.isLast { return (told, true) }
        }
        return (told, false)
    }

    struct Told {
        let name: String
        let id: String
        let data: [String: Any]

        init?(_ text: String) {
            let lines = text.split(separator: "\n", maxSplits: 2).map {
                $0.split(separator: ":", maxSplits: 1)[1]
            }
            name = lines[0].trimmingCharacters(in: .whitespaces)
            id = lines[1].trimmingCharacters(in: .whitespaces)
            let json = try? JSONSerialization.jsonObject(with: Data(lines[2].utf8))
            guard let data = json as? [String: Any] else { return nil }
            self.data = data
        }
    }
}

@Suite struct EventTests {
    @Test func `a waiting build tells its place, a running one its log, an ended one the end`() throws {
        let build = try WatchedBuild()
        var position = EventPosition()
        var (events, isOver) = build.tell(&position)
        #expect(events.map(\.name) == ["status"])
        #expect(events[0].data["queue_position"] as? Int == 3)
        #expect(events[0].data["model_name"] as? String == "<b>churn</b>")
        #expect(build.tell(&position).events.isEmpty)
        try build.write(Array("one\ntwo\n".utf8))
        try build.enter(.preparing)
        (events, isOver) = build.tell(&position)
        #expect(events.map(\.name) == ["log", "status"])
        #expect(events[0].data["text"] as? String == "one\ntwo\n")
        #expect(!isOver)
        // Another responder goes on at the last event's id.
        var resumed = try #require(BuildEvents.position(events[1].id))
        #expect(resumed == position)
        try build.write(Array("three".utf8))
        try build.enter(.cancelled)
        (events, isOver) = build.tell(&resumed)
        #expect(events.map(\.name) == ["log", "status", "eof"])
        #expect(events[0].data["offset"] as? Int == 8)
        #expect(events[2].data["reason"] as? String == "ended")
        #expect(isOver)
    }

    @Test(arguments: [32_767, 32_768, 65_535])
    func `a character that two pieces would share stands in one`(before: Int) throws {
        let build = try WatchedBuild()
        let log = Array((String(repeating: "a", count: before) + "船🚢é" + "end").utf8)
        try build.write(log)
        try build.enter(.preparing)
        var position = EventPosition()
        let events = build.tell(&position).events.filter { $0.name == "log" }
        let text = events.compactMap { $0.data["text"] as? String }
        #expect(!text.joined().contains("\u{FFFD}"))
        #expect(Array(text.joined().utf8) == log)
        #expect(events.compactMap { $0.data["length"] as? Int }.reduce(0, +) == log.count)
    }

    @Test func `a character that is not finished is waited for, unless the build has ended`() throws {
        let build = try WatchedBuild()
        let ship = Array("🚢".utf8)
        try build.write([97] + ship.prefix(2))
        try build.enter(.preparing)
        var position = EventPosition()
        var events = build.tell(&position).events
        #expect(events.map(\.name) == ["status", "log"])
        #expect(events[1].data["text"] as? String == "a")
        try build.write(Array(ship.dropFirst(2)))
        events = build.tell(&position).events
        #expect(events.first?.data["text"] as? String == "🚢")
        try build.write(Array(ship.prefix(3)))
        try build.enter(.failed)
        let (last, isOver) = build.tell(&position)
        #expect(last.first?.data["length"] as? Int == 3)
        #expect(isOver)
        #expect(position.offset == 1 + 4 + 3)
    }

    @Test func `bytes that are no text are counted as they stand`() throws {
        let build = try WatchedBuild()
        let log: [UInt8] =
            [0xFF, 0xFE, 13, 10, 0, 27, 0x80, 0x80, 0x80, 0x80, 0x80] + Array("\"\\\u{2028}\n".utf8)
        try build.write(log)
        try build.enter(.failed)
        var position = EventPosition()
        let (events, isOver) = build.tell(&position)
        #expect(events.map(\.name) == ["status", "log", "eof"])
        #expect(isOver)
        #expect(position.offset == log.count)
        var quiet = EventPosition()
        let silent = try WatchedBuild(hasLog: false)
        try silent.write(log)
        try silent.enter(.failed)
        #expect(silent.tell(&quiet).events.map(\.name) == ["status", "eof"])
    }

    @Test func `a build that is removed ends its stream`() throws {
        let build = try WatchedBuild()
        var position = EventPosition()
        _ = build.tell(&position)
        try Files.remove(build.directory.path)
        let (events, isOver) = build.tell(&position)
        #expect(events.map { $0.data["reason"] as? String } == ["removed"])
        #expect(isOver)
    }

    @Test func `a spoiled status is shown as it was before, and takes no build away`() throws {
        let build = try WatchedBuild()
        var position = EventPosition()
        _ = build.tell(&position)
        try Files.replace("\(build.directory.path)/status.json", with: Array("{".utf8))
        let (events, isOver) = build.tell(&position)
        #expect(events.isEmpty)
        #expect(!isOver)
    }

    @Test(arguments: [
        "", "-", "1", "1-", "-1", "1-x", "1--1", " 1-1", "1-11111111111111111", "9999999999999999999-1",
        "١-1",
    ])
    func `nonsense is no position`(id: String) {
        #expect(BuildEvents.position(id) == nil)
        if id != "1" { #expect(HistoryEvents.position(id) == nil) }
    }
}
