import Core
import Settings
import Testing

@testable import Schedulers

@Suite("What a scheduler says of a job")
struct JobStateTests {
    private let states: [String: Settings.Launcher.Phase] = [
        "PENDING": .pending, "RUNNING": .running, "TIMEOUT": .ended,
    ]

    @Test(
        "is a word of its own, and the reason after it",
        arguments: [
            ("PENDING Resources\n", JobState(.pending, "PENDING", reason: "Resources")),
            ("RUNNING None\n", JobState(.running, "RUNNING")),
            ("RUNNING", JobState(.running, "RUNNING")),
            (
                "PENDING Nodes are DOWN, or so\n",
                JobState(.pending, "PENDING", reason: "Nodes are DOWN, or so")
            ),
            ("TIMEOUT TimeLimit\n", JobState(.ended, "TIMEOUT", reason: "TimeLimit")),
            ("", JobState(nil)), ("\n", JobState(nil)),
        ])
    func words(_ answer: String, _ state: JobState) throws {
        #expect(try JobState(words: answer, states) == state)
    }

    @Test(
        "is nothing where it cannot be understood",
        arguments: ["BUSY", "pending", "RUNNING\nRUNNING\n", " ", "0"])
    func strangeWords(_ answer: String) {
        #expect(throws: Problem.self) { try JobState(words: answer, states) }
    }

    @Test(
        "is read from a Job of Kubernetes",
        arguments: [
            (#"{"kind":"Job","status":{}}"#, JobState(.pending, "Pending")),
            (#"{"kind":"Job"}"#, JobState(.pending, "Pending")),
            (#"{"kind":"Job","status":{"active":1,"ready":0}}"#, JobState(.pending, "Pending")),
            (#"{"kind":"Job","status":{"active":1,"ready":1}}"#, JobState(.running, "Active")),
            (#"{"kind":"Job","status":{"active":1}}"#, JobState(.running, "Active")),
            (
                #"{"kind":"Job","status":{"conditions":[{"type":"Complete","status":"True"}],"succeeded":1}}"#,
                JobState(.ended, "Complete")
            ),
            (
                #"""
                {"kind":"Job","status":{"conditions":[{"type":"FailureTarget","status":"True"},
                {"type":"Failed","status":"True","reason":"DeadlineExceeded","message":"too long"}],"failed":1}}
                """#, JobState(.ended, "Failed", reason: "DeadlineExceeded")
            ),
            (
                #"{"kind":"Job","status":{"active":1,"conditions":[{"type":"Failed","status":"False"}]}}"#,
                JobState(.running, "Active")
            ),
            ("", JobState(nil)),
        ])
    func kubernetes(_ answer: String, _ state: JobState) throws {
        #expect(try JobState(kubernetes: answer) == state)
    }

    @Test("is no Job where it is none", arguments: ["[]", "{}", #"{"kind":"Status"}"#, "{", "null", "Job"])
    func strangeJobs(_ answer: String) {
        #expect(throws: Problem.self) { try JobState(kubernetes: answer) }
    }
}
