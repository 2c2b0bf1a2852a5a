// Builds that were chosen, and what can be done with all of them at once.
import { buildPath, post, remove } from "../lib/api.js";
import { h, icon, show } from "../lib/dom.js";
import { plural, text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { confirm } from "./confirm.js";
import { complaint } from "./problem.js";
import { hasEnded } from "./state.js";

export class Choice {
  #chosen = new Set();
  #offered = [];
  #context;
  #onDone;
  #mayDelete;
  #trouble = h("div");
  #bar = h("div", { class: "actions" });
  node = h("section", { class: "choice-bar", hidden: true, ariaLabel: text("chosen") }, this.#trouble, this.#bar);

  constructor({ context, onDone, mayDelete }) {
    this.#context = context;
    this.#onDone = onDone;
    this.#mayDelete = mayDelete;
  }

  has(id) { return this.#chosen.has(id); }

  set(id, isChosen) {
    if (isChosen) this.#chosen.add(id); else this.#chosen.delete(id);
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

  #show() {
    const all = this.#builds();
    this.node.hidden = all.length === 0;
    if (!all.length) return show(this.#trouble);
    const ended = all.filter(hasEnded);
    const going = all.filter((build) => !hasEnded(build));
    const button = (sign, words, act) => h("button", { class: "plain", type: "button", on: { click: act } }, icon(sign), words);
    // The older one stands left.
    const [a, b] = all.length === 2 ? [...all].reverse().map((build) => build.build_id) : [];
    show(this.#bar,
      h("span", { class: "strong", role: "status" }, plural("chosenCount", all.length)),
      going.length > 0 && button("stop", plural("cancelCount", going.length), () => this.#cancel(going)),
      ended.length > 0 && button("again", plural("retryCount", ended.length), () => this.#retry(ended)),
      a && h("a", { class: "button plain", href: address("compare", { a, b }) }, icon("open"), text("compare")),
      this.#mayDelete && ended.length > 0 && button("remove", plural("deleteCount", ended.length), () => this.#delete(ended)),
      button("cross", text("chooseNone"), () => { this.clear(); this.#onDone(); }));
  }

  async #cancel(builds) {
    const act = () => each(builds, (build) => post(buildPath(build.build_id, "cancel")));
    if (await confirm({ title: text("cancelTitle"), message: plural("cancelMany", builds.length), action: text("cancelIt"), act })) this.#done();
  }

  async #delete(builds) {
    const act = () => each(builds, (build) => remove(buildPath(build.build_id)));
    if (await confirm({ title: text("deleteTitle"), message: plural("deleteMany", builds.length), action: text("deleteIt"), act })) this.#done();
  }

  async #retry(builds) {
    try {
      await each(builds, (build) => post(buildPath(build.build_id, "retry")));
      this.#done();
    } catch (error) {
      show(this.#trouble, complaint(error));
    }
  }

  #done() {
    this.clear();
    this.#onDone();
    this.#context.announce(text("done"));
  }
}

/** Does something with each, one after the other; one refusal keeps none of the others from it. */
async function each(builds, act) {
  let refusal = null;
  for (const build of builds) await act(build).catch((error) => { refusal = error; });
  if (refusal) throw refusal;
}
