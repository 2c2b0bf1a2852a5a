// The one element that Slipway puts into MLflow's page; in its shadow root neither's style reaches the other.
import { h } from "../lib/dom.js";

const host = h("div", { id: "slipway" });

export const root = host.attachShadow({ mode: "open" });

const style = h("link", { rel: "stylesheet", href: new URL("mlflow.css", import.meta.url) });

/** Kept when what stands in there looks as it should. */
export const styled = new Promise((resolve) => { style.addEventListener("load", resolve); });

root.append(style);
document.body.append(host);
