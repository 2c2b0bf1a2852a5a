// Times that go on: elements that say how long ago something was, or how long it has been going.
import { h } from "./dom.js";
import { dateTime, duration, relative } from "./format.js";

/** "5 minutes ago", with the date in full as its title. */
export function ago(time) {
  return h("time", { dateTime: time, title: dateTime(time), dataset: { ago: time } }, relative(time));
}

/** How long it has been since `time`. */
export function since(time) {
  return h("span", { class: "number", dataset: { since: time } }, sinceNow(time));
}

function sinceNow(time) {
  return duration(Math.max(0, Math.floor((Date.now() - new Date(time)) / 1000)));
}

function set(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

/** Keeps all such elements of the page right. */
export function startClock(root = document) {
  setInterval(() => {
    for (const node of root.querySelectorAll("[data-ago]")) set(node, relative(node.dataset.ago));
    for (const node of root.querySelectorAll("[data-since]")) set(node, sinceNow(node.dataset.since));
  }, 1000);
}
