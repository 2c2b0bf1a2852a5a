// A log as it comes: a window of its lines is drawn, whatever its length.
import { parse, rgb } from "../lib/ansi.js";
import { h, icon } from "../lib/dom.js";
import { dateTime, number } from "../lib/format.js";
import { plural, text } from "../lib/i18n.js";
import { Geometry, LogWindow } from "../lib/log-window.js";
import { LogSearch } from "./log-search.js";

const lineHeight = 20;
const drawnBeyond = 12;
const note = /^\[slipway (\d{4}-\d\d-\d\dT[\d:.]+Z)\] /;

export class LogView extends HTMLElement {
  log = new LogWindow();
  #geometry = new Geometry(lineHeight);
  #rows = new Map();
  #isDue = false;
  #isFollowing = false;
  #isLive = false;
  #isMoved = false;
  #hasTimes = false;
  // The line at the upper edge, and how many there were: where the scroll bar stands for it depends on that.
  #top = 0;
  #count = 0;
  #current = null;
  #wanted = null;
  #lineAddress;
  #search = new LogSearch(this.log, { onHits: () => this.#redraw(), onGo: (line) => this.show(line, false) });
  #spacer = h("div", { class: "spacer" });
  #lines = h("div", { class: "lines" });
  #box = h("div", { class: "log-lines", tabIndex: 0, role: "region", ariaLabel: text("log") }, this.#spacer, this.#lines);
  #follow = h("button", { class: "toggle", type: "button", on: { click: () => this.follow(!this.#isFollowing) } }, icon("down"), text("follow"));
  #times = h("button", { class: "toggle", type: "button", ariaPressed: "false", on: { click: () => this.#setTimes(!this.#hasTimes) } }, icon("clock"), text("times"));
  #line = h("input", { type: "text", inputMode: "numeric", class: "line-number", ariaLabel: text("goToLine"), placeholder: text("line"), autocomplete: "off" });
  #size = h("span", { class: "faint" });

