// A stream of events that comes back by itself, and says when it is lost.
import { Refusal, get, withQuery } from "./api.js";

const firstPause = 1000;
const longestPause = 15000;

/** Follows the stream at `path` until `signal` ends it or the stream says `eof`.
 *
 *  `on` has a function for each kind of event, which gets its data. `onState` is told `open`, `lost` (it is being tried
 *  again) and `closed`; with `closed` comes the refusal, where there was one. `query` is asked at each connection made
 *  here, so that one can go on from where it was. */
export function follow(path, { query = () => ({}), on, onState, signal }) {
  let source = null;
  let pause = firstPause;
  let timer;

  function end(refusal) {
    clearTimeout(timer);
    source?.close();
    source = null;
    onState("closed", refusal);
  }

  function connect() {
    source = new EventSource(withQuery(path, query()));
    source.addEventListener("open", () => { pause = firstPause; onState("open"); });
    source.addEventListener("error", () => {
      if (signal.aborted || !source) return;
      onState("lost");
      // The browser tries again by itself, except after an answer that is no stream: then it says no more than that.
      if (source.readyState === EventSource.CLOSED) again();
    });
    source.addEventListener("eof", () => end());
    for (const [kind, listener] of Object.entries(on)) {
      source.addEventListener(kind, (event) => listener(JSON.parse(event.data)));
    }
  }

  function again() {
    source.close();
    timer = setTimeout(async () => {
      const refusal = await get("/slipway/me", {}, { signal })
        .then((me) => (me.user ? null : new Refusal(401, {})), () => null);
      if (signal.aborted) return;
      if (refusal) end(refusal); else connect();
    }, pause);
    pause = Math.min(pause * 2, longestPause);
  }

  signal.addEventListener("abort", () => { clearTimeout(timer); source?.close(); source = null; });
  connect();
}
