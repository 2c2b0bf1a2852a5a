// Builds in a table, which may be chosen.
import { ago, since } from "../lib/clock.js";
import { h } from "../lib/dom.js";
import { bytes, duration } from "../lib/format.js";
import { text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { errorLine } from "./said.js";
import { badge, kind } from "./state.js";
import { table } from "./table.js";

function time(build) {
  if (build.duration_seconds !== undefined && build.duration_seconds !== null) return h("span", { class: "number" }, duration(build.duration_seconds));
  return kind(build) === "working" && build.steps[0] ? since(build.steps[0].started_at) : "";
}

/** `choice`: `{ has(id), set(id, isChosen) }`, where builds can be chosen. */
export function buildTable(builds, { choice } = {}) {
  const choose = (build) => h("label", { class: "choose" }, h("input", {
    type: "checkbox", checked: choice.has(build.build_id),
    ariaLabel: text("chooseBuild", { id: build.build_id, model: build.model_name, version: build.model_version }),
    on: { change: (event) => choice.set(build.build_id, event.target.checked) },
  }));
  return table(text("builds"), [
    choice && { name: h("span", { class: "visually-hidden" }, text("choose")), class: "narrow", cell: choose },
    { name: text("build"), cell: (build) => h("div", { class: "two" },
      h("a", { href: address("build", { id: build.build_id }), class: "strong" }, `${build.model_name} ${build.model_version}`),
      h("span", { class: "faint code nowrap" }, build.build_id),
      h("span", { class: "faint slim" }, build.created_by, " · ", ago(build.created_at))) },
    { name: text("state"), cell: (build) => h("div", { class: "two" }, badge(build),
      build.error && h("span", { class: "faint why", title: build.error.message }, errorLine({ ...build.error, hint: null }))) },
    { name: text("image"), class: "roomy", cell: (build) => h("div", { class: "two" }, h("span", { class: "code" }, build.image_name),
      build.image && h("span", { class: "faint" }, bytes(build.image.size_bytes))) },
    { name: text("duration"), class: "roomy number", cell: time },
    { name: text("startedBy"), class: "roomy", cell: (build) => h("div", { class: "two" }, h("span", { class: "who" }, build.created_by), h("span", { class: "faint" }, ago(build.created_at))) },
  ].filter(Boolean), builds);
}
