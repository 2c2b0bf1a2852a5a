// Something to be copied, with a button that does it.
import { h, icon, show } from "../lib/dom.js";
import { text } from "../lib/i18n.js";

async function copy(words, node) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    // Without TLS a page has no clipboard: then it is selected, to be copied by hand.
    getSelection().selectAllChildren(node);
    return document.execCommand("copy");
  }
}

/** A labelled command line. */
export function copyable(label, words) {
  const code = h("code", { tabIndex: 0, role: "group", ariaLabel: label }, words);
  const button = h("button", { class: "icon-button", ariaLabel: text("copyWhat", { what: label }), title: text("copy") }, icon("copy"));
  const told = h("span", { class: "told", role: "status" });
  button.addEventListener("click", async () => {
    const done = await copy(words, code);
    show(button, icon(done ? "check" : "copy"));
    told.textContent = text(done ? "copied" : "selected");
    setTimeout(() => { show(button, icon("copy")); told.textContent = ""; }, 2000);
  });
  return h("div", { class: "copyable" }, h("span", { class: "label" }, label, told), h("div", { class: "line" }, code, button));
}
