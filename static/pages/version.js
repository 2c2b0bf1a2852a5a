// One version of a model: what is known of it, what an image of it would be, and the images that were built.
import { builds, get } from "../lib/api.js";
import { ago } from "../lib/clock.js";
import { h, icon, later } from "../lib/dom.js";
import { follow } from "../lib/events.js";
import { gloss, text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { mayBuild, order } from "../parts/build-actions.js";
import { buildTable } from "../parts/build-table.js";
import { copyable } from "../parts/copy.js";
import { empty, fill } from "../parts/problem.js";
import { said, warnings } from "../parts/said.js";
import { facts } from "../parts/table.js";
import { marks } from "../parts/version-marks.js";

const pageSize = 200;

export function page({ parameters: { model, version }, context, signal }) {
  const about = h("section", { class: "card" });
  const plan = h("section", { class: "card" });
  const built = h("div", { class: "card flush" });
  const build = h("button", { type: "button", class: "primary large", on: { click: () => order({
    model, version, onAccepted: () => reload(),
  }) } }, icon("box"), text("buildImage"));
  const node = h("div", {},
    h("header", { class: "page-head with-actions" }, h("div", {},
      h("nav", { class: "crumbs", ariaLabel: text("youAreHere") },
        h("a", { href: address("models") }, text("models")), icon("chevron"),
        h("a", { href: address("versions", { model }) }, model)),
      h("h1", { tabIndex: -1 }, text("modelVersion", { model, version }))),
    mayBuild(context.me, model) && build),
    h("div", { class: "pair" }, about, plan),
    h("section", { ariaLabel: text("itsBuilds") }, h("h2", { class: "section-title" }, text("itsBuilds")), built));

  fill(about, signal, () => find(model, version, signal), (each) => [h("h2", {}, text("about")), facts([
    [text("status"), each.status],
    [text("marks"), marks(each)],
    [text("description"), each.description],
    [text("createdAt"), each.created_at && ago(each.created_at)],
    [text("source"), each.source && h("code", {}, each.source)],
    [text("run"), each.run_id && h("code", {}, each.run_id)],
  ])]);
  fill(plan, signal, () => get(`${builds}/defaults`, { model_name: model, model_version: version }, { signal }), ({ defaults }) => planOf(defaults));
  const load = () => get(builds, { model_name: model, model_version: version, max_results: 20 }, { signal });
  const reload = fill(built, signal, load, ({ builds: all }) => (all.length ? buildTable(all) : empty(text("noBuildsOfIt"))));
  const soon = later(300, reload, signal);
  follow(`${builds}/events`, {
    on: {
      hello: () => soon(),
      build: (each) => { if (each.model_name === model && each.model_version === version) soon(); },
      removed: () => soon(),
    },
    // Why it has ended is told where the builds stand.
    onState: (state) => { if (state === "closed") soon(); },
    signal,
  });
  return { title: text("modelVersion", { model, version }), node };
}

/** The registry lists versions; there is no question for one. */
async function find(model, version, signal) {
  for (let token; ;) {
    const { versions, next_page_token: next } = await get("/slipway/models/versions", { name: model, max_results: pageSize, page_token: token }, { signal });
    const found = versions.find((each) => String(each.version) === version);
    if (found) return found;
    if (!next) return { status: text("unknownVersion") };
    token = next;
  }
}

function planOf(defaults) {
  const fold = (name, words) => words && h("details", { class: "fold" }, h("summary", {}, name, icon("chevron")), h("pre", { tabIndex: 0, role: "region", ariaLabel: name }, words));
  return [
    h("h2", {}, text("whatWouldBe")),
    warnings(defaults.warnings),
    facts([
      [text("imageName"), h("code", {}, defaults.image_name)],
      [text("baseImage"), h("code", {}, defaults.base_image)],
      [text("because"), [gloss("base_image_automatic"), " ", said(defaults.base_image_reason)]],
      [text("python"), defaults.python_version && [`${defaults.python_version} (`, said(defaults.python_version_reason), ")"]],
      [text("envManager"), defaults.env_manager],
      [text("index"), defaults.pip_index_url && h("code", {}, defaults.pip_index_url)],
      [text("systemPackages"), defaults.system_packages.length > 0 && defaults.system_packages.join(", ")],
    ]),
    fold(text("requirements"), defaults.requirements.join("\n")),
    fold(text("dockerfile"), defaults.dockerfile),
    copyable(text("mlflowCommand"), defaults.command),
  ];
}
