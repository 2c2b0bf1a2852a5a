// One field of the form: label, control, hint and what is wrong with it.
import { h, show } from "../lib/dom.js";
import { text } from "../lib/i18n.js";
import { kinds, managers, valueOf, writtenOf } from "./fields.js";

function control(name, properties) {
  const plain = { autocomplete: "off", spellcheck: false, autocapitalize: "none" };
  switch (kinds[name]) {
    case "lines": case "pairs": return h("textarea", { ...plain, ...properties, rows: 2 });
    case "number": return h("input", { ...properties, type: "number", min: 1, max: 604800, step: 1 });
    case "truth": return h("input", { ...properties, type: "checkbox" });
    case "choice": return h("select", properties, managers.map((manager) => h("option", { value: manager }, text(`dialogManager_${manager}`))));
    case "either": return h("select", properties,
      ["", "true", "false"].map((value) => h("option", { value }, text(`dialogEither_${value || "usual"}`))));
    default: return h("input", { ...plain, ...properties, type: "text" });
  }
}

export class Field {
  #hint;
  #error;
  #suggestions;
  input;
  node;

  constructor(name, value) {
    this.name = name;
    const ids = { hint: `${name}-hint`, error: `${name}-error`, suggestions: `${name}-suggestions` };
    this.input = control(name, { id: name, name, "aria-describedby": `${ids.hint} ${ids.error}` });
    this.#hint = h("p", { id: ids.hint, class: "hint" });
    this.#error = h("p", { id: ids.error, class: "error", ariaLive: "polite" });
    this.written = writtenOf(name, value);
    const label = h("label", { htmlFor: name }, text(`field_${name}`));
    if (kinds[name] === "truth") {
      this.node = h("div", { class: "field check" }, this.input, label, this.#hint, this.#error);
    } else {
      this.#suggestions = h("datalist", { id: ids.suggestions });
      if (kinds[name] === "text") this.input.setAttribute("list", ids.suggestions);
      this.node = h("div", { class: "field" }, label, this.input, this.#suggestions, this.#hint, this.#error);
    }
  }

  get written() {
    return kinds[this.name] === "truth" ? this.input.checked : this.input.value;
  }

  set written(value) {
    if (kinds[this.name] === "truth") this.input.checked = value;
    // The first of a list stands for nothing said.
    else if (value || kinds[this.name] !== "choice") this.input.value = value;
  }

  /** For the API; undefined where the field says nothing. */
  get value() {
    return valueOf(this.name, this.written);
  }

  hint(...words) {
    show(this.#hint, words);
  }

  suggest(values) {
    show(this.#suggestions, values.map((value) => h("option", { value })));
  }

  /** Says what is wrong; nothing is all right. */
  complain(words) {
    show(this.#error, words);
    this.input.setAttribute("aria-invalid", String(Boolean(words)));
  }
}
