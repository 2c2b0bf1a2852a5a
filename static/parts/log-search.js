// A search through a whole log, in slices, so that the page never stands still.
import { h, icon, later } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { text } from "../lib/i18n.js";
import { pause } from "./pause.js";

const most = 100_000;

export class LogSearch {
  query = "";
  /** The line that was gone to. */
  current = null;
  #log;
  #hits = [];
  #known = new Set();
  #next = 0;
  #run = 0;
  #isRunning = false;
  #hasGone = false;
  #onHits;
  #onGo;
  #field = h("input", { type: "search", ariaLabel: text("searchLog"), placeholder: text("searchLog"), spellcheck: false, autocomplete: "off" });
  #told = h("span", { class: "faint", role: "status" });
  #before = this.#button("previousHit", "up", () => this.#step(-1));
  #after = this.#button("nextHit", "chevron", () => this.#step(1));
  node = h("form", { class: "search", role: "search", ariaLabel: text("searchLog") },
    h("span", { class: "field" }, icon("search"), this.#field), this.#told, this.#before, this.#after);

  constructor(log, { onHits, onGo }) {
    this.#log = log;
    this.#onHits = onHits;
    this.#onGo = onGo;
    this.#field.addEventListener("input", later(200, () => this.#start()));
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#step(event.shiftKey ? -1 : 1);
    });
    this.node.addEventListener("submit", (event) => event.preventDefault());
    this.#tell();
  }

  isHit(line) { return this.#known.has(line); }

  #button(key, sign, act) {
    return h("button", { type: "button", class: `icon-button ${sign}`, ariaLabel: text(key), title: text(key), on: { click: act } }, icon("chevron"));
  }

  #start() {
    this.query = this.#field.value.toLowerCase();
    this.current = null;
    this.#hits = [];
    this.#known.clear();
    this.#next = 0;
    this.#run += 1;
    this.#isRunning = false;
    this.#hasGone = false;
    this.#onHits();
    this.#tell();
    if (this.query) this.#look();
  }

  /** The log has grown; its last line may have been half of one. */
  more() {
    if (!this.query || this.#isRunning) return;
    this.#next = Math.max(0, Math.min(this.#next, this.#log.lineCount) - 1);
    this.#look();
  }

  async #look() {
    const run = this.#run;
    this.#isRunning = true;
    while (this.#next < this.#log.lineCount && this.#hits.length < most) {
      const { found, next } = this.#log.search(this.query, this.#next);
      this.#next = next;
      for (const line of found) this.#add(line);
      if (found.length && !this.#hasGone) this.#step(1);
      this.#tell();
      await pause();
      if (run !== this.#run) return;
    }
    this.#isRunning = false;
    this.#onHits();
    this.#tell();
  }

  #add(line) {
    if (this.#known.has(line)) return;
    this.#known.add(line);
    this.#hits.push(line);
  }

  #step(by) {
    if (!this.#hits.length) return;
    this.#hasGone = true;
    const at = this.#hits.indexOf(this.current);
    const to = at < 0 ? (by > 0 ? 0 : this.#hits.length - 1) : (at + by + this.#hits.length) % this.#hits.length;
    this.current = this.#hits[to];
    this.#onGo(this.current);
    this.#tell();
  }

  #tell() {
    // What changes with each slice is not read aloud; what came of it is.
    this.#told.ariaBusy = String(this.#isRunning);
    const none = this.#hits.length === 0;
    this.#before.disabled = none;
    this.#after.disabled = none;
    if (!this.query) this.#told.textContent = "";
    else if (none) this.#told.textContent = text(this.#isRunning ? "searching" : "noHits");
    else {
      const count = number(this.#hits.length) + (this.#isRunning || this.#hits.length >= most ? "+" : "");
      this.#told.textContent = text("hitOf", { hit: number(this.#hits.indexOf(this.current) + 1), count });
    }
  }
}
