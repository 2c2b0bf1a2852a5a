// Requests to Slipway. What comes back is an answer, a Refusal, or Unreachable.

export const builds = "/ajax-api/2.0/mlflow/models/build-docker";

/** Slipway's answer instead of what was asked for. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body.message ?? "");
    this.status = status;
    this.code = body.error_code ?? "";
    this.hint = body.hint ?? "";
  }
}

/** No answer at all: no network, or a server that is gone. */
export class Unreachable extends Error {}

const moment = 300;

/** A network that changes under a request fails it: what only asks is asked once more. */
async function send(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (options?.method || options?.isAgain) throw new Unreachable(error.message);
    await new Promise((resolve) => { setTimeout(resolve, moment); });
    return send(path, { ...options, isAgain: true });
  }
  if (!response.ok) {
    if (response.status === 401 && path !== "/slipway/login") globalThis.dispatchEvent?.(new Event("slipway-signed-out"));
    throw new Refusal(response.status, await response.json().catch(() => ({})));
  }
  return response;
}

/** The path of a build, or of something of it: `buildPath(id, "log")`. */
export function buildPath(id, ...rest) {
  return [builds, id, ...rest].map((part, index) => (index ? encodeURIComponent(part) : part)).join("/");
}

/** `path` with those fields of `query` that say something. */
export function withQuery(path, query = {}) {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return said.length ? `${path}?${new URLSearchParams(said)}` : path;
}

export async function get(path, query, options) {
  return (await send(withQuery(path, query), options)).json();
}

export async function getText(path, query, options) {
  return (await send(withQuery(path, query), options)).text();
}

/** The bare response, for what is read as it comes. */
export function open(path, query, options) {
  return send(withQuery(path, query), options);
}

export async function post(path, body = {}, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await send(path, { ...options, method: "POST", headers, body: JSON.stringify(body) })).json();
}

export async function remove(path, query, options = {}) {
  const headers = { "Content-Type": "application/json" };
  const response = await send(withQuery(path, query), { ...options, method: "DELETE", headers });
  return response.json().catch(() => ({}));
}
