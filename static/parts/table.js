// A table that scrolls sideways by itself where it is too wide.
import { h } from "../lib/dom.js";

/** `columns`: `{ name, class, cell }`, where `cell` makes of a row what stands in it. */
export function table(label, columns, rows) {
  const head = columns.map((column) => h("th", { scope: "col", class: column.class }, column.name));
  const line = (row) => h("tr", {}, columns.map((column) => h("td", { class: column.class }, column.cell(row))));
  return h("div", { class: "table", role: "region", tabIndex: 0, ariaLabel: label },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows.map(line))));
}

/** The way to the next page, and back to the first. `address` makes one of a page's token. */
export function paging({ token, next, address, labels }) {
  if (!token && !next) return null;
  return h("nav", { class: "paging", ariaLabel: labels.paging },
    token && h("a", { class: "button plain", href: address() }, labels.first),
    next && h("a", { class: "button plain", href: address(next) }, labels.next));
}

/** Names and what stands for them; pairs without a value are left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return h("dl", { class: "facts" }, known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
