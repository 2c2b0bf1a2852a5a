// What an image's size is made of.
import { h } from "../lib/dom.js";
import { bytes, percent } from "../lib/format.js";
import { text } from "../lib/i18n.js";

const most = 6;
/** Of the whole: what is smaller cannot be seen in a bar. */
const least = 0.005;

/** What made a layer, in a few words. */
function name(layer) {
  return layer.created_by.replace(/^\/bin\/sh -c (#\(nop\) )?/, "").replace(/\s+/g, " ").slice(0, 160) || text("layerUnknown");
}

/** The largest layers one by one, the others together. */
function shares(layers) {
  const sorted = layers.filter((layer) => layer.size_bytes > 0).sort((a, b) => b.size_bytes - a.size_bytes);
  const total = sorted.reduce((sum, each) => sum + each.size_bytes, 0);
  const large = sorted.slice(0, most).filter((layer) => layer.size_bytes >= least * total);
  const rest = sorted.slice(large.length);
  const shown = large.map((layer) => ({ name: name(layer), size: layer.size_bytes }));
  if (rest.length) shown.push({ name: text("layersRest"), size: rest.reduce((sum, each) => sum + each.size_bytes, 0) });
  return shown;
}

export function layersBar(image) {
  const layers = shares(image.layers ?? []);
  const total = layers.reduce((sum, each) => sum + each.size, 0);
  if (!total) return null;
  const part = (layer, index) => h("span", { class: `part part-${index}`, style: { "flex-grow": String(layer.size / total) } });
  const line = (layer, index) => h("li", {},
    h("span", { class: `key part-${index}` }), h("span", { class: "what", title: layer.name }, layer.name),
    h("span", { class: "number" }, bytes(layer.size)), h("span", { class: "number faint" }, percent(layer.size / total)));
  return h("div", { class: "layers" },
    h("div", { class: "bar", "aria-hidden": "true" }, layers.map(part)),
    h("ul", { ariaLabel: text("layers") }, layers.map(line)));
}
