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

test("versions by name", () => {
  assert.deepEqual(byName([["numpy", "1"], ["mlflow", "3"]], [["numpy", "2"], ["mlflow", "3"], ["new", "1"]]), [
    { name: "mlflow", a: "3", b: "3", same: true },
    { name: "new", a: null, b: "1", same: false },
    { name: "numpy", a: "1", b: "2", same: false },
  ]);
});
