// One build, from the moment it waits: its steps, its log as it comes, and what came of it.
import { Refusal, buildPath, builds, get, getText, open } from "../lib/api.js";
import { ago } from "../lib/clock.js";
import { h, icon, show } from "../lib/dom.js";
import { follow } from "../lib/events.js";
import { dateTime, duration } from "../lib/format.js";
import { gloss, text } from "../lib/i18n.js";
import { firstError } from "../lib/log-window.js";
import { address } from "../lib/routes.js";
import { actions, before } from "../parts/build-actions.js";
import { sizeCard, trialCard, useCard } from "../parts/image-card.js";
import { LogView } from "../parts/log-view.js";
import { Notice, setSign } from "../parts/notice.js";
import { pause } from "../parts/pause.js";
import { complaint, fill, passes } from "../parts/problem.js";
import { errorWords, said, warnings } from "../parts/said.js";
import { hasEnded, kind, sentence, sign } from "../parts/state.js";
import { Steps } from "../parts/steps.js";
import { facts } from "../parts/table.js";

const slice = 8;
const again = 2000;

export function page({ parameters: { id }, query, context, signal }) {
  const node = h("div");
  const shown = {};
  fill(node, signal, () => get(buildPath(id), {}, { signal }), ({ build }) => {
    // Loaded anew after it could not be: one view of it is enough.
    shown.view?.stop();
    shown.view = new BuildView(build, query, context, signal);
    return shown.view.node;
  });
  return { title: id, node, update: (change) => { query = change.query; shown.view?.goTo(Number(change.query.line)); } };
}

