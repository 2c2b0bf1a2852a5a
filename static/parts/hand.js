// What is in the reader's hand while a node is drawn anew: the focus, and what is being pressed.

export class Hand {
  #node;
  #free = Promise.resolve();

  constructor(node, signal) {
    this.#node = node;
    const releases = ["pointerup", "pointercancel", "contextmenu", "blur"];
    node.addEventListener("pointerdown", () => {
      const { promise, resolve } = Promise.withResolvers();
      this.#free = promise;
      const released = new AbortController();
      // The click comes after this, and wants its link to be there still.
      const release = () => { released.abort(); setTimeout(resolve); };
      for (const each of releases) addEventListener(each, release, { signal: released.signal });
      signal.addEventListener("abort", release, { signal: released.signal });
    });
  }

  /** Settles once nothing is held down: a link that is gone when it is let go is never followed. */
  isFree() { return this.#free; }

  /** What has the focus has it again once the node is drawn anew, which is to follow at once; where it is gone, what
   *  scrolls has it. */
  keepFocus() {
    const name = (node) => node.ariaLabel ?? node.href;
    const { activeElement: focused } = document;
    if (focused === this.#node || !this.#node.contains(focused)) return;
    queueMicrotask(() => {
      const all = [...this.#node.querySelectorAll("[tabindex], input, a")];
      (all.find((each) => name(each) === name(focused)) ?? all[0])?.focus({ preventScroll: true });
    });
  }
}
