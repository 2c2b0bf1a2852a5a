// The fields of an order: what is written in a form, and what goes to the API. Pure: no document here.

/** By kind: `text`, `lines` (a list, one a line), `words` (a list), `pairs` (name=value, one a line), `number`, `truth` (a
 *  check mark), `choice` (one of some, the first being none), `either` (as the site does, yes or no). */
export const kinds = {
  image_name: "text", base_image: "text", env_manager: "choice",
  extra_requirements: "lines", apt_packages: "words", pip_index_url: "text", platform: "text",
  tags: "words", labels: "pairs", build_args: "pairs", timeout_seconds: "number",
  gpu: "either", install_java: "either", smoke_test: "either", push: "either", write_tags: "either",
  slim: "truth", no_cache: "truth", pull: "truth",
};

/** What `env_manager` is one of; the first stands for nothing said. */
export const managers = ["local", "virtualenv", "conda"];

/** What the API takes in a query too, when it is asked what an order would do. */
export const asked = Object.keys(kinds).filter((name) => ["text", "choice", "either", "truth"].includes(kinds[name]));

export class FieldError extends Error {
  constructor(field, line) {
    super(line);
    this.field = field;
  }
}

const lines = (words) => words.split("\n").map((line) => line.trim()).filter(Boolean);
const list = (items) => (items.length ? items : undefined);

function pairs(name, words) {
  const entries = lines(words).map((line) => {
    const at = line.indexOf("=");
    if (at < 1) throw new FieldError(name, line);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  return entries.length ? Object.fromEntries(entries) : undefined;
}

/** The value of a field for the API, from what is written in it; undefined where that says nothing. */
export function valueOf(name, written) {
  switch (kinds[name]) {
    case "lines": return list(lines(written));
    case "words": return list(written.split(/[\s,]+/).filter(Boolean));
    case "pairs": return pairs(name, written);
    case "number": return written === "" ? undefined : Number(written);
    case "truth": return written || undefined;
    case "choice": return written && written !== managers[0] ? written : undefined;
    case "either": return written === "" ? undefined : written === "true";
    default: return written.trim() || undefined;
  }
}

/** What to write into a field for a value of the API. */
export function writtenOf(name, value) {
  if (kinds[name] === "truth") return value === true;
  if (value === undefined || value === null) return "";
  switch (kinds[name]) {
    case "lines": return value.join("\n");
    case "words": return value.join(" ");
    case "pairs": return Object.entries(value).map((pair) => pair.join("=")).join("\n");
    default: return String(value);
  }
}

/** The field that the API complains about: its messages begin with the name. */
export function fieldOf(message) {
  const [name] = /^\w+/.exec(message) ?? [];
  return Object.hasOwn(kinds, name) ? name : null;
}