class BuildView {
  node = h("div", { class: "build" });
  #build;
  #context;
  #stopping = new AbortController();
  #signal = this.#stopping.signal;
  #hasLine;
  #isLost = false;
  #isRemoved = false;
  #watching = new AbortController();
  #head = h("header", { class: "page-head" });
  #sign = h("span", { class: "state-sign" });
  #words = h("div", { class: "grow" });
  #why = h("div");
  #trouble = h("div");
  #actions = h("div", { class: "actions" });
  #notice = new Notice();
  // Only what changes is drawn again, so that no button is taken from under somebody's finger.
  #state = h("section", { class: "card state-card", ariaLabel: text("state") },
    h("div", { class: "state-line" }, this.#sign, this.#words, this.#notice.node), this.#why, this.#trouble, this.#actions);
  #result = h("div", { class: "result" });
  #steps = new Steps(() => this.#showError());
  #facts = h("section", { class: "card narrow-facts" });
  #log;
  #said = { result: "", actions: "", state: "", facts: "" };

  constructor(build, query, context, signal) {
    this.#build = build;
    this.#context = context;
    this.#hasLine = Number(query.line) > 0;
    signal.addEventListener("abort", () => this.stop());
    const id = build.build_id;
    this.#log = new LogView({
      lineAddress: (line) => address("build", { id }, { line }),
      onLine: (line) => { location.hash = address("build", { id }, { line }); },
      rawAddress: buildPath(id, "log"), fileName: `${id}.log`,
    });
    show(this.node, this.#head, this.#state, this.#result,
      h("div", { class: "work" },
        h("section", { class: "card" }, h("h2", {}, text("steps")), this.#steps.node),
        h("section", { class: "card log" }, this.#log), this.#facts),
      this.#dockerfile());
    this.#update(build, true);
    if (this.#hasLine) this.#log.show(Number(query.line) - 1);
    else if (!hasEnded(build)) this.#log.follow();
    this.#read();
  }

  stop() {
    this.#stopping.abort();
    this.#watching.abort();
    setSign(null);
  }

  goTo(line) {
    this.#hasLine = line > 0;
    if (line > 0) this.#log.show(line - 1);
  }

  // The log: what is there is fetched, then the stream brings what comes.

  async #read() {
    while (!this.#signal.aborted) {
      try {
        await this.#fetchRest();
        break;
      } catch (error) {
        if (this.#signal.aborted) return;
        // A build that waits has none yet.
        if (error.status === 404) break;
        if (error instanceof Refusal && !passes(error)) return show(this.#trouble, complaint(error));
        this.#setLost(true);
        await new Promise((resolve) => { setTimeout(resolve, again); });
      }
    }
    if (this.#signal.aborted) return;
    this.#setLost(false);
    if (!hasEnded(this.#build)) return this.#follow();
    this.#watchRemoval();
    this.#log.end();
    if (this.#build.state === "failed" && !this.#hasLine) this.#showError();
  }

  async #fetchRest() {
    const { byteCount } = this.#log.log;
    const response = await open(buildPath(this.#build.build_id, "log"), { offset: byteCount || undefined }, { signal: this.#signal });
    const reader = response.body.getReader();
    let began = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#log.add(value);
      if (performance.now() - began < slice) continue;
      await pause();
      began = performance.now();
    }
  }

  #follow() {
    const encoder = new TextEncoder();
    let at = this.#log.log.byteCount;
    follow(buildPath(this.#build.build_id, "events"), {
      query: () => ({ offset: at }),
      on: {
        status: (build) => this.#update(build),
        log: ({ offset, length, text: words }) => {
          // What comes twice after a lost connection is known.
          if (offset < at) return;
          this.#log.add(encoder.encode(words));
          at = offset + length;
        },
      },
      onState: (state, refusal) => {
        if (state !== "closed") return this.#setLost(state === "lost");
        this.#setLost(false, "");
        this.#log.end();
        if (refusal?.status === 404) return this.#removed();
        if (refusal) return show(this.#trouble, complaint(refusal));
        this.#watchRemoval();
        if (this.#build.state === "failed" && !this.#hasLine) this.#showError();
      },
      signal: this.#signal,
    });
  }

  async #showError() {
    const line = await firstError(this.#log.log, this.#build.error?.message, pause);
    if (line !== null && !this.#signal.aborted) this.#log.show(line);
  }

  /** Of a build that has ended nothing else is told any more. */
  #watchRemoval() {
    const id = this.#build.build_id;
    follow(`${builds}/events`, {
      on: {
        // What came before this is not told: is it still there?
        hello: () => get(buildPath(id), {}, { signal: this.#signal }).catch(({ status }) => { if (status === 404) this.#removed(); }),
        removed: ({ build_id: removed }) => { if (removed === id) this.#removed(); },
      },
      onState: () => {}, signal: this.#watching.signal,
    });
  }

  #removed() {
    if (this.#isRemoved || this.#signal.aborted) return;
    this.#isRemoved = true;
    this.#watching.abort();
    const hadFocus = this.#actions.contains(document.activeElement);
    this.#notice.node.hidden = true;
    for (const node of [this.#why, this.#trouble]) show(node);
    const way = h("a", { href: address("builds"), class: "button plain" }, text("toBuilds"));
    show(this.#actions, way);
    if (hadFocus) way.focus({ preventScroll: true });
    this.#showState();
    setSign(null);
    this.#context.setTitle(text("wasRemoved"));
    this.#context.announce(text("wasRemoved"));
  }

  #setLost(isLost, words = text(isLost ? "streamLost" : "streamBack")) {
    if (isLost === this.#isLost) return;
    this.#isLost = isLost;
    this.#said.state = "";
    this.#showState();
    this.#context.announce(words);
  }

  // What is known of the build.

  #update(build, isFirst = false) {
    const before = this.#build;
    this.#build = build;
    this.#showState();
    this.#showHead();
    this.#steps.update(build);
    this.#showResult();
    this.#showFacts();
    this.#showActions();
    this.#notice.update(build);
    setSign(build);
    this.#context.setTitle(`${text(`state_${build.state}`)} · ${build.model_name} ${build.model_version}`);
    this.#log.setLive(!hasEnded(build) || (!isFirst && !hasEnded(before)));
    this.#log.setEmptyText(text(build.state === "queued" ? "logWaits" : hasEnded(build) ? "logEmpty" : "logSoon"));
    if (isFirst || before.state === build.state) return;
    this.#context.announce(sentence(build));
    if (hasEnded(build)) this.#notice.ended(build);
  }

  /** Does something once where what it is made of has changed. */
  #once(what, values, act) {
    const key = JSON.stringify(values);
    if (this.#said[what] === key) return;
    this.#said[what] = key;
    act();
  }

  #showHead() {
    this.#once("head", [], () => {
      const { model_name: model, model_version: version, build_id: id } = this.#build;
      show(this.#head,
        h("nav", { class: "crumbs", ariaLabel: text("youAreHere") },
          h("a", { href: address("builds") }, text("builds")), icon("chevron"),
          h("a", { href: address("versions", { model }) }, model), icon("chevron"),
          h("a", { href: address("version", { model, version }) }, text("versionNumber", { version }))),
        h("h1", { tabIndex: -1 }, `${model} ${version}`, h("span", { class: "aside code" }, id)));
    });
  }

  #showState() {
    const build = this.#build;
    if (this.#isRemoved) {
      this.#state.className = "card state-card cancelled";
      show(this.#sign, icon("remove"));
      return show(this.#words, h("p", { class: "state-words" }, text("wasRemoved")), h("p", { class: "faint" }, text("wasRemovedHint")));
    }
    this.#once("state", [build.state, build.queue_position, build.scheduler, build.error, build.warnings, build.eta_seconds, this.#isLost], () => {
      const how = kind(build);
      this.#state.className = `card state-card ${this.#isLost ? "lost" : how}`;
      let clock = null;
      if (hasEnded(build)) clock = build.duration_seconds !== undefined && text("took", { time: duration(build.duration_seconds) });
      else if (build.scheduler) clock = text("atScheduler", { state: build.scheduler.message ?? build.scheduler.state ?? "" });
      else if (build.eta_seconds > 0) clock = text("left", { time: duration(build.eta_seconds) });
      show(this.#sign, this.#isLost ? icon("lost") : sign(build));
      show(this.#words,
        h("p", { class: "state-words" }, this.#isLost ? text("streamLost") : sentence(build)),
        h("p", { class: "faint" }, this.#isLost ? text("streamLostHint") : clock ?? (how !== "waiting" && this.#startedWords(build))));
      show(this.#why,
        build.error && h("div", { class: "error-words" }, errorWords(build.error)),
        warnings(build.warnings));
    });
  }

  #startedWords(build) {
    return build.steps[0] && [text("startedAt"), " ", ago(build.steps[0].started_at)];
  }

  #showActions() {
    if (this.#isRemoved) return;
    this.#once("actions", [hasEnded(this.#build) && this.#build.state], () => {
      const compare = h("span");
      show(this.#actions, actions(this.#build, this.#context.me, (act, button) => this.#run(act, button)), compare);
      if (!hasEnded(this.#build)) return;
      before(this.#build, { signal: this.#signal }).then((other) => {
        if (!other) return;
        const href = address("compare", { a: other.build_id, b: this.#build.build_id });
        show(compare, h("a", { href, class: "button plain" }, icon("open"), text("compareWithBefore")));
      }, () => {});
    });
  }

  async #run(act, button) {
    show(this.#trouble);
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      show(this.#trouble, complaint(error));
    } finally {
      button.disabled = false;
    }
  }

  #showResult() {
    const build = this.#build;
    this.#once("result", [build.image, build.verification, build.pushed, hasEnded(build)], () => {
      const isThere = hasEnded(build) && build.image;
      show(this.#result, isThere && [useCard(build), h("div", { class: "pair" }, sizeCard(build), trialCard(build))]);
    });
  }

  #showFacts() {
    const build = this.#build;
    const { model_name: model, model_version: version } = build;
    this.#once("facts", [build.base_image, build.runner, build.finished_at], () => show(this.#facts, h("h2", {}, text("about")), facts([
      [text("model"), h("a", { href: address("version", { model, version }) }, `${model} ${version}`)],
      [text("imageName"), h("code", {}, build.image_name)],
      [text("baseImage"), build.base_image && h("code", {}, build.base_image)],
      [text("because"), build.base_image_reason && [
        gloss(build.options?.base_image ? "base_image_chosen" : "base_image_automatic"), " ", said(build.base_image_reason)]],
      [text("envManager"), build.env_manager],
      [text("startedBy"), build.created_by],
      [text("submittedAt"), dateTime(build.created_at)],
      [text("finishedAt"), build.finished_at && dateTime(build.finished_at)],
      [text("source"), h("code", {}, build.source)],
      [text("run"), build.run_id && h("code", {}, build.run_id)],
      [text("retryOf"), build.retry_of && h("a", { href: address("build", { id: build.retry_of }) }, build.retry_of)],
      [text("batch"), build.batch_id && h("a", { href: address("builds", {}, { batch_id: build.batch_id }) }, build.batch_id)],
      [text("host"), build.runner?.host],
    ])));
  }

  #dockerfile() {
    const body = h("div");
    const details = h("details", { class: "card fold" }, h("summary", {}, h("h2", {}, text("dockerfile")), icon("chevron")), body);
    let isShown = false;
    details.addEventListener("toggle", () => {
      if (!details.open || isShown) return;
      isShown = hasEnded(this.#build);
      fill(body, this.#signal, () => getText(buildPath(this.#build.build_id, "dockerfile"), {}, { signal: this.#signal }),
        (words) => h("pre", { tabIndex: 0, role: "region", ariaLabel: text("dockerfile") }, words));
    });
    return details;
  }
}