  /** `lineAddress` gives the address of a line (from 1); `onLine` is told which one was asked for by number. */
  constructor({ lineAddress, onLine, rawAddress, fileName }) {
    super();
    this.#lineAddress = lineAddress;
    const form = h("form", { class: "go", on: { submit: (event) => {
      event.preventDefault();
      const line = Number.parseInt(this.#line.value, 10);
      if (!(line > 0)) return;
      onLine(line);
      this.show(line - 1);
    } } }, this.#line);
    this.append(
      h("div", { class: "log-bar" }, h("h2", {}, text("log")), this.#size, h("span", { class: "grow" }),
        h("a", { href: rawAddress, target: "_blank", class: "button plain small" }, icon("open"), text("raw")),
        h("a", { href: rawAddress, download: fileName, class: "button plain small" }, icon("down"), text("download"))),
      h("div", { class: "log-bar" }, this.#search.node, form, this.#times, this.#follow),
      this.#box);
    this.#box.addEventListener("scroll", () => this.#scrolled());
    for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.#box.addEventListener(kind, () => { this.#isMoved = true; }, { passive: true });
    }
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("click", (event) => {
      const link = event.target.closest(".at");
      // The address may be the page's already, and yet the line is gone back to.
      if (link?.href === location.href) this.show(Number(link.textContent) - 1);
    });
    new ResizeObserver(() => this.#due()).observe(this.#box);
    this.#showToggles();
  }

  add(bytes) {
    const last = this.log.lineCount - 1;
    this.log.append(bytes);
    this.#rows.get(last)?.remove();
    this.#rows.delete(last);
    this.#search.more();
    if (this.#wanted !== null && this.#wanted < this.log.lineCount) this.show(this.#wanted);
    this.#due();
  }

  /** Goes to a line, which is marked, at once or when it comes; it is no more followed then. */
  show(line, isMarked = true) {
    this.#isFollowing = false;
    this.#isMoved = false;
    this.#showToggles();
    if (isMarked) this.#current = line;
    this.#wanted = line < this.log.lineCount ? null : line;
    if (this.#wanted !== null) return;
    this.#setHeight();
    this.#count = this.log.lineCount;
    this.#box.scrollTop = this.#geometry.scrollTop(line, this.#box.clientHeight, this.#count, 0.35);
    this.#box.scrollLeft = 0;
    this.#keepTop();
    this.#redraw();
  }

  follow(isFollowing = true) {
    this.#isFollowing = isFollowing;
    this.#isMoved = false;
    this.#wanted = null;
    this.#showToggles();
    this.#due();
  }

  /** Whether more is to come; only then is there something to follow. */
  setLive(isLive) {
    if (this.#isLive === isLive) return;
    this.#isLive = isLive;
    this.#showToggles();
    this.#due();
  }

  /** Nothing more will come: a line that was asked for and is not there is the last one. */
  end() {
    this.setLive(false);
    // What came with the end is not drawn yet, and is followed to it.
    this.#due();
    requestAnimationFrame(() => { this.#isFollowing = false; });
    if (this.#wanted !== null && this.log.lineCount) this.show(this.log.lineCount - 1);
  }

  setEmptyText(words) {
    this.#box.dataset.empty = words;
  }

  #showToggles() {
    this.#follow.hidden = !this.#isLive;
    this.#follow.ariaPressed = String(this.#isFollowing);
  }

  #setTimes(hasTimes) {
    this.#hasTimes = hasTimes;
    this.#times.ariaPressed = String(hasTimes);
    this.#redraw();
  }

  #isAtEnd() {
    return this.#box.scrollTop + this.#box.clientHeight >= this.#box.scrollHeight - lineHeight;
  }

  #keepTop() {
    this.#top = this.#geometry.window(this.#box.scrollTop, this.#box.clientHeight, this.#count).at;
  }

  #scrolled() {
    this.#keepTop();
    // Who scrolls up reads; who comes back to the end by hand follows again. A place that was asked for stays.
    if (this.#isMoved && this.#isLive && this.#isFollowing !== this.#isAtEnd()) {
      this.#isFollowing = this.#isAtEnd();
      this.#showToggles();
    }
    this.#due();
  }

  /** In a log that is longer than the scroll bar is fine, keys still go by lines. */
  #key(event) {
    const page = Math.floor(this.#box.clientHeight / lineHeight) - 1;
    const lines = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[event.key];
    if (!lines || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#box.scrollTop += lines * (this.#geometry.scrollTop(1, this.#box.clientHeight, this.log.lineCount) || lineHeight);
  }

  #redraw() {
    this.#rows.clear();
    this.#due();
  }

  #due() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => { this.#isDue = false; this.#draw(); });
  }

  #setHeight() {
    this.#spacer.style.height = `${this.#geometry.height(this.log.lineCount)}px`;
  }

  #draw() {
    const count = this.log.lineCount;
    this.#setHeight();
    if (this.#isFollowing) this.#box.scrollTop = this.#box.scrollHeight;
    else if (count !== this.#count && this.#geometry.isFolded(count)) {
      this.#box.scrollTop = this.#geometry.scrollTop(this.#top, this.#box.clientHeight, count);
    }
    this.#count = count;
    const { first, last, top } = this.#geometry.window(this.#box.scrollTop, this.#box.clientHeight, count, drawnBeyond);
    const rows = [];
    for (let line = first; line < last; line += 1) {
      if (!this.#rows.has(line)) this.#rows.set(line, this.#row(line));
      rows.push(this.#rows.get(line));
    }
    for (const line of this.#rows.keys()) if (line < first || line >= last) this.#rows.delete(line);
    this.#place(rows);
    this.#lines.style.transform = `translateY(${top}px)`;
    this.#lines.style.setProperty("--digits", String(String(count).length));
    const words = plural("lines", count);
    if (this.#size.textContent !== words) this.#size.textContent = words;
    this.#box.classList.toggle("is-empty", count === 0);
  }

  /** Rows that stay keep their place in the document, so that a selection in them lives on. */
  #place(rows) {
    const kept = new Set(rows);
    for (const node of [...this.#lines.children]) if (!kept.has(node)) node.remove();
    let next = this.#lines.firstElementChild;
    for (const row of rows) {
      if (row === next) next = next.nextElementSibling;
      else this.#lines.insertBefore(row, next);
    }
  }

  #row(line) {
    const isCurrent = line === this.#current;
    let words = this.log.text(line);
    const own = note.exec(words);
    if (own) words = words.slice(own[0].length);
    const marks = this.#search.isHit(line) ? this.#search.query : "";
    return h("div", { class: `row${own ? " note" : ""}${isCurrent ? " current" : ""}${this.#search.current === line ? " found" : ""}` },
      h("a", { class: "at", href: this.#lineAddress(line + 1), tabIndex: -1, ariaLabel: text("lineNumber", { line: number(line + 1) }) }, line + 1),
      h("span", { class: "words" }, own && this.#hasTimes && h("span", { class: "when" }, dateTime(own[1])), pieces(words, marks)));
  }
}

/** A line's text in its colours, with what is sought marked. */
function pieces(words, sought) {
  const parsed = parse(words);
  if (!sought) return parsed.map(({ text: each, look }) => span(each, look));
  const whole = parsed.map((piece) => piece.text).join("").toLowerCase();
  const cuts = [];
  for (let at = whole.indexOf(sought); at >= 0; at = whole.indexOf(sought, at + sought.length)) cuts.push([at, at + sought.length]);
  let from = 0;
  return parsed.flatMap(({ text: each, look }) => {
    const start = from;
    from += each.length;
    const nodes = [];
    let done = start;
    for (const [begin, end] of cuts) {
      const [left, right] = [Math.max(begin, start), Math.min(end, from)];
      if (left >= right) continue;
      nodes.push(span(each.slice(done - start, left - start), look), h("mark", {}, span(each.slice(left - start, right - start), look)));
      done = right;
    }
    nodes.push(span(each.slice(done - start), look));
    return nodes;
  });
}

function span(words, look) {
  if (!words || !Object.keys(look).length) return words;
  const names = ["bold", "dim", "italic", "underline", "strike"].filter((each) => look[each]);
  const style = {};
  for (const [what, name] of [["color", "ink"], ["background", "paper"]]) {
    if (look[what] === undefined) continue;
    names.push(name);
    style[`--${name}`] = look[what] < 16 ? `var(--ansi-${look[what]})` : `rgb(${rgb(look[what]).join(" ")})`;
  }
  return h("span", { class: names.join(" "), style }, words);
}

customElements.define("slipway-log", LogView);
