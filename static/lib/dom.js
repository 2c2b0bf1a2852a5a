// Elements without markup: whatever a model, a user or a log says becomes text, never HTML.

/** An element. `properties`: `class`, `style` and `dataset` (objects), `on` (listeners by event), anything else a
 *  property of the element where it has one, else an attribute. Children that are null, undefined or false are left out. */
export function h(name, properties, ...children) {
  return fill(document.createElement(name), properties, children);
}

export function svg(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes ?? {})) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function fill(node, properties, children) {
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null) continue;
    if (key === "class") node.className = value;
    else if (key === "style") for (const [name, each] of Object.entries(value)) node.style.setProperty(name, each);
    else if (key === "dataset") Object.assign(node.dataset, value);
    else if (key === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (key in node && !key.includes("-") && key !== "list") node[key] = value;
    else if (value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...shown(children));
  return node;
}

function shown(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Puts `children` in the place of what is there. */
export function show(node, ...children) {
  node.replaceChildren(...shown(children));
  return node;
}

const paths = {
  search: "M7 12.5a5.5 5.5 0 1 1 0-11 5.5 5.5 0 0 1 0 11ZM11 11l3.5 3.5",
  copy: "M5.5 5.5V2.5h8v8h-3M2.5 5.5h8v8h-8z",
  check: "M3 8.5 6.5 12 13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  dot: "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  clock: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.5V8l2.5 1.5",
  work: "M8 1.5a6.5 6.5 0 1 1-6.5 6.5",
  stop: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM5 8h6",
  warning: "M8 2 1.5 13.5h13zM8 6.5v3.5M8 11.5v.5",
  lost: "M2 5.5a9 9 0 0 1 12 0M4.5 8.5a5.5 5.5 0 0 1 7 0M8 12v.5M2 2l12 12",
  bell: "M4 11V7a4 4 0 1 1 8 0v4l1.5 1.5h-11zM6.5 14.5h3",
  down: "M8 2v9M4 7.5 8 11.5l4-4M2.5 14h11",
  chevron: "M6 3.5 10.5 8 6 12.5",
  open: "M6.5 3.5h-4v10h10v-4M9 2.5h4.5V7M13 3 7.5 8.5",
  again: "M13.5 8a5.5 5.5 0 1 1-1.7-4M12 1v3.2H8.8",
  edit: "M2.5 13.5 3 10.5 10.5 3 13 5.5 5.5 13zM9 4.5 11.5 7",
  remove: "M2.5 4.5h11M6 4V2.5h4V4M4 4.5l.5 9h7l.5-9M6.5 7v4M9.5 7v4",
  leave: "M6 2.5H2.5v11H6M6.5 8h7M10.5 4.5 14 8l-3.5 3.5",
  box: "M8 1.5 14 4.5v7L8 14.5l-6-3v-7zM2 4.5l6 3 6-3M8 7.5v7",
};

/** A sign of 16 pixels, which says nothing to screen readers: words stand beside it. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 16 16", class: `icon icon-${name}`, "aria-hidden": "true" },
    svg("path", { d: paths[name] }));
}

/** Calls `f` after `milliseconds` in which nobody called it, unless `signal` came first. */
export function later(milliseconds, f, signal) {
  let timer;
  signal?.addEventListener("abort", () => clearTimeout(timer));
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(f, milliseconds, ...values);
  };
}
