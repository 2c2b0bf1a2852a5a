// What pages say, in the reader's language. A page marks an element with data-text="key", a module calls text("key").
import english from "../texts/en.js";
import chinese, { server } from "../texts/zh.js";
import { remember, remembered } from "./memory.js";

const languages = { en: english, "zh-CN": chinese };

/** The languages there are, by code, each under its own name. */
export const languageNames = { en: "English", "zh-CN": "简体中文" };

const memory = "slipway-language";

function preferred() {
  const chosen = remembered(memory);
  if (Object.hasOwn(languages, chosen)) return chosen;
  return globalThis.navigator?.language?.startsWith("zh") ? "zh-CN" : "en";
}

/** The language of the page's texts, as HTML's lang wants it. */
export const language = preferred();

/** Another language, from now on; the page has to be loaded again. */
export function setLanguage(code) {
  remember(memory, code);
}

const chosen = languages[language];
const glosses = language === "zh-CN" ? server : {};

export function text(key, values = {}) {
  return chosen[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A sentence in the reader's language for something of the server's by its code or name; undefined where there is none,
 *  as in English, which the server speaks itself. */
export function gloss(name) {
  return Object.hasOwn(glosses, name) ? glosses[name] : undefined;
}

const rules = new Intl.PluralRules(language);

/** The text that goes with a number, which it has as {count}. */
export function plural(key, count, values = {}) {
  const form = `${key}.${rules.select(count)}`;
  return text(form in chosen ? form : `${key}.other`, { count: count.toLocaleString(language), ...values });
}

/** Puts its text into every element of a page that is marked with one. */
export function translate(page) {
  page.documentElement.lang = language;
  for (const element of page.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of page.querySelectorAll("[data-label]")) element.ariaLabel = text(element.dataset.label);
}
