// What the server says, in English: after a sentence in the reader's language, where there is one.
import { h, icon } from "../lib/dom.js";
import { gloss, text } from "../lib/i18n.js";

/** The server's own words, in one piece; null where it says nothing. */
export function said(...words) {
  const known = words.filter(Boolean);
  return known.length ? h("span", { lang: "en" }, known.join("; ")) : null;
}

/** An error in one line: `error_code`, `message`, `hint`. */
export function errorLine({ error_code: code, message, hint }) {
  const known = gloss(code);
  return [known, known && " ", said(message, hint)];
}

/** Why a build has failed, and what to do. */
export function errorWords({ error_code: code, message, hint }) {
  const known = gloss(code);
  return [
    known && h("p", { class: "strong" }, known),
    h("p", { class: known ? "" : "strong", lang: "en" }, message),
    hint && h("p", { lang: "en" }, hint),
  ];
}

export function warnings(all) {
  if (!all?.length) return null;
  const known = gloss("warnings");
  return [
    known && h("p", { class: "warnings-title" }, known),
    h("ul", { class: "warnings", ariaLabel: text("warnings") }, all.map((each) => h("li", {}, icon("warning"), h("span", { lang: "en" }, each)))),
  ];
}
