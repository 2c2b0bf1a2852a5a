// The registry's models.
import { get } from "../lib/api.js";
import { ago } from "../lib/clock.js";
import { h, icon, later } from "../lib/dom.js";
import { text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { empty, fill } from "../parts/problem.js";
import { paging, table } from "../parts/table.js";

const pageSize = 50;

export function page({ query, signal }) {
  const list = h("div", { class: "card flush" });
  const field = h("input", { type: "search", ariaLabel: text("searchModels"), placeholder: text("searchModels"), value: query.filter ?? "", autocomplete: "off", spellcheck: false });
  const search = () => location.replace(address("models", {}, { filter: field.value.trim() }));
  const form = h("form", { class: "filters", role: "search", ariaLabel: text("filter"), on: {
    input: later(300, search, signal), submit: (event) => { event.preventDefault(); search(); },
  } }, h("span", { class: "field" }, icon("search"), field));
  const node = h("div", {}, h("header", { class: "page-head" }, h("h1", { tabIndex: -1 }, text("models"))), form, list);

  const load = () => get("/slipway/models", { filter: query.filter, page_token: query.page, max_results: pageSize }, { signal });
  const reload = fill(list, signal, load, ({ models, next_page_token: next }) => {
    if (!models.length) return query.filter ? empty(text("noneMatch")) : empty(text("noModels"), h("p", {}, text("noModelsHint")));
    const versions = (model) => address("versions", { model: model.name });
    return [table(text("models"), [
      { name: text("model"), cell: (model) => h("div", { class: "two" }, h("a", { href: versions(model), class: "strong" }, model.name),
        model.description && h("span", { class: "faint clip" }, model.description)) },
      { name: text("latestVersion"), class: "number", cell: (model) => model.latest_version && h("a", { href: address("version", { model: model.name, version: model.latest_version }) }, model.latest_version) },
      { name: text("updatedAt"), cell: (model) => model.updated_at && ago(model.updated_at) },
    ], models), paging({
      token: query.page, next, address: (token) => address("models", {}, { ...query, page: token }),
      labels: { paging: text("pages"), first: text("firstPage"), next: text("nextPage") },
    })];
  });
  return {
    title: text("models"), node,
    update: (change) => {
      query = change.query;
      if (document.activeElement !== field) field.value = query.filter ?? "";
      reload();
    },
  };
}
