import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, plain, rgb } from "../../static/lib/ansi.js";

const lines = [
  ["no looks", "a plain line", [["a plain line", {}]]],
  ["nothing", "", []],
  ["a colour", "\x1b[31mred\x1b[0m not", [["red", { color: 1 }], [" not", {}]]],
  ["a bright one", "\x1b[92mok", [["ok", { color: 10 }]]],
  ["backgrounds", "\x1b[41m\x1b[30mx\x1b[49my", [["x", { color: 0, background: 1 }], ["y", { color: 0 }]]],
  ["one of 256", "\x1b[38;5;208mx\x1b[39my", [["x", { color: 208 }], ["y", {}]]],
  ["true colour", "\x1b[38;2;10;20;30;1mx", [["x", { color: [10, 20, 30], bold: true }]]],
  ["true colour with colons", "\x1b[48:2:1:2:3mx", [["x", { background: [1, 2, 3] }]]],
  ["several at once", "\x1b[1;3;4;9mx\x1b[22;23my", [
    ["x", { bold: true, italic: true, underline: true, strike: true }], ["y", { underline: true, strike: true }]]],
  ["inverse", "\x1b[7;32mx\x1b[27my", [["x", { background: 2 }], ["y", { color: 2 }]]],
  ["an empty reset", "\x1b[1mx\x1b[my", [["x", { bold: true }], ["y", {}]]],
  ["colours out of range", "\x1b[38;5;999mx\x1b[38;2;1;2mx", [["x", {}], ["x", {}]]],
  ["moves of a cursor", "a\x1b[2Kb\x1b[10;3Hc\x1b[?25ld", [["a", {}], ["b", {}], ["c", {}], ["d", {}]]],
  ["a title and a link", "\x1b]0;title\x07a\x1b]8;;http://evil\x1b\\b\x1b]8;;\x1b\\", [["a", {}], ["b", {}]]],
  ["a string without an end", "a\x1b]52;c;ZXZpbA==", [["a", {}]]],
  ["controls of eight bits", "a\x9b31mb", [["a", {}], ["b", { color: 1 }]]],
  ["other controls", "a\0\x07\x08b\tc", [["ab\tc", {}]]],
  ["an escape at the end", "a\x1b", [["a", {}]]],
  ["a sequence cut short", "a\x1b[31", [["a", {}], ["31", {}]]],
  ["markup", "\x1b[31m<img src=x onerror=alert(1)>", [["<img src=x onerror=alert(1)>", { color: 1 }]]],
  ["another order of reading", "a\u202eb", [["a\ufffdb", {}]]],
];

for (const [name, line, pieces] of lines) {
  test(name, () => {
    assert.deepEqual(parse(line).map(({ text, look }) => [text, look]), pieces);
    assert.equal(plain(line), pieces.map(([text]) => text).join(""));
  });
}

test("what begins over and over is looked through once", () => {
  // Where each beginning looked through the rest, this would take hours.
  const count = 1 << 22;
  for (const start of ["\x9d", "\x90", "\x98", "\x9e", "\x9f", "\x9b", "\x1b]", "\x1b["]) {
    assert.equal(plain(`${start.repeat(count)}\x1bx`), "");
  }
});

test("the colours that no theme chooses", () => {
  assert.deepEqual(rgb(16), [0, 0, 0]);
  assert.deepEqual(rgb(208), [255, 135, 0]);
  assert.deepEqual(rgb(231), [255, 255, 255]);
  assert.deepEqual(rgb(232), [8, 8, 8]);
  assert.deepEqual(rgb([1, 2, 3]), [1, 2, 3]);
});
