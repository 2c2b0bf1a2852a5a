// A finished image: how to use it, how it did when it was tried, what its size is made of.
import { pullLine, requestLine, runLine } from "../lib/commands.js";
import { h, icon } from "../lib/dom.js";
import { bytes, duration } from "../lib/format.js";
import { text } from "../lib/i18n.js";
import { copyable } from "./copy.js";
import { layersBar } from "./layers.js";
import { said } from "./said.js";
import { facts } from "./table.js";

export function useCard(build) {
  const pushed = build.pushed ?? [];
  return h("section", { class: "card" }, h("h2", {}, text("useImage")),
    copyable(text("runIt"), runLine(build)),
    copyable(text("askIt"), requestLine(build)),
    pushed.map((name) => copyable(text("pullIt"), pullLine(build, name))),
    !pushed.length && h("p", { class: "faint" }, build.runner?.host ? text("notPushed", build.runner) : text("notPushedAnywhere")));
}

function trial(verification) {
  if (!verification) return h("p", { class: "faint" }, text("notTried"));
  const isGood = verification.status >= 200 && verification.status < 300;
  return [
    h("p", { class: `verdict ${isGood ? "good" : "doubtful"}` }, icon(isGood ? "check" : "warning"),
      verification.status ? text("answered", { status: verification.status }) : text("noVerdict")),
    facts([
      [text("example"), verification.example && h("code", {}, verification.example)],
      [text("startup"), verification.startup_seconds !== undefined && duration(verification.startup_seconds)],
      [text("answerTime"), verification.request_seconds !== undefined && duration(verification.request_seconds)],
      [text("memory"), verification.memory_bytes !== undefined && bytes(verification.memory_bytes)],
      [text("note"), said(verification.note)],
    ]),
  ];
}

export function trialCard(build) {
  return h("section", { class: "card" }, h("h2", {}, text("trial")), trial(build.verification));
}

export function sizeCard({ image }) {
  return h("section", { class: "card" },
    h("h2", {}, text("image"), h("span", { class: "aside" }, bytes(image.size_bytes))),
    layersBar(image),
    facts([
      [text("reference"), h("code", {}, image.reference)],
      [text("imageID"), h("code", { title: image.id }, image.id)],
      [text("digest"), image.digest && h("code", { title: image.digest }, image.digest)],
      [text("engine"), image.engine],
    ]));
}
