import assert from "node:assert/strict";
import { test } from "node:test";

test("pages have their texts and looks where storage is forbidden", async () => {
  Object.defineProperty(globalThis, "localStorage", { get() { throw new Error("forbidden"); }, configurable: true });
  const { language, setLanguage, text } = await import("../../static/lib/i18n.js");
  globalThis.document = { documentElement: { dataset: {} } };
  const { applyTheme, setTheme } = await import("../../static/lib/theme.js");
  setLanguage(language);
  assert.ok(text("signIn"));
  applyTheme();
  assert.equal(document.documentElement.dataset.theme, "auto");
  setTheme("dark");
  assert.equal(document.documentElement.dataset.theme, "dark");
});
