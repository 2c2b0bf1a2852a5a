import Builders
import Core
import Posix
import Testing

@testable import Builds

@Suite struct TrialAnswerTests {
    private func answer(_ more: String, ready: Bool = true) throws -> TrialAnswer {
        let json = #"{"is_ready":\#(ready),"startup_seconds":1.5,"memory_bytes":4096,"example":"e.json""#
        return try #require(TrialAnswer(Array((json + more + "}").utf8)))
    }

    @Test(arguments: [
        (#","status":200,"is_json":true,"has_predictions":true,"wants_predictions":true"#, nil),
        // A chat's answer has no predictions, and an answer may be too large to be looked at.
        (#","status":200,"is_json":true,"has_predictions":false,"wants_predictions":false"#, nil),
        (#","status":200,"is_cut":true,"wants_predictions":true"#, nil),
        (
            #","status":200,"is_json":true,"has_predictions":false,"wants_predictions":true,"answer":"{}""#,
            "the model answers e.json with status 200, but without predictions"
        ),
        (
            #","status":200,"answer":"<html>","wants_predictions":true"#,
            "the model answers e.json with status 200, but not in JSON"
        ),
        (
            #","status":0,"answer":"TimeoutError: timed out""#,
            "the model did not answer e.json within 9 seconds"
        ),
        (
            #","status":0,"answer":"RemoteDisconnected: closed""#,
            "the model broke off at e.json: RemoteDisconnected: closed"
        ),
        (
            #","status":400,"message":"bad\ninput","trace":"""#,
            #"the model answers e.json with status 400: bad\u{a}input"#
        ),
        (
            #","status":500,"trace":"Traceback (most recent call last):\n  File \"/m.py\", line 1, in p\n    f()\nOSError: [Errno 101] Network is unreachable\n""#,
            "the model answers e.json with status 500: OSError: [Errno 101] Network is unreachable"
                + Problem.networkWords
        ),
    ])
    func `an answer is good or says why not`(_ more: String, _ message: String?) throws {
        let problem = try answer(more).problem(seconds: 9, output: "")
        #expect(problem?.message == message)
        if let problem { #expect(problem.code == .verificationFailed && problem.hint != nil) }
    }

    @Test func `a model that never gets ready is named by its time and its log`() throws {
        let problem = try answer(#","ping":404"#, ready: false).problem(seconds: 60, output: "loading…\n")
        #expect(
            problem?.message
                == "the model did not become ready within 60 seconds (/ping answered with status 404)")
        #expect(
            problem?.hint == "allow more by builds.smoke_test_seconds; its log ends: loading…")
    }

    @Test func `what is odd but no failure is a warning`() throws {
        #expect(try answer(#","rows":2,"predictions":2"#).warnings == [])
        #expect(try answer(#","rows":2"#).warnings == [])
        #expect(
            try answer(#","rows":2,"predictions":1"#).warnings
                == ["the model's example has 2 rows, and the answer 1 predictions"])
        #expect(
            try answer(#","example_error":"no \u0007 such file""#).warnings
                == [#"the model's example was not sent: no \u{7} such file"#])
    }

    @Test(arguments: ["", "[]", "{}", #"{"is_ready":1}"#, #"{"is_ready":true,"startup_seconds":1e999}"#])
    func `what is no answer is taken for none`(_ line: String) {
        #expect(TrialAnswer(Array(line.utf8)) == nil)
    }
}

@Suite struct TrialTests {
    private func isOfAnotherProcessor(_ output: String, _ end: Posix.ExitStatus? = .exited(1)) -> Bool {
        Trial(answer: nil, end: end, complaint: "", output: output).isOfAnotherProcessor
    }

    @Test func `only an image of which nothing ran is of another processor`() {
        #expect(isOfAnotherProcessor("exec /usr/bin/python3: exec format error\n"))
        #expect(
            !isOfAnotherProcessor(
                "Traceback (most recent call last):\nOSError: [Errno 8] Exec format error: 'tool'\n"))
        #expect(!isOfAnotherProcessor("exec /usr/bin/python3: exec format error\n", nil))
        #expect(!isOfAnotherProcessor("ValueError\n"))
    }
}

@Suite struct ModelTraceTests {
    /// What a server of MLflow's says of a model whose code fails, and wraps.
    private static let wrapped = """
        INFO:     127.0.0.1:1 - "GET /ping HTTP/1.1" 200 OK
        Traceback (most recent call last):
          File "/usr/lib/python3/site-packages/mlflow/pyfunc/scoring_server/__init__.py", line 440, in invocations
            raw = model.predict(data)
                  ^^^^^^^^^^^^^^^^^^^
          File "/opt/ml/model/code/churn.py", line 7, in predict
            raise ValueError("no column \u{1B}[31mage\u{7}")
        ValueError: no column \u{1B}[31mage\u{7}

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "/usr/lib/python3/site-packages/uvicorn/x.py", line 1, in y
            z()
        mlflow.exceptions.MlflowException: wrapped
        2026/11/28 03:00:00 INFO mlflow: goes on
        """

    @Test func `the model's own part of a traceback is shown, and the error beneath the server's`() {
        let trace = ModelTrace(Self.wrapped)
        #expect(
            trace.text
                == #"File "/opt/ml/model/code/churn.py", line 7, in predict: raise ValueError("no column age\u{7}")"#
                + #" | ValueError: no column age\u{7}"#)
        #expect(trace.error == #"ValueError: no column age\u{7}"#)
    }

    @Test func `without a traceback the last lines are shown`() {
        let trace = ModelTrace("a\n   \n^^^\nb\r\nc")
        #expect(trace.text == "a | b | c" && trace.error == nil)
        #expect(ModelTrace("").text == "")
    }

    @Test func `the end is kept of what is long`() {
        let frames = (0..<10_000).map { "  File \"/opt/ml/model/m.py\", line \($0), in f\n    f()\n" }
        let text = "Traceback (most recent call last):\n" + frames.joined() + "RecursionError: too deep\n"
        let trace = ModelTrace(text)
        #expect(
            trace.text.count <= 1500
                && trace.text.hasSuffix("line 9999, in f: f() | RecursionError: too deep"))
        #expect(ModelTrace(String(repeating: "x", count: 1 << 20)).text.count <= 1500)
    }
}
