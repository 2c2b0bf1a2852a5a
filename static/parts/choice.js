// Builds that were chosen, and what can be done with all of them at once.
import { buildPath, post, remove } from "../lib/api.js";
import { h, icon, show } from "../lib/dom.js";
import { plural, text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { isAdministrator, mayBuild } from "./build-actions.js";
import { confirm } from "./confirm.js";
import { complaint } from "./problem.js";
import { hasEnded } from "./state.js";

export class Choice {
  #chosen = new Set();
  #offered = [];
  #context;
  #onDone;
  #trouble = h("div");
  #count = h("span", { class: "strong", role: "status" });
  #cancel = button("stop", () => this.#askCancel());
  #retry = button("again", () => this.#retryAll());
  #compare = h("a", { class: "button plain" }, icon("open"), text("compare"));
  #delete = button("remove", () => this.#askDelete());
  #none = button("cross", () => { this.clear(); this.#onDone(); });
  // The buttons stay the same ones: what is drawn anew loses the focus.
  node = h("section", { class: "choice-bar", hidden: true, ariaLabel: text("chosen") }, this.#trouble,
    h("div", { class: "actions" }, this.#count, this.#cancel.node, this.#retry.node, this.#compare, this.#delete.node, this.#none.node));

  constructor({ context, onDone }) {
    this.#context = context;
    this.#onDone = onDone;
    this.#none.say(text("chooseNone"));
  }

  has(id) { return this.#chosen.has(id); }

  set(id, isChosen) {
    if (isChosen) this.#chosen.add(id); else this.#chosen.delete(id);
    show(this.#trouble);
    this.#show();
  }

  clear() {
    this.#chosen.clear();
    this.#show();
  }

  /** The builds that are in sight; of others nothing stays chosen. */
  offer(builds) {
    this.#offered = builds;
    const ids = new Set(builds.map((build) => build.build_id));
    for (const id of this.#chosen) if (!ids.has(id)) this.#chosen.delete(id);
    this.#show();
  }

  #builds() {
    return this.#offered.filter((build) => this.#chosen.has(build.build_id));
  }

  /** Those of the chosen with which one may do so. */
  #going() { return this.#builds().filter((build) => !hasEnded(build) && mayBuild(this.#context.me, build.model_name)); }
  #retried() { return this.#builds().filter((build) => hasEnded(build) && mayBuild(this.#context.me, build.model_name)); }
  #deleted() { return isAdministrator(this.#context.me) ? this.#builds().filter(hasEnded) : []; }

  #show() {
    const all = this.#builds();
    this.node.hidden = all.length === 0;
    if (!all.length) return show(this.#trouble);
    // Said once: screen readers hear of each change.
    const words = plural("chosenCount", all.length);
    if (this.#count.textContent !== words) this.#count.textContent = words;
    this.#cancel.count("cancelCount", this.#going().length);
    this.#retry.count("retryCount", this.#retried().length);
    this.#delete.count("deleteCount", this.#deleted().length);
    // The older one stands left.
    const [b, a] = all.map((build) => build.build_id);
    this.#compare.hidden = all.length !== 2;
    if (all.length === 2) this.#compare.href = address("compare", { a, b });
  }

  async #askCancel() {
    const builds = this.#going();
    const act = this.#each(builds, (build) => post(buildPath(build.build_id, "cancel")));
    this.#end(await confirm({ title: text("cancelTitle"), message: plural("cancelMany", builds.length), action: text("cancelIt"), act }));
  }

  async #askDelete() {
    const builds = this.#deleted();
    // What is gone already is what was wanted.
    const act = this.#each(builds, (build) => remove(buildPath(build.build_id)).catch((error) => { if (error.status !== 404) throw error; }));
    this.#end(await confirm({ title: text("deleteTitle"), message: plural("deleteMany", builds.length), action: text("deleteIt"), act }));
  }

  async #retryAll() {
    const { node } = this.#retry;
    node.disabled = true;
    show(this.#trouble);
    const refusal = await this.#each(this.#retried(), (build) => post(buildPath(build.build_id, "retry")))().catch((error) => error);
    node.disabled = false;
    this.#end(!refusal);
    if (!refusal) return;
    show(this.#trouble, complaint(refusal));
    // A button that was disabled has lost the focus.
    node.focus();
  }

  /** Does something with each, one after the other; one refusal keeps none of the others from it, and when it is done
   *  again then only with those that were refused. */
  #each(builds, act) {
    const left = new Set(builds);
    return async () => {
      let refusal = null;
      for (const build of [...left]) {
        try {
          await act(build);
          left.delete(build);
          this.#chosen.delete(build.build_id);
        } catch (error) {
          refusal = error;
        }
      }
      if (refusal) throw refusal;
    };
  }

  #end(isDone) {
    if (isDone) this.clear(); else this.#show();
    this.#onDone();
    if (isDone) this.#context.announce(text("done"));
  }
}

function button(sign, act) {
  const words = h("span");
  const node = h("button", { class: "plain", type: "button", on: { click: act } }, icon(sign), words);
  return {
    node,
    say: (said) => { words.textContent = said; },
    count: (key, count) => {
      node.hidden = count === 0;
      words.textContent = plural(key, count);
    },
  };
}
