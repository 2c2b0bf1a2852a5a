/** Lets the page do what waits: input, drawing. */
export function pause() {
  return globalThis.scheduler?.yield ? scheduler.yield() : new Promise((resolve) => { setTimeout(resolve); });
}
