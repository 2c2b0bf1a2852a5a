// Where on MLflow's page there is room for the button. Pure: boxes are { left, top, right, bottom } in pixels.

/** How far the button keeps from others. */
export const gap = 8;

/** Whether two boxes have a point in common, or are nearer than `distance`. */
export function meet(one, other, distance = 0) {
  return one.left < other.right + distance && other.left < one.right + distance
    && one.top < other.bottom + distance && other.top < one.bottom + distance;
}

export function isWithin(box, view) {
  return box.left >= view.left && box.right <= view.right && box.top >= view.top && box.bottom <= view.bottom;
}

export function boxAt(left, top, { width, height }) {
  return { left, top, right: left + width, bottom: top + height };
}

/** Left of what stands at the right of the headline. */
export function besideHeadline(headline, controls, size) {
  const middle = (headline.top + headline.bottom) / 2;
  const row = controls.filter((box) => box.left >= headline.right && box.top < middle && middle < box.bottom);
  if (row.length === 0) return null;
  const first = row.reduce((found, box) => (box.left < found.left ? box : found));
  return boxAt(first.left - gap - size.width, (first.top + first.bottom - size.height) / 2, size);
}

/** A place in `view` that meets none of `taken`: the lowest, and of those the rightmost. */
export function freePlace(view, taken, size) {
  for (let top = view.bottom - size.height; top >= view.top; top -= gap) {
    let left = view.right - size.width;
    while (left >= view.left) {
      const box = boxAt(left, top, size);
      const blocking = taken.filter((other) => meet(box, other, gap));
      if (blocking.length === 0) return box;
      // Nothing between here and the left end of all that is in the way can be free.
      left = Math.min(left - 1, Math.min(...blocking.map((other) => other.left)) - gap - size.width);
    }
  }
  return null;
}
