import Core
import Testing

@testable import Recipes

@Suite struct ServingExampleTests {
    private func example(
        _ info: String, files: [String] = ["serving_input_example.json", "input_example.json"]
    )
        throws -> ServingExample?
    {
        let model = "flavors: {python_function: {python_version: 3.11.7}}\n" + info
        var all = files.reduce(into: ["MLmodel": model, "requirements.txt": "mlflow"]) { $0[$1] = "{}" }
        all["MLmodel"] = model
        return try Models.read(all).servingExample
    }

    @Test(arguments: [
        ("", "serving_input_example.json", ServingExample.Form.request),
        ("saved_input_example_info: ~", "serving_input_example.json", .request),
        (
            "saved_input_example_info: {serving_input_path: serving_input_example.json, type: json_object}",
            "serving_input_example.json", .request
        ),
        (
            "saved_input_example_info: {artifact_path: input_example.json, type: dataframe, pandas_orient: split}",
            "input_example.json", .split
        ),
        (
            "saved_input_example_info: {artifact_path: input_example.json, type: dataframe}",
            "input_example.json", .split
        ),
        (
            "saved_input_example_info: {artifact_path: input_example.json, type: dataframe, pandas_orient: records}",
            "input_example.json", .records
        ),
        (
            "saved_input_example_info: {artifact_path: input_example.json, type: ndarray, format: tf-serving}",
            "input_example.json", .request
        ),
    ])
    func `an example is sent as it was saved`(_ info: String, _ path: String, _ form: ServingExample.Form)
        throws
    {
        #expect(try example(info) == ServingExample(path: path, form: form))
    }

    @Test(arguments: [
        "saved_input_example_info: {artifact_path: input_example.json, type: json_object}",
        "saved_input_example_info: {artifact_path: input_example.json, type: sparse_matrix_csr}",
        "saved_input_example_info: {artifact_path: input_example.json, type: ndarray}",
        "saved_input_example_info: {artifact_path: input_example.json, type: dataframe, params: \"true\"}",
        "saved_input_example_info: {artifact_path: ../input_example.json, type: dataframe}",
        "saved_input_example_info: {artifact_path: /etc/passwd, type: dataframe}",
        "saved_input_example_info: {artifact_path: missing.json, type: dataframe}",
        "saved_input_example_info: {serving_input_path: [a], type: [b], artifact_path: {c: d}}",
        "saved_input_example_info: {serving_input_path: missing.json}",
    ])
    func `what cannot be sent is no example, and keeps no model from being built`(_ info: String) throws {
        #expect(try example(info) == nil)
    }

    @Test func `a model may have none`() throws {
        #expect(try example("", files: []) == nil)
    }
}
