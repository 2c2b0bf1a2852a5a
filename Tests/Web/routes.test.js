import assert from "node:assert/strict";
import { test } from "node:test";
import { address, buildIDs, match } from "../../static/lib/routes.js";

const pages = [
  ["#/models", "models", {}],
  ["#/models/iris", "versions", { model: "iris" }],
  ["#/models/sums%20of%2Ftwo/versions/3", "version", { model: "sums of/two", version: "3" }],
  ["#/models/%E9%B8%A2%E5%B0%BE%E8%8A%B1", "versions", { model: "鸢尾花" }],
  ["#/builds", "builds", {}],
  ["#/builds/b-1", "build", { id: "b-1" }],
  ["#/compare/b-1/b-2", "compare", { a: "b-1", b: "b-2" }],
  ["#/audit", "audit", {}],
  ["#/system", "system", {}],
];

for (const [hash, name, parameters] of pages) {
  test(`${hash} is ${name}`, () => {
    assert.deepEqual(match(hash), { name, parameters, query: {} });
    assert.equal(address(name, parameters), hash);
  });
}

test("a query comes along, and may hold anything", () => {
  assert.deepEqual(match("#/builds?state=failed&text=a%26b%2F%3F").query, { state: "failed", text: "a&b/?" });
  assert.equal(address("build", { id: "x" }, { line: 12, search: "" }), "#/builds/x?line=12");
  assert.deepEqual(match("#/builds/x?").query, {});
});

test("a slash at the end is none of the path", () => {
  assert.equal(match("#/builds/").name, "builds");
  assert.equal(match("#builds").name, "builds");
});

for (const hash of ["", "#", "#/", "#/nothing", "#/models/a/b", "#/models/%/versions/1", "#/models//versions/1", "#/builds/a/b/c"]) {
  test(`${hash || "nothing"} is no page`, () => assert.equal(match(hash), null));
}

test("of the builds that an address names only ids are taken, each once", () => {
  assert.deepEqual(buildIDs("0a1b2c3d,ffffffff,0a1b2c3d"), ["0a1b2c3d", "ffffffff"]);
  for (const words of [undefined, "", ",", "0A1B2C3D", "0a1b2c3", "call us", "<b>0a1b2c3d</b>", "0a1b2c3d\n"]) {
    assert.deepEqual(buildIDs(words), []);
  }
});
