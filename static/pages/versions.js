// A model's versions, newest first; several can be built together, from different pages of the list too.
import { builds, get, post } from "../lib/api.js";
import { ago } from "../lib/clock.js";
import { h, icon, show } from "../lib/dom.js";
import { plural, text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { mayBuild } from "../parts/build-actions.js";
import { complaint, empty, fill } from "../parts/problem.js";
import { errorLine } from "../parts/said.js";
import { paging, table } from "../parts/table.js";
import { marks, notReady } from "../parts/version-marks.js";

const pageSize = 50;

export function page({ parameters: { model }, query, context, signal }) {
  const list = h("div", { class: "card flush" });
  const chosen = new Set();
  const trouble = h("div");
  const bar = h("div", { class: "actions" });
  const choice = h("section", { class: "choice-bar", hidden: true, ariaLabel: text("chosen") }, trouble, bar);
  const node = h("div", {},
    h("header", { class: "page-head" },
      h("nav", { class: "crumbs", ariaLabel: text("youAreHere") }, h("a", { href: address("models") }, text("models"))),
      h("h1", { tabIndex: -1 }, model)),
    list, choice);

  async function buildAll(button) {
    button.disabled = true;
    try {
      const asked = [...chosen];
      const { batch_id, results } = await post(`${builds}/batch`, { model_name: model, versions: asked });
      const refused = results.map(({ error }, index) => ({ error, version: asked[index] })).filter(({ error }) => error);
      // A build that waited or worked already is none of the batch.
      const elsewhere = results.filter(({ coalesced }) => coalesced).map(({ build }) => build.build_id).join(",");
      const batch = address("builds", {}, { batch_id, elsewhere });
      if (!refused.length) location.hash = batch;
      else keep(refused, refused.length < results.length && batch);
    } catch (error) {
      show(trouble, complaint(error));
      button.disabled = false;
      // A button that was disabled has lost the focus.
      button.focus();
    }
  }

  /** What was refused stays chosen, with the reasons; the rest is being built. */
  function keep(refused, batch) {
    choose(refused.map(({ version }) => version));
    show(trouble, h("div", { class: "complaint", role: "alert" }, icon("warning"), h("div", {},
      h("strong", {}, plural("refusedCount", refused.length)),
      h("ul", { tabIndex: 0 }, refused.map(({ version, error }) => h("li", {},
        text("versionNumber", { version }), ": ", errorLine(error))))),
      batch && h("a", { class: "button plain", href: batch }, text("toBatch"))));
    // The button that was pressed is gone.
    bar.querySelector("button").focus({ preventScroll: true });
  }

  /** These and no others. */
  function choose(versions) {
    chosen.clear();
    for (const version of versions) chosen.add(version);
    for (const box of list.querySelectorAll("input")) box.checked = chosen.has(box.value);
    showChoice();
  }

  function showChoice() {
    choice.hidden = chosen.size === 0;
    show(trouble);
    const button = h("button", { type: "button", class: "primary", on: { click: () => buildAll(button) } }, icon("box"), plural("buildCount", chosen.size));
    const none = h("button", { type: "button", class: "plain", on: { click: () => { choose([]); node.querySelector("h1").focus({ preventScroll: true }); } } }, icon("cross"), text("chooseNone"));
    show(bar, h("span", { class: "strong", role: "status" }, plural("chosenCount", chosen.size)), button, none);
  }

  const box = (each) => h("label", { class: "choose" }, h("input", {
    type: "checkbox", value: each.version, checked: chosen.has(String(each.version)), disabled: each.status !== "READY", ariaLabel: text("chooseVersion", { version: each.version }),
    on: { change: ({ target }) => { if (target.checked) chosen.add(target.value); else chosen.delete(target.value); showChoice(); } },
  }));

  const load = () => get("/slipway/models/versions", { name: model, page_token: query.page, max_results: pageSize }, { signal });
  const reload = fill(list, signal, load, ({ versions, next_page_token: next }) => {
    if (!versions.length) return empty(text("noVersions"));
    return [table(text("versions"), [
      mayBuild(context.me, model) && { name: h("span", { class: "visually-hidden" }, text("choose")), class: "narrow", cell: box },
      { name: text("version"), cell: (each) => h("div", { class: "two" },
        h("a", { href: address("version", { model, version: each.version }), class: "strong" }, text("versionNumber", { version: each.version })),
        each.description && h("span", { class: "faint clip" }, each.description)) },
      { name: text("marks"), cell: (each) => [notReady(each), marks(each)] },
      { name: text("createdAt"), cell: (each) => each.created_at && ago(each.created_at) },
    ].filter(Boolean), versions), paging({
      token: query.page, next, address: (token) => address("versions", { model }, { page: token }),
      labels: { paging: text("pages"), first: text("newest"), next: text("older") },
    })];
  });
  return { title: model, node, update: (change) => { query = change.query; reload(); } };
}
