import Core
import Testing

@testable import Builds

@Suite struct SubmissionTests {
    @Test func `a model and a version are enough`() throws {
        let submission = try Submission(json: Array(#"{"model_name":"churn","model_version":"3"}"#.utf8))
        #expect(submission.modelName.text == "churn")
        #expect(submission.version == .number(3))
        #expect(submission.envManager == .local)
        #expect(
            submission.imageName == nil && submission.baseImage == nil && submission.timeoutSeconds == nil)
        #expect(!submission.noCache && !submission.pull)
    }

    @Test func `every field is read`() throws {
        let body = #"""
            {"model_name":"team/churn","model_version":"@champion","image_name":"reg.example.com:5000/churn:7",
             "base_image":"python:3.11-slim","env_manager":"local","no_cache":true,"pull":true,"timeout_seconds":60}
            """#
        let submission = try Submission(json: Array(body.utf8))
        #expect(submission.version == .alias("champion"))
        #expect(submission.imageName?.description == "reg.example.com:5000/churn:7")
        #expect(submission.baseImage?.fullyQualified == "docker.io/library/python:3.11-slim")
        #expect(submission.noCache && submission.pull && submission.timeoutSeconds == 60)
    }

    @Test func `a version may be a JSON number, and null counts as left out`() throws {
        let body = #"{"model_name":"churn","model_version":2,"image_name":null}"#
        #expect(try Submission(json: Array(body.utf8)).version == .number(2))
    }

    @Test(arguments: [
        (#"{"#, "JSON"),
        (#"[]"#, "JSON object"),
        (#""churn""#, "JSON object"),
        (#"{}"#, "model_name"),
        (#"{"model_name":"churn"}"#, "model_version"),
        (#"{"model_name":"","model_version":"1"}"#, "model_name"),
        (#"{"model_name":"a\nb","model_version":"1"}"#, "model_name"),
        (#"{"model_name":7,"model_version":"1"}"#, "model_name"),
        (#"{"model_name":"churn","model_version":true}"#, "model_version"),
        (#"{"model_name":"churn","model_version":1.5}"#, "model_version"),
        (#"{"model_name":"churn","model_version":-1}"#, "model_version"),
        (#"{"model_name":"churn","model_version":"02"}"#, "model_version"),
        (#"{"model_name":"churn","model_version":"1","nope":1}"#, "nope"),
        (#"{"model_name":"churn","model_version":"1","image_name":"Not An Image"}"#, "image_name"),
        (#"{"model_name":"churn","model_version":"1","base_image":"a\nRUN b"}"#, "base_image"),
        (
            #"{"model_name":"churn","model_version":"1","image_name":"a@sha256:"#
                + String(repeating: "0", count: 64) + #""}"#, "image_name"
        ),
        (#"{"model_name":"churn","model_version":"1","env_manager":"uv"}"#, "env_manager"),
        (#"{"model_name":"churn","model_version":"1","no_cache":"yes"}"#, "no_cache"),
        (#"{"model_name":"churn","model_version":"1","timeout_seconds":0}"#, "timeout_seconds"),
        (#"{"model_name":"churn","model_version":"1","timeout_seconds":1e300}"#, "timeout_seconds"),
    ])
    func `a wrong body is refused and the field named`(body: String, named: String) throws {
        let problem = try #require(throws: Problem.self) { try Submission(json: Array(body.utf8)) }
        #expect(problem.code == .invalidParameterValue)
        #expect(problem.message.contains(named))
    }

    @Test func `deep nesting and invalid UTF-8 are no valid JSON`() {
        let deep = Array(String(repeating: "[", count: 100_000).utf8)
        #expect(throws: Problem.self) { try Submission(json: deep) }
        #expect(throws: Problem.self) {
            try Submission(json: Array(#"{"model_name":""#.utf8) + [0xFF, 0xFE])
        }
    }
}
