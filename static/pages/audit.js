// Who did what, for administrators.
import { builds, get } from "../lib/api.js";
import { ago } from "../lib/clock.js";
import { h, later } from "../lib/dom.js";
import { text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { empty, fill } from "../parts/problem.js";
import { paging, table } from "../parts/table.js";

const actions = ["sign-in", "sign-out", "revoke-session", "submit", "cancel", "retry", "delete", "request", "reload"];
const results = ["succeeded", "refused", "failed"];
const pageSize = 100;

const named = (action) => text(`audit_${action.replace("-", "_")}`);

export function page({ query, signal }) {
  const list = h("div", { class: "card flush" });
  const choice = (name, label, values, words) => h("select", { name, ariaLabel: label }, h("option", { value: "" }, label),
    values.map((value) => h("option", { value, selected: query[name] === value }, words(value))));
  const user = h("input", { name: "user", value: query.user ?? "", ariaLabel: text("who"), placeholder: text("who"), autocomplete: "off", spellcheck: false });
  const action = choice("action", text("anyAction"), actions, named);
  const result = choice("result", text("anyResult"), results, (value) => text(`result_${value}`));
  const search = () => location.replace(address("audit", {}, { user: user.value.trim(), action: action.value, result: result.value }));
  const form = h("form", { class: "filters", role: "search", ariaLabel: text("filter"), on: {
    input: later(300, search, signal), submit: (event) => { event.preventDefault(); search(); },
  } }, user, action, result);
  const node = h("div", {}, h("header", { class: "page-head" }, h("h1", { tabIndex: -1 }, text("audit"))), form, list);

  const what = (entry) => h("div", { class: "two" }, h("span", { class: "code" }, entry.target ?? ""), h("span", { class: "faint", lang: "en" }, entry.detail ?? ""));
  const load = () => get(`${builds}/audit`, {
    user: query.user, action: query.action, result: query.result, page_token: query.page, max_results: pageSize,
  }, { signal });
  const reload = fill(list, signal, load, ({ entries, next_page_token: next }) => {
    if (!entries.length) return empty(text("noneMatch"));
    return [table(text("audit"), [
      { name: text("when"), class: "roomy", cell: (entry) => ago(entry.at) },
      { name: text("who"), cell: (entry) => h("div", { class: "two" }, h("span", { class: "who" }, entry.user ?? "—"), h("span", { class: "faint" }, entry.method), h("span", { class: "faint slim" }, ago(entry.at))) },
      { name: text("action"), cell: (entry) => [named(entry.action), h("div", { class: "slim" }, what(entry))] },
      { name: text("result"), cell: (entry) => h("span", { class: `badge ${entry.result}` }, text(`result_${entry.result}`)) },
      { name: text("what"), class: "roomy", cell: what },
      { name: text("from"), class: "roomy", cell: (entry) => h("span", { class: "code" }, entry.address ?? "") },
    ], entries), paging({
      token: query.page, next, address: (token) => address("audit", {}, { ...query, page: token }),
      labels: { paging: text("pages"), first: text("newest"), next: text("older") },
    })];
  });
  return { title: text("audit"), node, update: (change) => { query = change.query; reload(); } };
}
