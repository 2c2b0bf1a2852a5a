// Every way in which MLflow's page becomes another without being loaded.

/** Calls `listener` after each change of the address. MLflow's router calls pushState, which tells nobody. */
export function onNavigation(listener) {
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name];
    history[name] = function (...values) {
      const result = original.apply(this, values);
      // Later: whatever goes wrong there is none of the caller's business.
      queueMicrotask(listener);
      return result;
    };
  }
  addEventListener("hashchange", listener);
  addEventListener("popstate", listener);
}
