// A question before something that cannot be taken back.
import { h, show } from "../lib/dom.js";
import { text } from "../lib/i18n.js";
import { complaint } from "./problem.js";

/** Asks, and does `act` where the answer is yes; a refusal is told in the dialog. True once it was done. */
export function confirm({ title, message, action, act, options = [] }) {
  const { promise, resolve } = Promise.withResolvers();
  const trouble = h("div");
  const yes = h("button", { class: "danger", type: "submit" }, action);
  const no = h("button", { class: "plain", type: "button", on: { click: () => dialog.close() } }, text("back"));
  const form = h("form", {}, h("h2", { id: "confirm-title" }, title), h("p", {}, message), options, trouble,
    h("div", { class: "actions end" }, no, yes));
  const dialog = h("dialog", { class: "confirm", "aria-labelledby": "confirm-title" }, form);
  let done = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    yes.disabled = true;
    try {
      await act();
      done = true;
      dialog.close();
    } catch (error) {
      yes.disabled = false;
      show(trouble, complaint(error));
    }
  });
  // On another page it is no more the question.
  const leave = () => dialog.close();
  addEventListener("hashchange", leave);
  dialog.addEventListener("close", () => { removeEventListener("hashchange", leave); dialog.remove(); resolve(done); });
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}
