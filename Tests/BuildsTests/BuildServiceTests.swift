import Core
import Posix
import Testing

@testable import Builds

@Suite struct BuildServiceTests {
    private let state: StateDirectory
    private let history: History

    init() throws {
        state = try StateDirectory()
        history = try History(state: state.path)
    }

    @Test func `what an accepted build does stays as it was when the settings change`() throws {
        let site = ["SLIPWAY_IMAGES_PUSH": "true", "SLIPWAY_IMAGES_PUSH_REGISTRY": "reg.test"]
        let usual = try service(state, history, site).submit()
        let own = try service(state, history, site).submit(#","push":false,"smoke_test":false,"force":true"#)
        #expect(try history.directory(usual.id).order().options.push == true)
        #expect(try history.directory(usual.id).order().options.smokeTest == true)
        #expect(try history.directory(own.id).order().options.push == false)
        #expect(try history.directory(own.id).order().options.smokeTest == false)
        // Said or settled is one and the same.
        #expect(try service(state, history, site).submit(#","push":true"#).id == usual.id)
    }
}
