// All builds as they change, or those of one batch; some can be chosen and acted upon together.
import { builds as path, get } from "../lib/api.js";
import { h, icon, later, show } from "../lib/dom.js";
import { follow } from "../lib/events.js";
import { number } from "../lib/format.js";
import { plural, text } from "../lib/i18n.js";
import { address, buildIDs } from "../lib/routes.js";
import { buildTable } from "../parts/build-table.js";
import { Choice } from "../parts/choice.js";
import { Hand } from "../parts/hand.js";
import { empty, fill, words } from "../parts/problem.js";
import { hasEnded, kind, states } from "../parts/state.js";
import { paging } from "../parts/table.js";

const pageSize = 50;
const largestBatch = 200;
const filters = ["text", "state", "model_name", "user", "batch_id"];

export function page({ query, context, signal }) {
  const list = h("div", { class: "card flush" });
  const batch = h("section", { class: "card batch", ariaLabel: text("batch"), hidden: true });
  const ofBatch = h("div");
  const elsewhere = h("p");
  const live = h("span", { class: "live", role: "status" });
  const choice = new Choice({ context, onDone: () => reload() });
  const form = new Filters((change) => { location.replace(address("builds", {}, change)); }, signal);
  const heading = h("h1", { tabIndex: -1 }, text("builds"));
  show(batch, ofBatch, elsewhere);
  const node = h("div", {},
    h("header", { class: "page-head with-actions" }, heading, live),
    batch, form.node, list, choice.node);
  const hand = new Hand(list, signal);
  let known = new Map();
  /** All builds of the batch, whatever else is asked for. */
  let members = new Map();
  let next = null;

  async function load() {
    const asked = { ...Object.fromEntries(filters.map((name) => [name, query[name]])), page_token: query.page, max_results: pageSize };
    const { batch_id } = query;
    const [answer, whole] = await Promise.all([
      get(path, asked, { signal }), batch_id && get(path, { batch_id, max_results: largestBatch }, { signal }),
    ]);
    await hand.isFree();
    return { answer, whole };
  }

  function take({ answer, whole }) {
    next = answer.next_page_token;
    known = newest(known, answer.builds);
    members = newest(members, whole ? whole.builds : []);
    return render();
  }

  function render() {
    hand.keepFocus();
    const all = [...known.values()];
    choice.offer(all);
    show(ofBatch, inShort([...members.values()]));
    batch.hidden = !ofBatch.firstChild && !elsewhere.firstChild;
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

  /** Those that the batch found there already; their links stay while its builds change. */
  function showElsewhere() {
    const ids = query.batch_id ? buildIDs(query.elsewhere) : [];
    show(elsewhere, ids.length > 0 && [plural("batch_elsewhere", ids.length),
      ids.map((id) => [" ", h("a", { href: address("build", { id }), class: "code" }, id)])]);
  }

  form.set(query);
  showElsewhere();
  const reload = fill(list, signal, load, take);
  const soon = later(300, reload, signal);
  const redraw = later(50, async () => {
    await hand.isFree();
    if (!signal.aborted) show(list, render());
  }, signal);

  follow(`${path}/events`, {
    on: {
      hello: () => soon(),
      build: (build) => {
        const before = known.get(build.build_id);
        const isAsked = !query.state || build.state === query.state;
        // Only a list tells places in the queue; others move up when one leaves it. And it tells what is asked for.
        if (before ? !isAsked || [before.state, build.state].includes("queued") : isAsked && !query.page) soon();
        for (const builds of [known, members]) if (builds.has(build.build_id)) builds.set(build.build_id, build);
        redraw();
      },
      removed: () => soon(),
    },
    onState: (state, refusal) => {
      const [sign, said] = {
        open: ["dot", text("listLive")], lost: ["lost", text("listLost")], closed: ["warning", refusal && words(refusal).title],
      }[state];
      live.className = `live ${state === "open" ? "on" : "lost"}`;
      show(live, said && [icon(sign), said]);
    },
    signal,
  });

  return {
    title: text("builds"), node,
    update: (change) => {
      query = change.query;
      choice.clear();
      form.set(query);
      showElsewhere();
      reload();
    },
  };
}

/** The builds of a list, unless an event has told of something newer than the list. */
function newest(known, builds) {
  return new Map(builds.map((build) => {
    const other = known.get(build.build_id);
    return [build.build_id, other?.updated_at > build.updated_at ? other : build];
  }));
}

/** The builds of a batch in a nutshell. */
function inShort(all) {
  if (!all.length) return null;
  const counts = new Map();
  for (const build of all) counts.set(kind(build), (counts.get(kind(build)) ?? 0) + 1);
  const ended = all.filter(hasEnded).length;
  const kinds = ["succeeded", "failed", "cancelled", "working", "waiting"].filter((each) => counts.has(each));
  return [
    h("p", { class: "state-words" }, text("batchEnded", { ended: number(ended), all: number(all.length) })),
    h("div", { class: "bar", "aria-hidden": "true" }, kinds.map((each) => h("span", { class: each, style: { "flex-grow": String(counts.get(each)) } }))),
    h("p", { class: "faint" }, kinds.map((each) => plural(`batch_${each}`, counts.get(each))).join(" · ")),
  ];
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
      batch_id: this.#query.batch_id, elsewhere: this.#query.elsewhere,
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
      h("a", { href: address("builds", {}, { ...query, batch_id: "", elsewhere: "" }), ariaLabel: text("showAll"), class: "icon-button" }, icon("cross"))]);
  }
}
