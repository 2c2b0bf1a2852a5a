import assert from "node:assert/strict";
import { test } from "node:test";
import { Geometry, LogWindow, firstError } from "../../static/lib/log-window.js";

const bytes = (text) => new TextEncoder().encode(text);

function log(...pieces) {
  const made = new LogWindow();
  for (const piece of pieces) made.append(typeof piece === "string" ? bytes(piece) : piece);
  return made;
}

const texts = (made) => Array.from({ length: made.lineCount }, (_, line) => made.text(line));

const contents = [
  ["nothing", [], []],
  ["an empty piece", [""], []],
  ["one line without an end", ["a"], ["a"]],
  ["one line", ["a\n"], ["a"]],
  ["an empty line", ["\n"], [""]],
  ["lines in pieces", ["on", "e\ntw", "o\n", "\nfour"], ["one", "two", "", "four"]],
  ["a letter in two pieces", [bytes("ü").subarray(0, 1), bytes("ü").subarray(1)], ["ü"]],
  ["bytes that are no text", [new Uint8Array([0x61, 0xff, 0x0a])], ["a\ufffd"]],
  ["a line written over", ["10 %\r50 %\r100 %\r\nnext\r\n"], ["100 %", "next"]],
];

for (const [name, pieces, expected] of contents) {
  test(`lines of ${name}`, () => assert.deepEqual(texts(log(...pieces)), expected));
}

test("lines go across blocks, wherever pieces end", () => {
  const line = (number) => `line ${number} ${"x".repeat(number % 97)}`;
  const lines = Array.from({ length: 40000 }, (_, number) => line(number));
  const whole = bytes(`${lines.join("\n")}\n`);
  assert.ok(whole.length > 2 << 20);
  const made = new LogWindow();
  for (let at = 0; at < whole.length; at += 65521) made.append(whole.subarray(at, at + 65521));
  assert.equal(made.byteCount, whole.length);
  assert.deepEqual(texts(made), lines);
});

test("of a very long line its beginning is shown, and the next line is itself", () => {
  const made = log("x".repeat(3 << 20), "\nnext\n");
  assert.ok(made.text(0).length < 20000 && made.text(0).endsWith("…"));
  assert.equal(made.text(1), "next");
});

function searchAll(made, query, sliceSize) {
  const all = [];
  let slices = 0;
  for (let line = 0; line < made.lineCount;) {
    const { found, next } = made.search(query, line, sliceSize);
    assert.ok(next > line);
    all.push(...found);
    line = next;
    slices += 1;
  }
  return [all, slices];
}

test("a search finds each line once, in any letter case, in slices of any size", () => {
  const lines = Array.from({ length: 5000 }, (_, number) => (number % 7 ? "nothing" : `An ERROR, an error ${number}`));
  const made = log(lines.join("\n"));
  const expected = lines.flatMap((line, number) => (line.includes("ERROR") ? [number] : []));
  for (const size of [100, 4096, 1 << 20]) assert.deepEqual(searchAll(made, "error", size)[0], expected);
  assert.ok(searchAll(made, "error", 4096)[1] > 10);
});

test("a search sees what is shown, not the codes of colours", () => {
  const made = log("a\x1b[31mb\x1b[0mc\nab\x1b]0;abc\x07\nabc\n");
  assert.deepEqual(searchAll(made, "abc")[0], [0, 2]);
  assert.deepEqual(searchAll(made, "31m")[0], []);
});

test("a search goes through all of a long line, and through nothing that was written over", () => {
  const long = `${"x".repeat(300_000)} a Needle ${"y".repeat(100_000)}`;
  const made = log("first needle\n", long, "\nno needle\rover\r\n", `${"needle ".repeat(30_000)}\rdone\n`, "needle");
  for (const size of [100, 4099, 65536, 1 << 20]) assert.deepEqual(searchAll(made, "needle", size)[0], [0, 1, 4]);
  assert.deepEqual(searchAll(made, "over")[0], [2]);
  assert.deepEqual(searchAll(made, "done")[0], [3]);
});

test("of a long line that is written over its end is shown, as it grows", () => {
  const made = log("first\n");
  for (let percent = 0; percent <= 100; percent += 1) {
    const piece = `${String(percent).padStart(3)} % ${"#".repeat(30_000)}`;
    made.append(bytes(`\r${piece}`));
    const shown = made.text(1);
    assert.ok(shown.startsWith(piece.slice(0, 16000)) && shown.endsWith(" …"), `at ${percent} %`);
    made.append(bytes("\r"));
    assert.equal(made.text(1), shown);
  }
  assert.ok(made.byteCount > 2 << 20);
  made.append(bytes("100 % done\r\r\nnext"));
  assert.deepEqual([made.text(1), made.text(2)], ["100 % done", "next"]);
});

test("a search for nothing, and in nothing, ends", () => {
  assert.deepEqual(log("a\n").search("", 0), { found: [], next: 1 });
  assert.deepEqual(log().search("a", 0), { found: [], next: 0 });
});

test("a log opens where its error is first told", async () => {
  const made = log("error: a warning of no weight\nok\nNo matching distribution found for nothing==1\n",
    "[slipway 2026-11-28T06:24:31.000Z] failed: No matching distribution found for nothing==1\n");
  assert.equal(await firstError(made, "No matching distribution found for nothing==1"), 2);
  assert.equal(await firstError(made, "words that do not stand there"), 0);
  assert.equal(await firstError(log("fine\n#7 1.2 ERROR: broken\n"), ""), 1);
  assert.equal(await firstError(log("0 errors\nall is well, no error\n"), ""), null);
});

test("few lines are drawn where they are", () => {
  const geometry = new Geometry(20);
  assert.equal(geometry.height(100), 2000);
  assert.deepEqual(geometry.window(0, 400, 100), { first: 0, last: 20, top: 0, at: 0 });
  assert.deepEqual(geometry.window(510, 400, 100), { first: 25, last: 46, top: 500, at: 25.5 });
  assert.deepEqual(geometry.window(510, 400, 100, 5), { first: 20, last: 51, top: 400, at: 25.5 });
  assert.deepEqual(geometry.window(0, 400, 3, 5), { first: 0, last: 3, top: 0, at: 0 });
  assert.deepEqual(geometry.window(0, 400, 0), { first: 0, last: 0, top: 0, at: 0 });
});

test("more lines than fit into the highest box are all reached, at the scroll bar's two ends exactly", () => {
  const geometry = new Geometry(20, 100_000);
  const count = 1_000_000;
  const view = 400;
  assert.equal(geometry.height(count), 100_000);
  assert.equal(geometry.window(0, view, count).first, 0);
  const end = geometry.window(100_000 - view, view, count);
  assert.equal(end.last, count);
  assert.ok(Math.abs(end.top + (end.last - end.first) * 20 - 100_000) <= 20);
  for (const line of [0, 1, 777, 500_000, 999_000]) {
    const at = geometry.window(geometry.scrollTop(line, view, count) + 1e-6, view, count);
    assert.equal(at.first, line);
    const later = geometry.scrollTop(at.at, view, 2 * count);
    assert.ok(Math.abs(geometry.window(later, view, 2 * count).at - at.at) < 1e-3, "more lines move none");
  }
});
