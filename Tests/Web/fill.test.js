import assert from "node:assert/strict";
import { test } from "node:test";
import { fill } from "../../static/parts/problem.js";

// As much of a document as it takes to see what stands in a node.
class Node {
  style = { setProperty() {} };
  children = [];
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  setAttribute() {}
  addEventListener() {}
}

test("an answer that comes late does not take the place of one that was asked for later", async () => {
  globalThis.document = { createElement: () => new Node(), createElementNS: () => new Node() };
  globalThis.addEventListener ??= () => {};
  const asked = [];
  const node = new Node();
  const load = () => new Promise((resolve, reject) => { asked.push({ resolve, reject }); });
  const settled = () => new Promise(setImmediate);
  const reload = fill(node, new AbortController().signal, load, (words) => words);
  reload();
  reload();
  asked[1].resolve("second");
  await settled();
  assert.deepEqual(node.children, ["second"]);
  assert.equal(node.ariaBusy, "true");
  asked[0].reject(new Error("first"));
  await settled();
  assert.deepEqual(node.children, ["second"]);
  asked[2].resolve("third");
  await settled();
  assert.deepEqual(node.children, ["third"]);
  assert.equal(node.ariaBusy, "false");
});
