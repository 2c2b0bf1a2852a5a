// Which model version an address of MLflow's means. Pure: no document here.

const page = /(?:^|\/)models\/([^/?#]+)\/versions\/(\d+)\/?$/;

/** The version that is shown at an address (a `URL` or the `location`): `{ model, version, workspace }`, else null.
 *
 *  MLflow's pages are fragments (`/#/models/NAME/versions/3?workspace=TEAM`); should a fragment say nothing, it is the
 *  path that counts, whatever prefix the server has. */
export function versionAt({ pathname, search, hash }) {
  const [path, query] = hash.startsWith("#/") ? split(hash.slice(1)) : [pathname, search];
  const [, name, version] = page.exec(path) ?? [];
  const model = name && decoded(name);
  if (!model) return null;
  return { model, version, workspace: new URLSearchParams(query).get("workspace") };
}

function split(fragment) {
  const at = fragment.indexOf("?");
  return at < 0 ? [fragment, ""] : [fragment.slice(0, at), fragment.slice(at)];
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Whether one of the patterns, in which `*` stands for any text, is of this name. */
export function isMeant(patterns, name) {
  return patterns.some((pattern) => {
    const parts = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "s").test(name);
  });
}
