// The steps of a build, with what the engine did in each; a failed one is open.
import { since } from "../lib/clock.js";
import { h, icon, show } from "../lib/dom.js";
import { bytes, duration, number } from "../lib/format.js";
import { gloss, text } from "../lib/i18n.js";
import { said } from "./said.js";
import { hasEnded } from "./state.js";

/** How a step went: `working`, `succeeded`, `failed` or `cancelled`. */
function outcome(build, index) {
  if (index < build.steps.length - 1) return "succeeded";
  return hasEnded(build) ? build.state : "working";
}

/** What every build goes through; whether it is tested and pushed shows when it comes to it. */
const always = ["preparing", "downloading", "building"];

const signs = { working: "work", succeeded: "check", failed: "cross", cancelled: "stop" };

function progress(step) {
  if (!step.progress) return null;
  const { done, total } = step.progress;
  const words = step.name === "pushing" ? number : bytes;
  const label = total ? text("doneOf", { done: words(done), total: words(total) }) : words(done);
  return h("span", { class: "progress" },
    total && !step.finished_at && h("progress", { max: total, value: done, ariaLabel: text(`step_${step.name}`) }), label);
}

function engineStep(each, isLast, isWorking) {
  const time = each.seconds === undefined && isLast && isWorking ? since(each.started_at)
    : each.seconds !== undefined && h("span", { class: "number" }, duration(each.seconds));
  return h("li", {}, h("code", {}, each.name), each.cached ? h("span", { class: "cached" }, text("cached")) : time);
}

function stepNode(build, index, { onError }) {
  const step = build.steps[index];
  const how = outcome(build, index);
  const engine = step.engine_steps ?? [];
  const isFailed = how === "failed";
  const summary = [
    h("span", { class: `sign ${how}` }, icon(signs[how])),
    h("span", { class: "name" }, text(`step_${step.name}`), h("span", { class: "visually-hidden" }, ` ${text(`outcome_${how}`)}`)),
    progress(step),
    step.seconds === undefined && how === "working" ? since(step.started_at)
      : step.seconds !== undefined && h("span", { class: "number" }, duration(step.seconds)),
  ];
  const body = [
    isFailed && build.error && h("p", { class: "why" }, gloss(build.error.error_code) ?? said(build.error.message)),
    isFailed && h("button", { class: "plain small", on: { click: onError } }, text("showInLog")),
    engine.length > 0 && h("ol", { class: "engine" }, engine.map((each, at) => engineStep(each, at === engine.length - 1, how === "working"))),
  ].filter(Boolean);
  if (!body.length) return h("div", { class: "step" }, h("div", { class: "summary" }, summary));
  const details = h("details", { class: "step", open: isFailed }, h("summary", { class: "summary" }, summary, icon("chevron")), body);
  return details;
}

/** A list of steps that follows a build. */
export class Steps {
  node = h("div", { class: "steps" });
  #shown = new Map();
  #onError;

  constructor(onError) {
    this.#onError = onError;
  }

  update(build) {
    const begun = build.steps.map((step, index) => {
      const key = JSON.stringify([step, outcome(build, index), build.error]);
      const before = this.#shown.get(step.name);
      if (before?.key === key) return before.node;
      const node = stepNode(build, index, { onError: this.#onError });
      // What somebody opened or closed stays so while the step goes on.
      if (before && outcome(build, index) !== "failed" && "open" in before.node) node.open = before.node.open;
      const hadFocus = before?.node.contains(document.activeElement);
      this.#shown.set(step.name, { key, node });
      if (hadFocus) queueMicrotask(() => node.querySelector("summary")?.focus());
      return node;
    });
    const reached = new Set(build.steps.map((step) => step.name));
    const rest = hasEnded(build) ? [] : always.filter((name) => !reached.has(name));
    const nodes = [...begun, ...rest.map((name) => this.#pending(name))];
    if (nodes.length !== this.node.children.length || nodes.some((node, index) => node !== this.node.children[index])) show(this.node, nodes);
  }

  #pending(name) {
    const key = `pending ${name}`;
    if (!this.#shown.has(key)) {
      this.#shown.set(key, h("div", { class: "step pending" }, h("div", { class: "summary" },
        h("span", { class: "sign" }, icon("dot")), h("span", { class: "name" }, text(`step_${name}`)))));
    }
    return this.#shown.get(key);
  }
}
