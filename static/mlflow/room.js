// What MLflow's page has on it, as boxes.
import { besideHeadline, boxAt, freePlace, gap, isWithin, meet } from "./place.js";

const controls = `a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable=true],
  [role=button], [role=tab], [role=radio], [role=switch], [role=checkbox], [role=link], [role=combobox]`;
// They lie above everything and go away again.
const overlays = "[role=dialog], [role=menu], [role=listbox], [role=tooltip], [data-radix-popper-content-wrapper]";

function seen(selector, within = document) {
  return [...within.querySelectorAll(selector)].filter((node) => !node.closest(overlays) && node.checkVisibility());
}

function boxes(nodes) {
  return nodes.map((node) => node.getBoundingClientRect()).filter((box) => box.width && box.height);
}

function textBoxes() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const nodes = new Set();
  while (walker.nextNode()) if (walker.currentNode.data.trim()) nodes.add(walker.currentNode.parentElement);
  return boxes([...nodes].filter((node) => !node.closest(overlays) && node.checkVisibility()));
}

/** The box of a headline's own words: it is as wide as its row otherwise. */
function wordsOf(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  return range.getBoundingClientRect();
}

/** What is left to see of the box of `node` where it is scrolled. */
function clipOf(node) {
  const clip = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  for (let each = node.parentElement; each; each = each.parentElement) {
    if (getComputedStyle(each).overflow === "visible") continue;
    const box = each.getBoundingClientRect();
    clip.left = Math.max(clip.left, box.left);
    clip.top = Math.max(clip.top, box.top);
    clip.right = Math.min(clip.right, box.right);
    clip.bottom = Math.min(clip.bottom, box.bottom);
  }
  return clip;
}

/** MLflow's headline of the page, where it has drawn one. */
export function headline() {
  return seen("h1, h2", document.querySelector("main") ?? document)[0] ?? null;
}

/** Where something of `size` covers nothing that a person uses: `{ box, isBeside }`. First beside MLflow's own buttons
 *  in the headline's row while that is in sight, then in the corner, then wherever there is room. `own` are boxes of
 *  Slipway's own that count too. */
export function roomFor(size, own) {
  const taken = [...boxes(seen(controls)), ...own];
  const title = headline();
  if (title) {
    const beside = besideHeadline(wordsOf(title), taken, size);
    const isFree = beside && ![...taken, wordsOf(title)].some((box) => meet(beside, box));
    if (isFree && isWithin(beside, clipOf(title))) return { box: beside, isBeside: true };
  }
  const view = { left: gap, top: gap, right: innerWidth - gap, bottom: innerHeight - gap };
  const main = document.querySelector("main")?.getBoundingClientRect();
  // At the right of MLflow 3's page stands the button of its assistant.
  const right = main ? Math.min(main.right - 68, innerWidth - 24) : innerWidth - 24;
  const corner = boxAt(right - size.width, innerHeight - 24 - size.height, size);
  const isCornerFree = isWithin(corner, view) && !taken.some((box) => meet(corner, box));
  const box = isCornerFree ? corner
    : freePlace(view, [...taken, ...textBoxes()], size) ?? freePlace(view, taken, size) ?? corner;
  return { box, isBeside: false };
}
