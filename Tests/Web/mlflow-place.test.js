import assert from "node:assert/strict";
import { test } from "node:test";
import { besideHeadline, boxAt, freePlace, isWithin, meet } from "../../static/mlflow/place.js";

const box = (left, top, right, bottom) => ({ left, top, right, bottom });
const size = { width: 150, height: 32 };
const view = box(8, 8, 1272, 792);

test("boxes meet where they share a point, not where they touch", () => {
  assert.ok(meet(box(0, 0, 10, 10), box(9, 9, 20, 20)));
  assert.ok(!meet(box(0, 0, 10, 10), box(10, 0, 20, 10)));
  assert.ok(meet(box(0, 0, 10, 10), box(17, 0, 20, 10), 8));
});

test("beside the headline it ends left of the first button of the row", () => {
  const row = [box(803, 48, 928, 80), box(763, 48, 795, 80), box(583, 97, 643, 148), box(158, 8, 190, 40)];
  assert.deepEqual(besideHeadline(box(214, 50, 338, 80), row, size), box(605, 48, 755, 80));
});

test("without buttons in its row there is no place beside the headline", () => {
  assert.equal(besideHeadline(box(214, 50, 338, 80), [box(583, 97, 643, 148), box(0, 60, 100, 90)], size), null);
});

test("an empty view has its place at the bottom right", () => {
  assert.deepEqual(freePlace(view, [], size), boxAt(1122, 760, size));
});

test("what stands there is gone around, leftwards and then upwards", () => {
  assert.deepEqual(freePlace(view, [box(1100, 700, 1272, 800)], size), boxAt(942, 760, size));
  const found = freePlace(view, [box(0, 600, 1280, 800)], size);
  assert.ok(found.bottom <= 592 && found.bottom > 592 - 16 && found.right === 1272);
});

test("it finds a gap that is just wide enough, and none where there is none", () => {
  const wall = [box(0, 0, 400, 800), box(400 + 8 + 150 + 8, 0, 1280, 800)];
  assert.deepEqual(freePlace(view, wall, size), boxAt(408, 760, size));
  assert.equal(freePlace(view, [wall[0], box(565, 0, 1280, 800)], size), null);
});

test("whatever stands where, the place meets nothing and lies in the view", () => {
  let seed = 7;
  const random = (most) => { seed = (seed * 48271) % 2147483647; return seed % most; };
  let found = 0;
  for (let round = 0; round < 200; round += 1) {
    const taken = Array.from({ length: 40 }, () => { const [x, y] = [random(1280), random(800)]; return box(x, y, x + random(300), y + random(80)); });
    const place = freePlace(view, taken, size);
    if (!place) continue;
    found += 1;
    assert.ok(isWithin(place, view) && !taken.some((other) => meet(place, other)));
  }
  assert.ok(found > 100);
});
