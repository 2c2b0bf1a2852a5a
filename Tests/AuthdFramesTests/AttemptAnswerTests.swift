import Testing

@testable import AuthdFrames

@Suite("An answer's frame")
struct AttemptAnswerTests {
    @Test("is laid out as documented and read again", arguments: AttemptAnswer.allCases)
    func layout(_ answer: AttemptAnswer) {
        let frame: [UInt8] = [0x53, 0x4C, 0x50, 0x41, 1, answer.rawValue, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        #expect(answer.frame == frame)
        #expect(AttemptAnswer(frame: frame) == answer)
    }

    @Test("has codes that never change")
    func codes() {
        let names = AttemptAnswer.allCases.map { "\($0.rawValue) \($0)" }
        #expect(
            names == [
                "1 accepted", "2 refused", "3 expired", "4 denied", "5 unavailable", "6 busy", "7 malformed",
            ])
    }

    @Test("with any other byte in it is none", arguments: 0..<16)
    func bytes(_ offset: Int) {
        let right = AttemptAnswer.denied.frame
        for value in UInt8.min ... .max {
            var frame = right
            frame[offset] = value
            let answer = AttemptAnswer(frame: frame)
            if offset == 5, (1...7).contains(value) {
                #expect(answer?.rawValue == value)
            } else {
                #expect(answer == (frame == right ? .denied : nil))
            }
        }
    }

    @Test("of any other length is none", arguments: [0, 1, 5, 6, 15, 17, 1024])
    func size(_ count: Int) {
        let frame = (AttemptAnswer.accepted.frame + Array(repeating: 0, count: 1024)).prefix(count)
        #expect(AttemptAnswer(frame: frame) == nil)
    }
}

@Suite("Bytes that are wiped")
struct WipedBytesTests {
    @Test("are read, written and filled in place")
    func access() {
        let bytes = WipedBytes([1, 2, 3])
        bytes[1] = 9
        bytes.put([7], at: 2)
        #expect(bytes.read { span in (0..<span.count).map { span[$0] } } == [1, 9, 7])
        let count = bytes.fill { room in
            room[0] = 5
            return room.count
        }
        #expect(count == 3)
        #expect(bytes[0] == 5)
        #expect(WipedBytes(count: 0).read { $0.count } == 0)
        #expect(WipedBytes(count: 0).fill { $0.count } == 0)
    }

    @Test("are zeros afterwards")
    func wiping() {
        let bytes = WipedBytes(Array(repeating: 0xA5, count: 4096))
        bytes.wipe()
        #expect((0..<4096).allSatisfy { bytes[$0] == 0 })
    }
}
