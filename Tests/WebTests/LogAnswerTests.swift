import Core
import FastCGI
import Posix
import Testing

@testable import Web

@Suite struct LogAnswerTests {
    private func ask(_ query: String = "", range: String? = nil, size: Int = 10) throws -> GatewayResponse {
        var parameters = ["REQUEST_URI": "/log?\(query)"]
        parameters["HTTP_RANGE"] = range
        return try LogAnswer.response(
            try Descriptor.openNull(), size: size, try Request(GatewayRequest(parameters: parameters)))
    }

    private func part(_ response: GatewayResponse) -> Range<Int>? {
        guard case .file(_, let offset, let length) = response.body else { return nil }
        return offset..<(offset + length)
    }

    @Test(arguments: [("", 0..<10), ("offset=4", 4..<10), ("offset=10", 10..<10), ("offset=99", 10..<10)])
    func `an offset gives the rest`(query: String, expected: Range<Int>) throws {
        let response = try ask(query)
        #expect(response.status == 200)
        #expect(part(response) == expected)
    }

    @Test(arguments: ["offset=-1", "offset=x", "offset=1&offset=2"])
    func `a wrong offset is refused`(query: String) {
        #expect(throws: Problem.self) { try ask(query) }
    }

    @Test(arguments: [
        ("bytes=0-3", 0..<4), ("bytes=4-", 4..<10), ("bytes=-3", 7..<10), ("bytes=-99", 0..<10),
        ("bytes=9-9", 9..<10), ("bytes=2-9223372036854775807", 2..<10),
    ])
    func `a range gives its part`(range: String, expected: Range<Int>) throws {
        let response = try ask(range: range)
        #expect(response.status == 206)
        #expect(part(response) == expected)
    }

    @Test(arguments: ["bytes=10-", "bytes=99-100", "bytes=-0"])
    func `a range beyond the end is refused with the size`(range: String) throws {
        let response = try ask(range: range)
        #expect(response.status == 416)
        #expect(response.headers.contains { $0.name == "Content-Range" && $0.value == "bytes */10" })
    }

    @Test(arguments: ["items=0-3", "bytes=0-1,3-4", "bytes=5-2", "bytes=", "bytes=x-", "nonsense"])
    func `a range that means nothing is ignored`(range: String) throws {
        let response = try ask(range: range)
        #expect(response.status == 200)
        #expect(part(response) == 0..<10)
    }

    @Test func `an empty log is an empty answer`() throws {
        #expect(part(try ask(size: 0)) == 0..<0)
        #expect(try ask(range: "bytes=0-", size: 0).status == 416)
    }
}
