// The button on MLflow's page of a model version.
import { openBuildDialog } from "../dialog/build-dialog.js";
import { h, icon, later } from "../lib/dom.js";
import { text } from "../lib/i18n.js";
import { root, styled } from "./host.js";
import { headline, roomFor } from "./room.js";

// How long MLflow may take to draw its headline before the button stands elsewhere.
const patience = 1500;

export class BuildButton {
  #node = h("button", {
    id: "build", class: "build", hidden: true, type: "button", "aria-haspopup": "dialog", on: { click: () => this.#open() },
  }, icon("box"), text("buildImage"));
  #target = null;
  #dialog = null;
  #isStyled = false;
  #isPatient = true;
  #frame = 0;
  #timer = 0;
  // MLflow draws its page when it likes, and again.
  #changes = new MutationObserver(() => this.#placeSoon());
  #sizes = new ResizeObserver(() => this.#placeSoon());
  #settle = later(150, () => this.#placeSoon());

  constructor() {
    root.append(this.#node);
    styled.then(() => { this.#isStyled = true; this.#placeSoon(); });
    addEventListener("resize", () => this.#placeSoon());
    addEventListener("transitionend", () => this.#placeSoon());
    // Inside of MLflow's page something else than the window scrolls.
    addEventListener("scroll", () => this.#follow(), { capture: true, passive: true });
  }

  /** Stands for a model version from now on, or for none. */
  show(target) {
    if (target?.model === this.#target?.model && target?.version === this.#target?.version) return;
    this.#dialog?.close();
    this.#target = target;
    this.#changes.disconnect();
    this.#sizes.disconnect();
    clearTimeout(this.#timer);
    this.#node.hidden = true;
    if (!target) return;
    this.#isPatient = true;
    this.#timer = setTimeout(() => { this.#isPatient = false; this.#placeSoon(); }, patience);
    this.#changes.observe(document.body, { childList: true, subtree: true });
    this.#sizes.observe(document.body);
    this.#placeSoon();
  }

  #open() {
    this.#dialog = openBuildDialog({ ...this.#target, host: root });
  }

  #placeSoon() {
    if (this.#target) this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#place(); });
  }

  /** Goes along with the headline at once; a place of its own is looked for when scrolling is over. */
  #follow() {
    if (!this.#target || this.#node.hidden) return;
    if (this.#node.classList.contains("floating")) this.#settle(); else this.#placeSoon();
  }

  #place() {
    if (!this.#target || !this.#isStyled) return;
    const main = document.querySelector("main");
    if (main) this.#sizes.observe(main);
    // MLflow draws its page in between: what stands may stay, and what does not may wait.
    if (this.#isPatient && !headline()) return;
    this.#node.hidden = false;
    const own = [...root.querySelectorAll("#slipway-session:not([hidden])")].map((node) => node.getBoundingClientRect());
    const { box, isBeside } = roomFor(this.#node.getBoundingClientRect(), own);
    this.#node.classList.toggle("floating", !isBeside);
    this.#node.style.setProperty("left", `${Math.round(box.left)}px`);
    this.#node.style.setProperty("top", `${Math.round(box.top)}px`);
  }
}
