import assert from "node:assert/strict";
import { test } from "node:test";
import { byName, sideBySide } from "../../static/lib/diff.js";

const rows = (a, b) => sideBySide([...a], [...b]).map(({ a, b, same }) => `${a ?? "-"}${same ? "=" : "|"}${b ?? "-"}`);

for (const [a, b, expected] of [
  ["", "", []],
  ["abc", "abc", ["a=a", "b=b", "c=c"]],
  ["abc", "axc", ["a=a", "b|x", "c=c"]],
  ["abc", "ac", ["a=a", "b|-", "c=c"]],
  ["ac", "abc", ["a=a", "-|b", "c=c"]],
  ["abc", "", ["a|-", "b|-", "c|-"]],
  ["abcd", "xycd", ["a|x", "b|y", "c=c", "d=d"]],
]) test(`"${a}" beside "${b}"`, () => assert.deepEqual(rows(a, b), expected));

const packages = (...all) => all.map(([name, version, type]) => ({ name, version, type }));

test("versions by name", () => {
  assert.deepEqual(byName(packages(["numpy", "1"], ["mlflow", "3"]), packages(["numpy", "2"], ["mlflow", "3"], ["new", "1"])), [
    { name: "mlflow", type: "", a: "3", b: "3", same: true },
    { name: "new", type: "", a: null, b: "1", same: false },
    { name: "numpy", type: "", a: "1", b: "2", same: false },
  ]);
});

test("packages of one name and two types are two, and one in two versions has both", () => {
  const debian = ["certifi", "9", "deb"];
  assert.deepEqual(byName(packages(["certifi", "1", "pypi"], debian), packages(debian, ["certifi", "2", "pypi"])), [
    { name: "certifi", type: "deb", a: "9", b: "9", same: true },
    { name: "certifi", type: "pypi", a: "1", b: "2", same: false },
  ]);
  assert.deepEqual(byName(packages(["x", "2"], ["x", "1"], ["x", "1"]), packages(["x", "1"], ["x", "2"])), [
    { name: "x", type: "", a: "1, 2", b: "1, 2", same: true },
  ]);
});
