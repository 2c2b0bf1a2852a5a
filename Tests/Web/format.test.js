import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, duration, relative } from "../../static/lib/format.js";

for (const [count, expected] of [
  [0, "0 bytes"], [1, "1 byte"], [999, "999 bytes"], [1000, "1 kB"], [1234, "1.23 kB"], [999_499, "999 kB"],
  [999_500, "1 MB"], [820_820_418, "821 MB"], [12_345_678_901, "12.3 GB"], [5e15, "5,000 TB"],
]) test(`${count} bytes`, () => assert.equal(bytes(count, "en"), expected));

for (const [seconds, expected] of [
  [0, "0 sec"], [0.0004, "1 ms"], [0.44, "440 ms"], [1.04, "1 sec"], [1.06, "1.1 sec"], [9.94, "9.9 sec"], [9.96, "10 sec"], [59.4, "59 sec"],
  [59.6, "1 min"], [185, "3 min 5 sec"], [3600, "1 hr"], [7620, "2 hr 7 min"], [90_000, "25 hr"],
]) test(`${seconds} seconds`, () => assert.equal(duration(seconds, "en"), expected));

test("in Chinese", () => {
  assert.equal(bytes(820_820_418, "zh-CN"), "821 MB");
  assert.match(duration(185, "zh-CN"), /3.*分钟.*5.*秒/);
});

const now = Date.parse("2026-11-28T12:00:00Z");
for (const [time, expected] of [
  ["2026-11-28T12:00:00Z", "now"], ["2026-11-28T11:59:58Z", "2 seconds ago"], ["2026-11-28T11:30:30Z", "29 minutes ago"],
  ["2026-11-27T11:00:00Z", "yesterday"], ["2026-11-25T11:00:00Z", "3 days ago"], ["2026-01-02T12:00:00Z", "Jan 2, 2026"],
  ["2026-11-28T12:00:10Z", "in 10 seconds"],
]) test(`when ${time} was`, () => assert.equal(relative(time, now, "en"), expected));
