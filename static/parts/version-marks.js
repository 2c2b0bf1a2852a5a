// What a version of a model is known by beside its number.
import { h } from "../lib/dom.js";

/** Its stage and aliases; null where it has none. */
export function marks({ stage, aliases }) {
  const names = [stage !== "None" && stage, ...(aliases ?? []).map((alias) => `@${alias}`)].filter(Boolean);
  return names.length ? h("span", { class: "chips" }, names.map((name) => h("span", { class: "chip" }, name))) : null;
}

/** A word about a version that cannot be built yet. */
export function notReady({ status }) {
  return status !== "READY" && h("span", { class: "chip warn" }, status);
}
