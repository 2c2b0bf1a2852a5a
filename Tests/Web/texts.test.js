import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import english from "../../static/texts/en.js";
import chinese, { server } from "../../static/texts/zh.js";

const here = new URL("../../static/", import.meta.url);
const isPlural = (key) => /\.(one|other)$/.test(key);
const stem = (key) => key.replace(/\.(one|other)$/, "");
const blanks = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test("both languages say the same things", () => {
  // Chinese has one form for any number.
  const expected = Object.keys(english).filter((key) => !key.endsWith(".one"));
  assert.deepEqual(Object.keys(chinese).sort(), expected.sort());
  for (const key of expected) assert.deepEqual(blanks(chinese[key]), blanks(english[key]), key);
});

test("nothing is left in English", () => {
  const names = new Set(["Dockerfile", "Slipway"]);
  for (const [key, value] of Object.entries(chinese)) {
    assert.ok(/\p{Script=Han}/u.test(value) || names.has(value) || !/[a-z]{3}/i.test(value.replace(/\{\w+\}/g, "")), `${key}: ${value}`);
  }
});

test("every code and check of the server has its Chinese sentence", () => {
  const swift = (path) => readFileSync(new URL(`../../Sources/${path}`, import.meta.url), "utf8");
  const codes = [...swift("Core/Problem.swift").matchAll(/case \w+ = "([A-Z_]+)"/g)].map(([, code]) => code);
  const checks = [...swift("slipway/Program+Examination.swift").matchAll(/(?:Check\(|\.init\()\s*"([a-z ]+)"/g)].map(([, name]) => name);
  assert.ok(codes.length > 10 && checks.length > 6, "the sources have another shape");
  for (const name of [...codes, ...checks, ...["htpasswd", "pam", "mlflow"].map((store) => `users of ${store}`)]) {
    assert.match(server[name] ?? "", /\p{Script=Han}/u, name);
  }
});

const sources = readdirSync(here, { recursive: true })
  .filter((path) => /\.(js|html)$/.test(path) && !path.startsWith("texts/") && path !== "lib/i18n.js")
  .map((path) => [path, readFileSync(new URL(path, here), "utf8")]);

test("every text that a page asks for is there, and every text is asked for", () => {
  const stems = new Set(Object.keys(english).map(stem));
  const asked = new Set();
  for (const [path, source] of sources) {
    for (const [, key] of source.matchAll(/\b(?:text|plural)\("([\w.]+)"/g)) {
      assert.ok(stems.has(key), `${path} asks for ${key}`);
      asked.add(key);
    }
    for (const [, key] of source.matchAll(/data-(?:text|label)="(\w+)"/g)) {
      assert.ok(stems.has(key), `${path} asks for ${key}`);
      asked.add(key);
    }
    // text(condition ? "a" : "b"), and lists of keys: the words stand in quotes somewhere.
    for (const [, key] of source.matchAll(/"([a-z]\w*)"/g)) if (stems.has(key)) asked.add(key);
    // text(`state_${state}`) asks for all that begin so.
    for (const [, start] of source.matchAll(/\b(?:text|plural)\(`(\w+_)\$\{/g)) {
      const some = [...stems].filter((key) => key.startsWith(start));
      assert.ok(some.length, `${path} asks for ${start}…`);
      for (const key of some) asked.add(key);
    }
  }
  assert.deepEqual([...stems].filter((key) => !asked.has(key)), []);
});

test("each plural has its form for other numbers", () => {
  for (const key of Object.keys(english).filter(isPlural)) assert.ok(`${stem(key)}.other` in english, key);
});
