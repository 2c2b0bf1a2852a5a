// Two builds side by side, with what differs marked.
import { kinds, writtenOf } from "../dialog/fields.js";
import { Refusal, builds, buildPath, get, getText } from "../lib/api.js";
import { byName, sideBySide } from "../lib/diff.js";
import { h } from "../lib/dom.js";
import { bytes, dateTime, duration } from "../lib/format.js";
import { text } from "../lib/i18n.js";
import { address } from "../lib/routes.js";
import { fill } from "../parts/problem.js";
import { table } from "../parts/table.js";

export function page({ parameters: { a, b }, signal }) {
  const body = h("div");
  const node = h("div", {}, h("header", { class: "page-head" },
    h("nav", { class: "crumbs", ariaLabel: text("youAreHere") }, h("a", { href: address("builds") }, text("builds"))),
    h("h1", { tabIndex: -1 }, text("comparison"))), body);
  fill(body, signal, () => Promise.all([a, b].map((id) => load(id, signal))).then((both) => addPackages(both, signal)), ([first, second]) => view(first, second));
  return { title: text("comparison"), node };
}

/** What is not there of a build is told as nothing. */
function ifThere(request) {
  return request.catch((error) => {
    if (error instanceof Refusal && [404, 409].includes(error.status)) return null;
    throw error;
  });
}

async function load(id, signal) {
  const { build } = await get(buildPath(id), {}, { signal });
  const [dockerfile, bill] = await Promise.all([
    ifThere(getText(buildPath(id, "dockerfile"), {}, { signal })), ifThere(get(buildPath(id, "sbom"), {}, { signal })),
  ]);
  return { build, dockerfile, bill };
}

/** The packages in both images, by their bills of materials; without one of those what the two models ask for. */
async function addPackages(both, signal) {
  const hasBills = both.every((one) => one.bill?.components);
  await Promise.all(both.map(async (one) => {
    one.packages = hasBills ? one.bill.components.map(component) : await required(one.build, signal);
  }));
  return both;
}

function component({ name, version = "", purl = "" }) {
  return { name, version, type: /^pkg:([^/]+)\//.exec(purl)?.[1] };
}

async function required({ model_name, model_version }, signal) {
  const plan = await ifThere(get(`${builds}/defaults`, { model_name, model_version }, { signal }));
  return (plan?.defaults.requirements ?? []).map((line) => {
    const [, name, version] = /^([\w.-]+(?:\[[^\]]*\])?)\s*(.*)$/.exec(line) ?? [null, line, ""];
    return { name, version };
  });
}

/** Times are never quite the same: what matters is a tenth, and a second. */
function isAlike(first, second) {
  return first === second || Math.abs(first - second) < Math.max(1, first / 10);
}

function view(a, b) {
  const head = (one) => h("span", {}, h("a", { href: address("build", { id: one.build.build_id }) }, one.build.build_id));
  const columns = () => [
    { name: h("span", { class: "visually-hidden" }, text("what")), cell: (row) => [h("span", { class: "strong" }, row.name), row.type && h("span", { class: "faint" }, ` ${row.type}`)] },
    { name: head(a), cell: (row) => mark(row, row.a) },
    { name: head(b), cell: (row) => mark(row, row.b) },
  ];
  const isEqual = (first, second) => JSON.stringify(first) === JSON.stringify(second);
  const row = (name, of, shown = (value) => value, isSame = isEqual) => {
    const [first, second] = [of(a.build), of(b.build)];
    const cell = (value) => (value === undefined || value === null || value === "" ? null : shown(value));
    return { name, a: cell(first), b: cell(second), same: isSame(first, second) };
  };
  const options = Object.keys(kinds).filter((name) => !shownAnyway.includes(name));
  const steps = [...new Set([a, b].flatMap((one) => one.build.steps.map((step) => step.name)))];
  const rows = [
    row(text("state"), (build) => build.state, (state) => text(`state_${state}`)),
    row(text("model"), (build) => `${build.model_name} ${build.model_version}`),
    row(text("imageName"), (build) => build.image_name, (name) => h("code", {}, name)),
    row(text("baseImage"), (build) => build.base_image, (name) => h("code", {}, name)),
    row(text("envManager"), (build) => build.env_manager),
    ...options.map((name) => row(text(`field_${name}`), (build) => option(name, build.options?.[name]),
      (written) => written.split("\n").map((line, index) => [index > 0 && h("br"), line]))),
    row(text("size"), (build) => build.image?.size_bytes, bytes),
    row(text("memory"), (build) => build.verification?.memory_bytes, bytes),
    row(text("startup"), (build) => build.verification?.startup_seconds, duration, isAlike),
    row(text("duration"), (build) => build.duration_seconds, duration, isAlike),
    ...steps.map((name) => row(text(`step_${name}`), (build) => build.steps.find((step) => step.name === name)?.seconds, duration, isAlike)),
    row(text("startedBy"), (build) => build.created_by),
    row(text("submittedAt"), (build) => build.created_at, dateTime, () => true),
  ].filter((each) => each.a !== null || each.b !== null);
  return [
    h("div", { class: "card flush" }, table(text("comparison"), columns(), rows)),
    h("h2", { class: "section-title" }, text("packages")), packages(a, b, columns()),
    h("h2", { class: "section-title" }, text("dockerfile")), h("div", { class: "card flush" }, dockerfiles(a, b)),
  ];
}

/** Options of an order that the build itself tells better. */
const shownAnyway = ["image_name", "base_image", "env_manager"];

/** What was ordered, as the form has it; nothing where nothing was said. */
function option(name, value) {
  if (value === true || (value === false && kinds[name] === "either")) return text(`dialogEither_${value}`);
  const written = writtenOf(name, value) || "";
  // In what order pairs come says nothing.
  return kinds[name] === "pairs" ? written.split("\n").sort().join("\n") : written;
}

function mark(row, value) {
  return h("span", { class: row.same ? "" : "differs" }, value ?? "—", !row.same && h("span", { class: "visually-hidden" }, ` ${text("differs")}`));
}

function packages(a, b, columns) {
  const rows = byName(a.packages, b.packages);
  const different = rows.filter((row) => !row.same);
  const same = rows.length - different.length;
  const quiet = h("p", { class: "faint inset" }, text("samePackages", { count: same }));
  return h("div", { class: "card flush" }, different.length > 0 && table(text("packages"), columns, different), quiet);
}

function dockerfiles(a, b) {
  if (a.dockerfile === null || b.dockerfile === null) return h("p", { class: "faint inset" }, text("noDockerfile"));
  const lines = (words) => words.replace(/\n$/, "").split("\n");
  const rows = sideBySide(lines(a.dockerfile), lines(b.dockerfile));
  if (rows.every((row) => row.same)) return h("p", { class: "faint inset" }, text("sameDockerfile"));
  const cell = (row, words) => h("td", { class: row.same ? "" : words === null ? "none" : "differs" }, words ?? "",
    !row.same && words !== null && h("span", { class: "visually-hidden" }, ` ${text("differs")}`));
  return h("div", { class: "table", role: "region", tabIndex: 0, ariaLabel: text("dockerfile") }, h("table", { class: "sides" },
    h("thead", {}, h("tr", {}, [a, b].map((one) => h("th", { scope: "col" }, one.build.build_id)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, cell(row, row.a), cell(row, row.b))))));
}
