// What tells of a build's end to somebody who looks elsewhere: the tab's sign, and a notification that was asked for.
import { h, icon, show } from "../lib/dom.js";
import { gloss, text } from "../lib/i18n.js";
import { hasEnded, kind } from "./state.js";

const own = new URL("../icon.svg", import.meta.url).href;

/** The tab's sign: of a build's state, or Slipway's own. */
export function setSign(build) {
  const link = document.querySelector("link[rel=icon]");
  const address = build ? new URL(`../icons/${kind(build)}.svg`, import.meta.url).href : own;
  if (link.href !== address) link.href = address;
}

/** A button that asks for a notification at the build's end. Browsers allow those only to pages that come by TLS. */
export class Notice {
  #isOn = false;
  #told = h("span", { role: "status", class: "faint" });
  #button = h("button", { class: "toggle", type: "button", ariaPressed: "false", on: { click: () => this.#ask() } }, icon("bell"), text("notify"));
  node = h("span", { class: "notice", hidden: true }, this.#button, this.#told);

  async #ask() {
    if (this.#isOn) return this.#set(false);
    const answer = await Notification.requestPermission();
    this.#set(answer === "granted");
    show(this.#told, answer === "granted" ? null : text("notifyBlocked"));
  }

  #set(isOn) {
    this.#isOn = isOn;
    this.#button.ariaPressed = String(isOn);
  }

  update(build) {
    this.node.hidden = hasEnded(build) || !("Notification" in globalThis && isSecureContext);
  }

  ended(build) {
    if (!this.#isOn) return;
    this.#set(false);
    const notification = new Notification(text(`sentence_${build.state}`), {
      body: `${build.model_name} ${build.model_version}\n${gloss(build.error?.error_code) ?? build.error?.message ?? build.image_name}`, tag: build.build_id,
    });
    notification.addEventListener("click", () => { window.focus(); notification.close(); });
  }
}
