// How a build is: one look for each of waiting, working, lost and ended, told by shape and word as much as by colour.
import { h, icon } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { plural, text } from "../lib/i18n.js";

const ends = ["succeeded", "failed", "cancelled"];

export const states = ["queued", "preparing", "downloading", "building", "verifying", "pushing", ...ends];

export const hasEnded = (build) => ends.includes(build.state);

/** `waiting`, `working`, or the way in which it ended. */
export function kind(build) {
  if (build.state === "queued") return "waiting";
  return hasEnded(build) ? build.state : "working";
}

const signs = { waiting: "clock", working: "work", succeeded: "check", failed: "cross", cancelled: "stop" };

export function badge(build) {
  const what = kind(build);
  const place = build.queue_position ? ` · ${text("place", { place: number(build.queue_position) })}` : "";
  return h("span", { class: `badge ${what}` }, icon(signs[what]), text(`state_${build.state}`) + place);
}

/** The state in a whole sentence. */
export function sentence(build) {
  if (build.state !== "queued") return text(`sentence_${build.state}`);
  const before = (build.queue_position ?? 0) - 1;
  if (before < 0) return text("sentence_queued");
  return before ? plural("waitingBehind", before) : text("waitingNext");
}

export function sign(build) {
  return icon(signs[kind(build)]);
}
