// Which page an address' fragment means. Pure: no document here.

const routes = [
  ["models", "models"],
  ["versions", "models/:model"],
  ["version", "models/:model/versions/:version"],
  ["builds", "builds"],
  ["build", "builds/:id"],
  ["compare", "compare/:a/:b"],
  ["audit", "audit"],
  ["system", "system"],
];

/** The page of a fragment: its name, the parts of its path and its query; null where there is none. */
export function match(hash) {
  const [path, search = ""] = split(hash.replace(/^#?\/?/, ""));
  const parts = path.split("/").filter((part, index, all) => part || index < all.length - 1);
  for (const [name, pattern] of routes) {
    const parameters = bind(pattern.split("/"), parts);
    if (parameters) return { name, parameters, query: Object.fromEntries(new URLSearchParams(search)) };
  }
  return null;
}

function split(text) {
  const at = text.indexOf("?");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function bind(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const parameters = {};
  for (const [index, piece] of pattern.entries()) {
    if (!piece.startsWith(":")) {
      if (piece !== parts[index]) return null;
      continue;
    }
    const value = decoded(parts[index]);
    if (!value) return null;
    parameters[piece.slice(1)] = value;
  }
  return parameters;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** The ids of builds that an address names, `ID,ID`. Anybody may have written it: what is no id is left out. */
export function buildIDs(words = "") {
  return [...new Set(words.split(","))].filter((id) => /^[0-9a-f]{8}$/.test(id));
}

/** The fragment of a page, and of what is asked of it. */
export function address(name, parameters = {}, query = {}) {
  const pattern = routes.find(([each]) => each === name)[1];
  const path = pattern.replace(/:(\w+)/g, (_, key) => encodeURIComponent(parameters[key]));
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return `#/${path}${said.length ? `?${new URLSearchParams(said)}` : ""}`;
}
