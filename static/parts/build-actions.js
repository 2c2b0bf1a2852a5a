// What can be done with a build, by those who may.
import { openBuildDialog } from "../dialog/build-dialog.js";
import { get, buildPath, builds, post, remove } from "../lib/api.js";
import { h, icon } from "../lib/dom.js";
import { text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { isMeant } from "../mlflow/route.js";
import { confirm } from "./confirm.js";
import { hasEnded } from "./state.js";

/** Whether somebody may build this model; without one, any at all. */
export function mayBuild(me, model) {
  return model === undefined ? me.models.length > 0 : isMeant(me.models, model);
}

export const isAdministrator = (me) => me.role === "administrator";

/** Opens the dialog in which a build is ordered. */
export function order(options) {
  openBuildDialog({ host: document.body, ...options });
}

function named(build) {
  return { id: build.build_id, model: build.model_name, version: build.model_version };
}

export function askCancel(build) {
  return confirm({
    title: text("cancelTitle"), message: text("cancelMessage", named(build)), action: text("cancelIt"),
    act: () => post(buildPath(build.build_id, "cancel")),
  });
}

export function askDelete(build) {
  const image = h("input", { type: "checkbox" });
  return confirm({
    title: text("deleteTitle"), message: text("deleteMessage", named(build)), action: text("deleteIt"),
    options: build.image && h("label", { class: "check" }, image, text("deleteImage", { image: build.image.reference })),
    act: () => remove(buildPath(build.build_id), { image: image.checked || undefined }),
  });
}

export async function retry(build) {
  const answer = await post(buildPath(build.build_id, "retry"));
  return answer.build;
}

/** What the order of a build said, as far as it is known: the dialog begins with it. */
export function ordered(build) {
  return { image_name: build.image_name, ...(build.options ?? { base_image: build.base_image, env_manager: build.env_manager }) };
}

/** The build of the same model before this one, if there is one to be compared with. */
export async function before(build, options) {
  const answer = await get(builds, { model_name: build.model_name, created_before: build.created_at, max_results: 2 }, options);
  return answer.builds.find((each) => each.build_id !== build.build_id) ?? null;
}

/** Ends after which the same may well succeed. */
const passing = ["RUNNER_LOST", "HOST_RESTARTED", "TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR", "PUSH_FAILED"];

/** The buttons for one build; `run` does an action and tells of its refusal. */
export function actions(build, me, run) {
  const go = (id) => { location.hash = address("build", { id }); };
  const button = (name, sign, act, kind = "plain") => h("button", { class: kind, type: "button", on: { click: (event) => run(act, event.currentTarget) } }, icon(sign), text(name));
  const rebuild = () => order({
    model: build.model_name, version: build.model_version, prefill: ordered(build), onAccepted: (accepted) => go(accepted.build_id),
  });
  const ended = hasEnded(build);
  const isBuilder = mayBuild(me, build.model_name);
  // What helps first: a change where the order itself has failed.
  const next = build.state === "succeeded" ? null : build.state === "cancelled" || passing.includes(build.error?.error_code) ? "retryIt" : "rebuild";
  const look = (name) => (name === next ? "primary" : "plain");
  return [
    isBuilder && !ended && button("cancelIt", "stop", () => askCancel(build)),
    isBuilder && ended && button("retryIt", "again", async () => go((await retry(build)).build_id), look("retryIt")),
    isBuilder && ended && button("rebuild", "edit", rebuild, look("rebuild")),
    isAdministrator(me) && ended && button("deleteIt", "remove", async () => { if (await askDelete(build)) location.hash = address("builds"); }),
  ].filter(Boolean);
}
