// What slipway doctor says, for administrators.
import { Refusal, get } from "../lib/api.js";
import { h, icon } from "../lib/dom.js";
import { gloss, plural, text } from "../lib/i18n.js";
import { empty, fill } from "../parts/problem.js";

const signs = { ok: "check", warning: "warning", error: "cross" };
const order = ["error", "warning", "ok"];

export function page({ signal }) {
  const body = h("div");
  const again = h("button", { type: "button", class: "plain", on: { click: () => reload() } }, icon("again"), text("lookAgain"));
  const node = h("div", {}, h("header", { class: "page-head with-actions" }, h("h1", { tabIndex: -1 }, text("system")), again), body);
  const load = () => get("/slipway/system", {}, { signal }).catch((error) => {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  });
  const reload = fill(body, signal, load, (answer) => (answer ? view(answer) : empty(text("noSystem"))));
  return { title: text("system"), node };
}

function view({ checks, version }) {
  const worst = order.find((state) => checks.some((check) => check.state === state)) ?? "ok";
  const bad = checks.filter((check) => check.state !== "ok").length;
  const line = (check) => h("li", { class: `check ${check.state}` },
    h("span", { class: "sign" }, icon(signs[check.state] ?? "dot")),
    h("div", {}, h("p", { class: "strong" }, gloss(check.name) ?? check.name, h("span", { class: "visually-hidden" }, ` ${text(`check_${check.state}`)}`)),
      h("p", { lang: "en" }, check.message), check.hint && h("p", { class: "faint", lang: "en" }, check.hint)));
  const sorted = [...checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return [
    h("section", { class: `card state-card ${{ ok: "succeeded", warning: "warned", error: "failed" }[worst]}`, ariaLabel: text("state") },
      h("div", { class: "state-line" }, h("span", { class: "state-sign" }, icon(signs[worst])),
        h("div", {}, h("p", { class: "state-words" }, bad ? plural("checksBad", bad) : text("checksGood")),
          version && h("p", { class: "faint" }, `Slipway ${version}`)))),
    h("ul", { class: "card flush checks" }, sorted.map(line)),
  ];
}
