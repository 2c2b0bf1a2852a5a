// All builds as they change, or those of one batch; some can be chosen and acted upon together.
import { builds as path, get } from "../lib/api.js";
import { h, icon, later, show } from "../lib/dom.js";
import { follow } from "../lib/events.js";
import { number } from "../lib/format.js";
import { plural, text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { buildTable } from "../parts/build-table.js";
import { Choice } from "../parts/choice.js";
import { empty, fill } from "../parts/problem.js";
import { hasEnded, kind, states } from "../parts/state.js";
import { paging } from "../parts/table.js";

const pageSize = 50;
const filters = ["text", "state", "model_name", "user", "batch_id"];

export function page({ query, context, signal }) {
  const list = h("div", { class: "card flush" });
  const batch = h("div");
  const live = h("span", { class: "live", role: "status" });
  const choice = new Choice({ context, onDone: () => reload() });
  const form = new Filters((change) => { location.replace(address("builds", {}, change)); }, signal);
  const heading = h("h1", { tabIndex: -1 }, text("builds"));
  const node = h("div", {},
    h("header", { class: "page-head with-actions" }, heading, live),
    batch, form.node, list, choice.node);
  let known = new Map();
  let next = null;

  async function load() {
    const asked = { ...Object.fromEntries(filters.map((name) => [name, query[name]])), page_token: query.page, max_results: pageSize };
    const answer = await get(path, asked, { signal });
    next = answer.next_page_token;
    known = new Map(answer.builds.map((build) => [build.build_id, build]));
    return answer;
  }

  function render() {
    const all = [...known.values()];
    choice.offer(all);
    show(batch, query.batch_id && batchCard(all));
    if (!all.length) return nothing();
    return [buildTable(all, { choice }), paging({
      token: query.page, next, address: (token) => address("builds", {}, { ...query, page: token }),
      labels: { paging: text("pages"), first: text("newest"), next: text("older") },
    })];
  }

  function nothing() {
    if (filters.some((name) => query[name])) return empty(text("noneMatch"), h("a", { href: address("builds"), class: "button plain" }, text("showAll")));
    return empty(text("noBuilds"), h("p", {}, text("noBuildsHint")), h("a", { href: address("models"), class: "button" }, text("toModels")));
  }

  form.set(query);
  const reload = fill(list, signal, load, render);
  const soon = later(300, reload, signal);
  /** Drawn again without what is in the reader's hand being lost. */
  const redraw = later(50, () => {
    const name = (node) => node.ariaLabel ?? node.href;
    const focused = list.contains(document.activeElement) && name(document.activeElement);
    show(list, render());
    if (focused) [...list.querySelectorAll("input, a, [tabindex]")].find((each) => name(each) === focused)?.focus();
  }, signal);

  follow(`${path}/events`, {
    on: {
      hello: () => soon(),
      build: (build) => {
        if (!known.has(build.build_id)) return query.page || soon();
        // Only a list tells places in the queue; others move up when one leaves it.
        if (build.state === "queued" || known.get(build.build_id).state === "queued") soon();
        known.set(build.build_id, build);
        redraw();
      },
      removed: () => soon(),
    },
    onState: (state) => {
      const isLost = state !== "open";
      live.className = `live ${isLost ? "lost" : "on"}`;
      show(live, icon(isLost ? "lost" : "dot"), text(isLost ? "listLost" : "listLive"));
    },
    signal,
  });

  return {
    title: text("builds"), node,
    update: (change) => {
      query = change.query;
      choice.clear();
      form.set(query);
      reload();
    },
  };
}

function batchCard(all) {
  const counts = new Map();
  for (const build of all) counts.set(kind(build), (counts.get(kind(build)) ?? 0) + 1);
  const ended = all.filter(hasEnded).length;
  const kinds = ["succeeded", "failed", "cancelled", "working", "waiting"].filter((each) => counts.has(each));
  return h("section", { class: "card batch", ariaLabel: text("batch") },
    h("p", { class: "state-words" }, text("batchEnded", { ended: number(ended), all: number(all.length) })),
    h("div", { class: "bar", "aria-hidden": "true" }, kinds.map((each) => h("span", { class: each, style: { "flex-grow": String(counts.get(each)) } }))),
    h("p", { class: "faint" }, kinds.map((each) => plural(`batch_${each}`, counts.get(each))).join(" · ")));
}

class Filters {
  #text = h("input", { type: "search", name: "text", ariaLabel: text("searchBuilds"), placeholder: text("searchBuilds"), autocomplete: "off", spellcheck: false });
  #state = h("select", { name: "state", ariaLabel: text("state") }, h("option", { value: "" }, text("anyState")), states.map((each) => h("option", { value: each }, text(`state_${each}`))));
  #model = h("input", { name: "model_name", ariaLabel: text("model"), placeholder: text("model"), autocomplete: "off", spellcheck: false });
  #user = h("input", { name: "user", ariaLabel: text("startedBy"), placeholder: text("startedBy"), autocomplete: "off", spellcheck: false });
  #batch = h("span", { class: "chip", hidden: true });
  node = h("form", { class: "filters", role: "search", ariaLabel: text("filter") },
    h("span", { class: "field" }, icon("search"), this.#text), this.#state, this.#model, this.#user, this.#batch);
  #query = {};

  constructor(onChange, signal) {
    const changed = () => onChange({
      text: this.#text.value.trim(), state: this.#state.value, model_name: this.#model.value.trim(), user: this.#user.value.trim(),
      batch_id: this.#query.batch_id,
    });
    this.node.addEventListener("input", later(300, changed, signal));
    this.node.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
  }

  set(query) {
    this.#query = query;
    for (const field of [this.#text, this.#state, this.#model, this.#user]) {
      const value = query[field.name] ?? "";
      // What is being written stays as it is.
      if (document.activeElement !== field && field.value !== value) field.value = value;
    }
    this.#batch.hidden = !query.batch_id;
    show(this.#batch, query.batch_id && [text("batchNamed", { id: query.batch_id }),
      h("a", { href: address("builds", {}, { ...query, batch_id: "" }), ariaLabel: text("showAll"), class: "icon-button" }, icon("cross"))]);
  }
}
