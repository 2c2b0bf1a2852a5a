// What became of an order: one friendly confirmation, which lives until the build has ended.
import { buildPath } from "../lib/api.js";
import { pullLine, requestLine, runLine } from "../lib/commands.js";
import { h, icon, show } from "../lib/dom.js";
import { follow } from "../lib/events.js";
import { bytes, duration } from "../lib/format.js";
import { text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { copyable } from "../parts/copy.js";
import { complaint } from "../parts/problem.js";
import { errorWords } from "../parts/said.js";
import { hasEnded, kind, sentence, sign } from "../parts/state.js";

export class BuildProgress {
  #options;
  #build;
  #shown = null;
  #isLost = false;
  #sign = h("span", { class: "sign" });
  #words = h("h3", { tabIndex: -1, dataset: { first: "" } });
  #detail = h("p", { class: "faint detail" });
  #outcome = h("div", { class: "outcome" });
  #buttons = h("div", { class: "buttons" });
  node;

  constructor(options) {
    const { build, isCoalesced, signal } = options;
    this.#options = options;
    this.#build = build;
    const log = `/slipway/${address("build", { id: build.build_id })}`;
    const isInConsole = location.pathname === "/slipway/";
    this.node = h("div", { class: "progress" },
      h("div", { class: "body" },
        h("div", { class: "state" }, this.#sign, h("div", {}, h("div", { role: "status" }, this.#words), this.#detail)),
        isCoalesced && h("p", { class: "note" }, text("dialogCoalesced")),
        h("dl", {},
          h("dt", {}, text("imageName")), h("dd", {}, h("code", {}, build.image_name)),
          h("dt", {}, text("dialogBuildID")), h("dd", {}, h("code", {}, build.build_id)),
          h("dt", {}, text("log")), h("dd", {}, h("a", {
            href: log, target: isInConsole ? "" : "_blank", rel: isInConsole ? "" : "noopener",
            on: { click: () => { if (isInConsole) options.onClose(); } },
          }, text("dialogOpenLog"), isInConsole ? null : icon("open")))),
        this.#outcome),
      h("div", { class: "foot" }, this.#buttons));
    const clock = setInterval(() => this.#tick(), 1000);
    signal.addEventListener("abort", () => clearInterval(clock));
    this.#update(build);
    follow(buildPath(build.build_id, "events"), {
      signal, query: () => ({ log: false }), on: { status: (next) => this.#update(next) },
      onState: (state, refusal) => this.#connection(state, refusal),
    });
  }

  #update(build) {
    this.#build = build;
    const words = build.state === "succeeded" ? text(build.verification ? "dialogTested" : "dialogUntested") : sentence(build);
    // A screen reader says it whenever it is written.
    if (this.#words.textContent !== words) this.#words.textContent = words;
    this.#tick();
    if (kind(build) === this.#shown) return;
    this.#shown = kind(build);
    this.#sign.className = `sign ${this.#shown}`;
    show(this.#sign, sign(build));
    show(this.#outcome, this.#outcomeOf(build));
    const isOver = build.state === "failed" || build.state === "cancelled";
    show(this.#buttons,
      h("button", { type: "button", class: isOver ? "plain" : "", on: { click: this.#options.onClose } }, text("dialogDone")),
      isOver && h("button", { type: "button", on: { click: this.#options.onChange } }, text("dialogChange")));
  }

  /** That it cannot be seen at the moment is no trouble of the build's. */
  #connection(state, refusal) {
    this.#isLost = state === "lost";
    if (refusal) show(this.#outcome, complaint(refusal));
    this.#tick();
  }

  #outcomeOf(build) {
    if (build.state === "failed") {
      return h("div", { class: "complaint", role: "alert" }, icon("warning"), h("div", {}, errorWords(build.error ?? {})));
    }
    if (build.state !== "succeeded") return hasEnded(build) ? null : h("p", { class: "note" }, text("dialogGoesOn"));
    return [
      copyable(text("runIt"), runLine(build)),
      copyable(text("askIt"), requestLine(build)),
      (build.pushed ?? []).map((name) => copyable(text("pullIt"), pullLine(build, name))),
    ];
  }

  /** The line that changes while nothing happens. */
  #tick() {
    const build = this.#build;
    const parts = [];
    if (hasEnded(build)) {
      if (build.image?.size_bytes) parts.push(bytes(build.image.size_bytes));
      if (build.duration_seconds !== undefined) parts.push(duration(build.duration_seconds));
    } else if (this.#isLost) {
      parts.push(text("streamLost"));
    } else {
      const step = build.steps?.at(-1);
      if (step) parts.push(duration(Math.max(0, Math.floor((Date.now() - new Date(step.started_at)) / 1000))));
      if (step?.progress?.total && step.name !== "pushing") parts.push(text("doneOf", { done: bytes(step.progress.done), total: bytes(step.progress.total) }));
      if (build.eta_seconds) parts.push(text("left", { time: duration(build.eta_seconds) }));
      const instruction = step?.engine_steps?.at(-1)?.name;
      if (instruction) parts.push(instruction);
    }
    this.#detail.textContent = parts.join(" · ");
  }
}
