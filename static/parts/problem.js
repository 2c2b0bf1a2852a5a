// What stands where there is nothing to show: loading, empty, refused, offline, signed out.
import { signInAddress } from "../account.js";
import { Refusal, Unreachable } from "../lib/api.js";
import { h, icon, show } from "../lib/dom.js";
import { gloss, text } from "../lib/i18n.js";
import { said } from "./said.js";

export function loading() {
  return h("div", { class: "placeholder", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), text("loading"));
}

export function empty(title, ...more) {
  return h("div", { class: "placeholder" }, icon("box"), h("p", { class: "title" }, title), ...more);
}

/** A link to the sign-in page that comes back to where one is when it is followed. */
export function signInLink() {
  const link = h("a", { href: signInAddress(location), class: "button" }, text("signIn"));
  link.addEventListener("click", () => { link.href = signInAddress(location); });
  return link;
}

/** What an error is called, and what can be done about it or the server says. */
export function words(error) {
  if (error instanceof Unreachable) return { title: text(navigator.onLine ? "unreachable" : "offline"), hint: text("triesAgain") };
  if (!(error instanceof Refusal)) return { title: text("brokenPage"), hint: String(error) };
  if (error.status === 401) return { title: text("sessionOver"), hint: text("sessionOverHint") };
  if (error.status === 403) return { title: text("forbidden"), hint: said(error.message, error.hint) };
  if (error.status === 404) return { title: text("notFound"), hint: said(error.message) };
  const known = gloss(error.code);
  if (known) return { title: known, hint: said(error.message, error.hint) };
  return { title: error.message || text("noAnswer"), hint: said(error.hint) };
}

/** Whether the same request may well be answered in a moment. */
export function passes(error) {
  return error instanceof Unreachable || (error instanceof Refusal && [502, 503, 504].includes(error.status));
}

export function problem(error, retry) {
  const { title, hint } = words(error);
  const isSignedOut = error.status === 401;
  return h("div", { class: "placeholder", role: "alert" },
    icon(error instanceof Unreachable ? "lost" : isSignedOut ? "clock" : "warning"),
    h("p", { class: "title" }, title),
    hint && h("p", {}, hint),
    isSignedOut ? signInLink() : retry && h("button", { class: "plain", on: { click: retry } }, text("tryAgain")));
}

/** A line about an action that was refused; nothing while there is no error. */
export function complaint(error) {
  if (!error) return null;
  const { title, hint } = words(error);
  return h("p", { class: "complaint", role: "alert" }, icon("warning"),
    h("span", {}, h("strong", {}, title), " ", hint), error.status === 401 && signInLink());
}

const pause = 5000;

/** Fills `node` with what `render` makes of what `load` brings; meanwhile and otherwise it says what is the matter.
 *  What may pass is tried again by itself; no answer takes the place of one that was asked for later. Returns a function
 *  that loads anew, keeping what is shown until then. */
export function fill(node, signal, load, render) {
  let timer;
  let hasFailed = false;
  let begun = 0;
  let shown = 0;
  async function attempt(isQuiet) {
    clearTimeout(timer);
    const own = begun += 1;
    const isOver = () => signal.aborted || own < shown;
    hasFailed = false;
    if (!isQuiet) show(node, loading());
    node.ariaBusy = "true";
    try {
      const loaded = await load();
      if (isOver()) return;
      shown = own;
      show(node, render(loaded));
    } catch (error) {
      if (isOver() || error.name === "AbortError") return;
      shown = own;
      hasFailed = true;
      show(node, problem(error, () => attempt(false)));
      if (passes(error)) timer = setTimeout(() => attempt(true), pause);
    } finally {
      if (own === begun) node.ariaBusy = "false";
    }
  }
  addEventListener("online", () => { if (hasFailed) attempt(true); }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  attempt(false);
  return () => attempt(true);
}
