// The dialog in which an image is ordered, and which then follows the build to its end. MLflow's page and the console have it.
import { h, icon, show } from "../lib/dom.js";
import { text } from "../lib/i18n.js";
import { BuildForm } from "./build-form.js";
import { BuildProgress } from "./build-progress.js";

/** Opens it over whatever page there is, in a shadow root of its own within `host`.
 *
 *  `prefill` holds fields of an order by their names in the API, `onAccepted` is told of the build. Returns what can be
 *  asked to `close()`; the build goes on. */
export function openBuildDialog(options) {
  return new BuildDialog(options);
}

/** The element that has the focus, in whichever shadow root. */
function focused() {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node;
}

class BuildDialog {
  #options;
  #opener = focused();
  #end = new AbortController();
  #view = h("div", { class: "view" });
  #dialog;
  #host = h("div", { class: "build-dialog" });

  constructor(options) {
    this.#options = options;
    this.#dialog = h("dialog", { "aria-labelledby": "title", "aria-describedby": "subject" },
      h("div", { class: "head" },
        h("div", {}, h("h2", { id: "title" }, text("buildImage")), h("p", { id: "subject" }, text("modelVersion", options))),
        h("button", { class: "icon-button", type: "button", ariaLabel: text("dialogClose"), on: { click: () => this.close() } }, icon("cross"))),
      this.#view);
    this.#dialog.addEventListener("close", () => this.#leave());
    // The page that it was opened over is gone.
    addEventListener("hashchange", () => this.close(), { signal: this.#end.signal });
    const style = h("link", { rel: "stylesheet", href: new URL("dialog.css", import.meta.url) });
    for (const event of ["load", "error"]) style.addEventListener(event, () => this.#show());
    this.#host.attachShadow({ mode: "open" }).append(style, this.#dialog);
    // The page below has keys of its own, and is not meant.
    for (const event of ["keydown", "keyup", "keypress"]) this.#host.addEventListener(event, (each) => each.stopPropagation());
    this.#showForm(options.prefill);
    options.host.append(this.#host);
  }

  close() {
    if (this.#dialog.open) this.#dialog.close(); else this.#leave();
  }

  #show() {
    if (this.#end.signal.aborted || this.#dialog.open) return;
    this.#dialog.showModal();
    this.#dialog.querySelector("[data-first]")?.focus();
  }

  #leave() {
    this.#end.abort();
    this.#host.remove();
    if (this.#opener?.isConnected) this.#opener.focus();
  }

  #showForm(prefill) {
    const { model, version, workspace } = this.#options;
    const signal = this.#end.signal;
    const form = new BuildForm({
      model, version, workspace, prefill, signal,
      onClose: () => this.close(),
      onAccepted: (answer, order) => this.#follow(answer, order),
    });
    show(this.#view, form.node);
    if (this.#dialog.open) form.node.querySelector("[data-first]")?.focus();
  }

  #follow({ build, coalesced }, order) {
    const progress = new BuildProgress({
      build, isCoalesced: coalesced, signal: this.#end.signal,
      onClose: () => this.close(),
      onChange: () => this.#showForm(order),
    });
    show(this.#view, progress.node);
    progress.node.querySelector("[data-first]")?.focus();
    this.#options.onAccepted?.(build);
  }
}
