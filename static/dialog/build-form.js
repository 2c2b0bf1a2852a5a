// What is to be built, and what an order would do as it stands.
import { Refusal, Unreachable, builds, get, post } from "../lib/api.js";
import { h, icon, later, show } from "../lib/dom.js";
import { gloss, plural, text } from "../lib/i18n.js";
import { complaint, passes } from "../parts/problem.js";
import { said, warnings } from "../parts/said.js";
import { Field } from "./field.js";
import { FieldError, asked, fieldOf, kinds } from "./fields.js";

const first = ["image_name", "base_image", "env_manager"];
const advanced = Object.keys(kinds).filter((name) => !first.includes(name));
const pause = 5000;

export class BuildForm {
  #options;
  #fields = {};
  #suggested = null;
  #isDecided = false;
  #isBusy = false;
  #question = null;
  #timer;
  #decision = h("div", { class: "decision" });
  #trouble = h("div", { class: "trouble" });
  #more;
  #submit = h("button", { dataset: { first: "" } }, text("dialogBuild"));
  node;

  constructor(options) {
    this.#options = options;
    for (const name of Object.keys(kinds)) this.#fields[name] = new Field(name, options.prefill?.[name]);
    const all = (names) => names.map((name) => this.#fields[name].node);
    this.#more = h("details", { class: "more", open: advanced.some((name) => this.#fields[name].value !== undefined) },
      h("summary", {}, icon("chevron"), text("dialogMore")), h("div", { class: "grid" }, all(advanced)));
    this.node = h("form", { noValidate: true },
      h("div", { class: "body" }, all(first), this.#decision, this.#more),
      h("div", { class: "foot" }, this.#trouble, h("div", { class: "buttons" },
        h("button", { type: "button", class: "plain", on: { click: options.onClose } }, text("dialogCancel")), this.#submit)));
    this.node.addEventListener("submit", (event) => { event.preventDefault(); this.#order(); });
    // A key held down on MLflow's page has opened this; it is not to order as well.
    this.node.addEventListener("keydown", (event) => { if (event.repeat && event.key === "Enter" && event.target.localName !== "textarea") event.preventDefault(); });
    const askLater = later(500, () => this.#ask());
    this.node.addEventListener("input", ({ target }) => {
      this.#fields[target.name].complain();
      if (asked.includes(target.name)) askLater();
    });
    for (const name of advanced) this.#fields[name].hint(text(`fieldHint_${name}`));
    this.#fields.platform.suggest(["linux/amd64", "linux/arm64"]);
    this.#fields.pip_index_url.suggest(["pypi", "tsinghua"]);
    options.signal.addEventListener("abort", () => { this.#question?.abort(); clearTimeout(this.#timer); });
    if (options.workspace && options.workspace !== "default") return this.#refuse();
    this.#ask();
  }

  /** Slipway asks MLflow without naming a workspace, and would build what has the same name elsewhere. */
  #refuse() {
    this.#submit.disabled = true;
    show(this.#trouble, h("p", { class: "complaint", role: "alert" }, icon("warning"), text("dialogWorkspace", this.#options)));
  }

  // What an order would do

  async #ask() {
    clearTimeout(this.#timer);
    this.#question?.abort();
    if (this.#options.signal.aborted || this.#isBusy) return;
    this.#question = new AbortController();
    const { signal } = this.#question;
    const query = { model_name: this.#options.model, model_version: this.#options.version };
    for (const name of asked) query[name] = this.#said(name);
    if (!this.#isDecided) show(this.#decision, h("p", { class: "faint" }, h("span", { class: "spinner", "aria-hidden": "true" }), text("dialogLooking")));
    try {
      const { defaults } = await get(`${builds}/defaults`, query, { signal });
      if (signal.aborted) return;
      if (query.image_name === undefined) this.#suggest(defaults.image_name);
      this.#tell(defaults);
    } catch (error) {
      if (signal.aborted) return;
      this.#complain(error);
      // What an order would do cannot be known without an answer; it may be given all the same.
      this.#submit.disabled = error instanceof Refusal && [401, 403, 404, 409].includes(error.status);
      if (passes(error)) this.#timer = setTimeout(() => this.#ask(), pause);
    }
  }

  #said(name) {
    const { value } = this.#fields[name];
    return name === "image_name" && value === this.#suggested ? undefined : value;
  }

  #suggest(name) {
    const { image_name: field } = this.#fields;
    if (!field.written || field.written === this.#suggested) field.written = name;
    this.#suggested = name;
  }

  #tell(defaults) {
    this.#isDecided = true;
    const { base_image: base } = this.#fields;
    base.input.placeholder = text("dialogAutomatic");
    base.hint(text(base.written ? "dialogBaseChosen" : "dialogBaseAutomatic"), " ", h("code", {}, defaults.base_image), " – ", said(defaults.base_image_reason));
    const minor = defaults.python_version.split(".").slice(0, 2).join(".");
    base.suggest([...new Set([defaults.base_image, `python:${minor}-slim`, `python:${minor}`, "debian:bookworm-slim", "ubuntu:24.04"])]);
    this.#fields.env_manager.hint(text(`dialogManagerHint_${defaults.env_manager}`));
    for (const field of Object.values(this.#fields)) field.complain();
    show(this.#trouble);
    this.#submit.disabled = false;
    const packages = defaults.requirements.length + (defaults.conda?.packages.length ?? 0);
    show(this.#decision,
      h("dl", {},
        h("dt", {}, text("python")), h("dd", {}, defaults.python_version, h("span", { class: "faint" }, " – ", said(defaults.python_version_reason))),
        h("dt", {}, text("packages")), h("dd", {}, plural("dialogPackageCount", packages),
          defaults.pip_index_url && h("span", { class: "faint" }, ` – ${defaults.pip_index_url}`)),
        defaults.system_packages.length > 0 && [h("dt", {}, text("systemPackages")), h("dd", {}, defaults.system_packages.join(", "))]),
      warnings(defaults.warnings),
      h("details", {}, h("summary", {}, icon("chevron"), text("dockerfile")),
        h("pre", { tabIndex: 0, role: "region", ariaLabel: text("dockerfile") }, defaults.dockerfile)));
  }

  // The order

  #fieldsSaid() {
    const said = {};
    for (const name of Object.keys(kinds)) {
      const value = this.#said(name);
      if (value !== undefined) said[name] = value;
    }
    return said;
  }

  async #order() {
    if (this.#submit.disabled) return;
    this.#question?.abort();
    show(this.#trouble);
    this.#setBusy(true);
    try {
      const said = this.#fieldsSaid();
      const answer = await post(builds, { model_name: this.#options.model, model_version: this.#options.version, ...said },
        { signal: this.#options.signal });
      this.#options.onAccepted(answer, said);
    } catch (error) {
      if (this.#options.signal.aborted) return;
      this.#setBusy(false);
      // A button that was disabled has lost the focus.
      this.#submit.focus();
      this.#complain(error, true);
    }
  }

  #setBusy(isBusy) {
    this.#isBusy = this.#submit.disabled = isBusy;
    this.#submit.textContent = text(isBusy ? "dialogSending" : "dialogBuild");
  }

  #unreachable() {
    return h("p", { class: "complaint", role: "alert" }, icon("lost"), h("span", {}, h("strong", {}, text("unreachable")), ` ${text("dialogOnce")}`));
  }

  #complain(error, isOrder = false) {
    const name = error instanceof FieldError ? error.field : error instanceof Refusal && error.status === 400 && fieldOf(error.message);
    const field = this.#fields[name];
    if (!field) {
      if (!this.#isDecided) show(this.#decision);
      return show(this.#trouble, isOrder && error instanceof Unreachable ? this.#unreachable() : complaint(error));
    }
    field.complain(error instanceof FieldError ? text("dialogNoPair", { line: error.message })
      : [gloss("field"), " ", said(error.message, error.hint)]);
    if (advanced.includes(name)) this.#more.open = true;
    if (isOrder) field.input.focus();
  }
}
