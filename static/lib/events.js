// A stream of events that comes back by itself, and says when it is lost.
import { get, withQuery } from "./api.js";

const firstPause = 1000;
const longestPause = 15000;
/** A stream that ends as planned is back before that. */
const patience = 4000;
/** How often what nobody looks at is asked for. */
const rest = 30000;
const refusals = [401, 403, 404];

/** Follows the stream at `path`, a thing's `events`, until `signal` ends it or the stream says `eof`.
 *
 *  `on` has a function for each kind of event, which gets its data. `onState` is told `open`, `lost` (it is being tried
 *  again) and `closed`; with `closed` comes the refusal, where there was one. `query` is asked at each connection made
 *  here, so that one can go on from where it was.
 *
 *  Browsers have six connections to a host that speaks HTTP/1.1, and a stream holds one: a page that is hidden has none,
 *  and asks for the state of a build now and then. */
export function follow(path, { query = () => ({}), on, onState, signal }) {
  const watched = path.replace(/\/events$/, "");
  const over = new AbortController();
  let source = null;
  let pause = firstPause;
  let timer;
  let lost;
  // Of what was begun, only the last counts.
  let turn = 0;

  function stop() {
    turn += 1;
    clearTimeout(timer);
    clearTimeout(lost);
    lost = undefined;
    source?.close();
    source = null;
  }

  function end(refusal) {
    over.abort();
    stop();
    onState("closed", refusal);
  }

  function connect() {
    source = new EventSource(withQuery(path, query()));
    source.addEventListener("open", () => {
      pause = firstPause;
      clearTimeout(lost);
      lost = undefined;
      onState("open");
    });
    source.addEventListener("error", () => {
      if (!source) return;
      lost ??= setTimeout(onState, patience, "lost");
      // The browser tries again by itself, except after an answer that is no stream: then it says no more than that.
      if (source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(look, pause, connect);
      pause = Math.min(pause * 2, longestPause);
    });
    source.addEventListener("eof", () => end());
    for (const [kind, listener] of Object.entries(on)) {
      source.addEventListener(kind, (event) => listener(JSON.parse(event.data)));
    }
  }

  /** Asks for what is followed, which tells as well whether it still is there, and for whom. */
  async function look(next) {
    const own = turn;
    const { build, refusal } = await get(watched, {}, { signal }).catch((error) => ({ refusal: error }));
    if (own !== turn) return;
    if (refusals.includes(refusal?.status)) return end(refusal);
    if (build) on.status?.(build);
    next();
  }

  function glance() {
    timer = setTimeout(look, rest, glance);
  }

  function see() {
    stop();
    if (!document.hidden) connect();
    else if (on.status) glance();
  }

  signal.addEventListener("abort", () => { over.abort(); stop(); });
  document.addEventListener("visibilitychange", see, { signal: over.signal });
  see();
}
