// The first console: a form that submits, and the latest builds, read again every two seconds.
import { goToSignIn, signOut, whoAmI } from "./account.js";
import { text } from "./lib/i18n.js";

const base = "/ajax-api/2.0/mlflow/models/build-docker";
const byId = (id) => document.getElementById(id);

async function call(path, options) {
  const response = await fetch(path, options);
  if (response.status === 401) goToSignIn();
  const body = await response.json();
  if (!response.ok) throw new Error(body.hint ? `${body.message} (${body.hint})` : body.message);
  return body;
}

function element(name, text, className) {
  const node = document.createElement(name);
  node.textContent = text ?? "";
  if (className) node.className = className;
  return node;
}

function cell(...children) {
  const node = document.createElement("td");
  node.append(...children);
  return node;
}

function row(build) {
  const link = element("a", build.build_id);
  link.href = `${base}/${build.build_id}/log`;
  const state = element("span", build.state, build.state);
  const why = build.error ? [element("div", build.error.message, "why")] : [];
  const size = build.image ? `${(build.image.size_bytes / 1e6).toFixed(0)} MB` : "";
  const node = document.createElement("tr");
  node.append(
    cell(link),
    cell(`${build.model_name} ${build.model_version}`),
    cell(state, ...why),
    cell(element("code", build.image_name)),
    cell(size),
    cell(build.duration_seconds?.toFixed(1) ?? ""),
    cell(build.created_by),
    cell(new Date(build.created_at).toLocaleString()),
  );
  return node;
}

async function showBuilds() {
  const { builds } = await call(`${base}?max_results=50`);
  byId("builds").replaceChildren(...builds.map(row));
  byId("empty").hidden = builds.length > 0;
}

byId("submit").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = byId("answer");
  answer.className = "";
  answer.textContent = "Asking…";
  try {
    const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
    const { build } = await call(base, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    answer.textContent = `Build ${build.build_id} was accepted.`;
    await showBuilds();
  } catch (error) {
    answer.className = "bad";
    answer.textContent = error.message;
  }
});

async function showAccount() {
  const me = await whoAmI();
  if (!me.user) return goToSignIn();
  byId("account").hidden = false;
  byId("user").textContent = me.user;
  // Credentials that a browser sends by itself cannot be taken back from here.
  byId("sign-out").hidden = me.auth !== "session";
  byId("sign-out").textContent = text("signOut");
}

byId("sign-out").addEventListener("click", () => {
  signOut().then(goToSignIn, (error) => { byId("trouble").textContent = error.message; });
});

async function refresh() {
  try {
    await showBuilds();
    byId("trouble").textContent = "";
  } catch (error) {
    byId("trouble").textContent = error.message;
  }
  setTimeout(refresh, 2000);
}
showAccount().catch((error) => { byId("trouble").textContent = error.message; });
refresh();
