import Core
import Testing

@testable import Builds

@Suite struct SubmissionTests {
    @Test func `a model and a version are enough`() throws {
        let submission = try Submission(json: Array(#"{"model_name":"churn","model_version":"3"}"#.utf8))
        #expect(submission.modelName.text == "churn")
        #expect(submission.version == .number(3))
        #expect(submission.imageName == nil)
        #expect(submission.options == BuildOptions())
        #expect(submission.options.envManager == .local)
    }

    @Test func `every field is read`() throws {
        let body = #"""
            {"model_name":"team/churn","model_version":"@champion","image_name":"reg.example.com:5000/churn:7",
             "base_image":"python:3.11-slim","env_manager":"conda","platform":"linux/arm64",
             "pip_index_url":"tsinghua","extra_requirements":["boto3<2","--pre"],"apt_packages":["git=1:2.3"],
             "build_args":{"CMAKE_ARGS":"-DX"},"labels":{"com.example.team":"a b"},"tags":["latest","v1"],
             "install_java":false,"gpu":true,"slim":true,"no_cache":true,"pull":true,"timeout_seconds":60,
             "push":true,"smoke_test":false}
            """#
        let submission = try Submission(json: Array(body.utf8))
        #expect(submission.version == .alias("champion"))
        #expect(submission.imageName?.description == "reg.example.com:5000/churn:7")
        let options = submission.options
        #expect(options.noCache && options.pull && options.timeoutSeconds == 60)
        #expect(options.push == true && options.smokeTest == false)
        #expect(options.labels == ["com.example.team": "a b"] && options.tags == ["latest", "v1"])
        let request = try options.recipeRequest()
        #expect(request.baseImage?.fullyQualified == "docker.io/library/python:3.11-slim")
        #expect(request.envManager == .conda && request.pipIndexURL == "tsinghua")
        #expect(request.extraRequirements == ["boto3<2", "--pre"] && request.aptPackages == ["git=1:2.3"])
        #expect(request.buildArguments == ["CMAKE_ARGS": "-DX"])
        #expect(request.installJava == false && request.gpu == true && request.slim)
        // What a runner will read is what was asked for.
        #expect(try JSON.decode(BuildOptions.self, JSON.encode(options), "") == options)
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
        #expect((problem.message + (problem.hint ?? "")).contains(named))
    }

    @Test(arguments: [
        (#"{"platform":"windows/amd64"}"#, "platform"),
        (#"{"apt_packages":["a b"]}"#, "apt_packages"),
        (#"{"apt_packages":["-o=x"]}"#, "apt_packages"),
        (#"{"apt_packages":"git"}"#, "apt_packages"),
        (#"{"extra_requirements":["a\nb"]}"#, "extra_requirements[0]"),
        (#"{"extra_requirements":["-r /etc/passwd"]}"#, "extra_requirements[0]"),
        (#"{"extra_requirements":[1]}"#, "extra_requirements"),
        (#"{"build_args":{"A B":"x"}}"#, "build_args"),
        (#"{"build_args":{"BUILDKIT_SYNTAX":"x"}}"#, "build_args"),
        (#"{"build_args":{"http_proxy":"x"}}"#, "network.http_proxy"),
        (#"{"build_args":{"MY_TOKEN":"x"}}"#, "looks like a secret"),
        (#"{"build_args":{"A":"x\ny"}}"#, "build_args"),
        (#"{"build_args":{"A":1}}"#, "build_args"),
        (#"{"labels":{"A=\nRUN":"x"}}"#, "labels"),
        (#"{"labels":{"dev.slipway.build.id":"x"}}"#, "labels"),
        (#"{"labels":{"a":"x\u0000"}}"#, "labels"),
        (#"{"tags":["a:b"]}"#, "tags"),
        (#"{"tags":["a@sha256:1"]}"#, "tags"),
        (#"{"slim":1}"#, "slim"),
        (#"{"push":"yes"}"#, "push"),
        (#"{"smoke_test":0}"#, "smoke_test"),
        (#"{"gpu":"yes"}"#, "gpu"),
    ])
    func `a wrong option is refused and the field named`(_ options: String, _ named: String) throws {
        let body = #"{"model_name":"churn","model_version":"1","# + options.dropFirst()
        let problem = try #require(throws: Problem.self) { try Submission(json: Array(body.utf8)) }
        #expect(problem.code == .invalidParameterValue)
        #expect((problem.message + (problem.hint ?? "")).contains(named))
    }

    @Test func `a query says what a body of texts and truths would`() throws {
        let query = [
            ("model_name", "a b"), ("model_version", "latest"), ("slim", "true"), ("env_manager", "conda"),
        ]
        let submission = try Submission(query: query)
        #expect(submission.modelName.text == "a b" && submission.version == .latest)
        #expect(try submission.options.recipeRequest().slim)
        #expect(submission.options.envManager == .conda)
        for wrong in [("slim", "false"), ("nope", "1"), ("labels", "a")] {
            #expect(throws: Problem.self) { try Submission(query: query + [wrong]) }
        }
    }

    @Test(arguments: ["true", "false"]) func `a model may be called as a truth is`(name: String) throws {
        let submission = try Submission(
            query: [("model_name", name), ("model_version", "1"), ("slim", "true")])
        #expect(submission.modelName.text == name)
        #expect(try submission.options.recipeRequest().slim)
        #expect(throws: Problem.self) {
            try Submission(query: [("model_name", name), ("model_version", "1"), ("slim", "yes")])
        }
    }

    @Test func `deep nesting and invalid UTF-8 are no valid JSON`() {
        let deep = Array(String(repeating: "[", count: 100_000).utf8)
        #expect(throws: Problem.self) { try Submission(json: deep) }
        #expect(throws: Problem.self) {
            try Submission(json: Array(#"{"model_name":""#.utf8) + [0xFF, 0xFE])
        }
    }
}

@Suite struct BatchSubmissionTests {
    private func read(_ json: String) throws(Problem) -> [String] {
        let batch = try BatchSubmission(json: Array(json.utf8)) { _ in [7, 5] }
        return batch.items.map { item in
            switch item {
            case .success(let submission): submission.target
            case .failure(let problem): problem.message
            }
        }
    }

    @Test func `a batch names builds one by one, or versions of one model`() throws {
        #expect(
            try read(
                #"{"builds":[{"model_name":"a","model_version":"1"},{"model_name":"b","model_version":2}]}"#)
                == ["a 1", "b 2"])
        #expect(
            try read(#"{"model_name":"a","versions":["1",2,"@best"],"slim":true}"#) == [
                "a 1", "a 2", "a @best",
            ])
        #expect(try read(#"{"model_name":"a","versions":"all"}"#) == ["a 7", "a 5"])
    }

    @Test func `a wrong item is one wrong item`() throws {
        let read = try read(
            #"{"builds":[{"model_name":"a","model_version":"1"},{"model_name":"b"},{"model_name":"c","model_version":"1","x":1}]}"#
        )
        #expect(read[0] == "a 1")
        #expect(read[1].contains("model_version"))
        #expect(read[2].hasPrefix("x: is no field"))
    }

    @Test(arguments: [
        "{}", "[]", #"{"builds":{}}"#, #"{"builds":[]}"#, #"{"builds":[1]}"#, #"{"builds":[],"slim":true}"#,
        #"{"model_name":"a"}"#, #"{"model_name":"a","versions":[]}"#,
        #"{"model_name":"a","versions":[true]}"#,
        #"{"model_name":"a","versions":"latest"}"#, #"{"model_name":"","versions":["1"]}"#,
    ])
    func `what is no batch is refused whole`(json: String) {
        let problem = #expect(throws: Problem.self) { try read(json) }
        #expect(problem?.code == .invalidParameterValue)
    }

    @Test func `a batch has its bounds`() {
        let many = (1...201).map(String.init).joined(separator: ",")
        #expect(throws: Problem.self) { try read(#"{"model_name":"a","versions":[\#(many)]}"#) }
    }
}
