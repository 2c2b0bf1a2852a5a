import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine, pullLine, requestLine, runLine } from "../../static/lib/commands.js";
import { FieldError, asked, fieldOf, kinds, valueOf, writtenOf } from "../../static/dialog/fields.js";

const values = [
  ["image_name", "  team/iris:1 ", "team/iris:1"],
  ["image_name", "   ", undefined],
  ["image_name", "local", "local"],
  ["env_manager", "local", undefined],
  ["env_manager", "conda", "conda"],
  ["extra_requirements", "pandas==2.0\n\n  numpy ; python_version > '3'  \n", ["pandas==2.0", "numpy ; python_version > '3'"]],
  ["extra_requirements", "\n", undefined],
  ["apt_packages", "git, libgomp1\ncurl", ["git", "libgomp1", "curl"]],
  ["tags", "", undefined],
  ["labels", "a=b\nc = d=e\nempty=", { a: "b", c: "d=e", empty: "" }],
  ["labels", "", undefined],
  ["timeout_seconds", "90", 90],
  ["timeout_seconds", "", undefined],
  ["gpu", "", undefined],
  ["gpu", "true", true],
  ["gpu", "false", false],
  ["slim", true, true],
  ["slim", false, undefined],
];

for (const [name, written, value] of values) {
  test(`${name}: ${JSON.stringify(written)}`, () => assert.deepEqual(valueOf(name, written), value));
}

test("a value that is written into its field is read as the same again", () => {
  const order = {
    image_name: "a/b:1", base_image: "python:3.11-slim", env_manager: "conda", extra_requirements: ["a", "b; c"],
    apt_packages: ["git", "curl=1"], pip_index_url: "tsinghua", platform: "linux/arm64", tags: ["x", "y"],
    labels: { "com.example.team": "a=b" }, build_args: { A: "1" }, timeout_seconds: 60, gpu: true, install_java: false,
    smoke_test: false, push: true, write_tags: false, slim: true, no_cache: true, pull: true,
  };
  assert.deepEqual(Object.keys(order).sort(), Object.keys(kinds).sort());
  for (const [name, value] of Object.entries(order)) assert.deepEqual(valueOf(name, writtenOf(name, value)), value, name);
  for (const name of Object.keys(kinds)) assert.equal(valueOf(name, writtenOf(name, undefined)), undefined, name);
});

test("a pair without a name is refused with its line", () => {
  for (const line of ["nothing", "=x"]) {
    assert.throws(() => valueOf("labels", `a=b\n${line}`), (error) => error instanceof FieldError && error.field === "labels" && error.message === line);
  }
});

test("a message is about the field that it begins with", () => {
  assert.equal(fieldOf("image_name must not hold a digest"), "image_name");
  assert.equal(fieldOf('labels "A B" is not a label\'s name'), "labels");
  assert.equal(fieldOf("no version 7 of the model"), null);
  assert.equal(fieldOf("model_name must be a text"), null);
  assert.equal(fieldOf("toString is none"), null);
  assert.equal(fieldOf(""), null);
});

test("a list is not asked about by a query", () => {
  assert.ok(asked.includes("base_image") && asked.includes("slim") && !asked.includes("tags") && !asked.includes("labels"));
});

test("command lines survive a shell", () => {
  assert.equal(commandLine(["docker", "run", "--rm", "-p", "8080:8080", "a/b:1"]), "docker run --rm -p 8080:8080 a/b:1");
  assert.equal(commandLine(["echo", "it's", "$HOME", "a b", ""]), "echo 'it'\\''s' '$HOME' 'a b' ''");
});

test("an image is run by its own line, and asked with the example that lies in it", () => {
  const image = { reference: "slipway/iris:1", run: ["podman", "run", "--rm", "-p", "8080:8080", "slipway/iris:1"] };
  assert.equal(runLine({ image }), "podman run --rm -p 8080:8080 slipway/iris:1");
  assert.equal(
    requestLine({ image, verification: { example: "serving_input_example.json" } }),
    "podman run --rm --entrypoint cat slipway/iris:1 /opt/ml/model/serving_input_example.json"
    + " | curl -H 'Content-Type: application/json' -d @- http://127.0.0.1:8080/invocations");
  assert.equal(requestLine({ image, verification: { note: "no example" } }), "curl http://127.0.0.1:8080/ping");
  assert.equal(requestLine({ image }), "curl http://127.0.0.1:8080/ping");
  assert.equal(pullLine({ image }, "registry.example.com/iris:1"), "podman pull registry.example.com/iris:1");
  const far = { reference: "a:1", run: ["docker", "--host", "tcp://engine.example.com:2376", "run", "--rm", "a:1"] };
  assert.ok(requestLine({ image: far, verification: { example: "x.json" } }).startsWith("docker --host tcp://engine.example.com:2376 run --rm --entrypoint cat a:1 "));
});
