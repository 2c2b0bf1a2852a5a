// What a version of a model is known by beside its number.
import { h } from "../lib/dom.js";

export function marks({ status, stage, aliases }) {
  return h("span", { class: "chips" },
    status !== "READY" && h("span", { class: "chip warn" }, status),
    stage && stage !== "None" && h("span", { class: "chip" }, stage),
    (aliases ?? []).map((alias) => h("span", { class: "chip" }, `@${alias}`)));
}
