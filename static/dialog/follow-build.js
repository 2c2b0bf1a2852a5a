// A build, from now to its end.
import { buildPath, get } from "../lib/api.js";
import { passes } from "../parts/problem.js";
import { hasEnded } from "../parts/state.js";

const pause = 2000;

/** Tells `onBuild` of the build again and again until it has ended or `signal` ends it, and `onTrouble` of
 *  what keeps it from being seen, or of null when it is seen again. */
export async function followBuild(id, { signal, onBuild, onTrouble }) {
  while (!signal.aborted) {
    await new Promise((resolve) => { setTimeout(resolve, pause); });
    try {
      const { build } = await get(buildPath(id), {}, { signal });
      onTrouble(null);
      onBuild(build);
      if (hasEnded(build)) return;
    } catch (error) {
      if (signal.aborted) return;
      onTrouble(error);
      if (!passes(error)) return;
    }
  }
}
