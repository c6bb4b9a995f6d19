// What a prediction made, as nodes of the page: pictures, sound, video, text, JSON.

import { link, notice } from "./api.js";
import { codeBlock } from "./markdown.js";
import { make } from "./marks.js";

const MOST_TEXT = 200_000; // bytes of a text file that is shown

/** Whether a word of states is an end. */
export function ended(status) { return ["succeeded", "failed", "cancelled", "canceled"].includes(status); }

/** Dollars, with the digits that say something. */
export function dollars(amount) {
  const number = Number(amount);
  const [whole, part = ""] = Math.abs(number).toFixed(9).split(".");
  const digits = part.replace(/0+$/, "").padEnd(2, "0");
  return `${number < 0 ? "−" : ""}$${whole}.${digits}`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** The element that plays or shows a file; null where there is none. */
export function medium(type, url, name) {
  const kind = /^(image|audio|video)\//.exec(type)?.[1];
  if (!kind) return null;
  const el = make(kind === "image" ? "img" : kind);
  el.src = url;
  if (kind === "image") el.alt = name;
  else {
    el.controls = true;
    el.preload = "metadata";
    el.setAttribute("aria-label", name);
  }
  return el;
}

/** The output of a prediction, or of an event about what is new in it. */
export function outputNodes({ output, metadata }) {
  const files = metadata?.storage?.files ?? [];
  const nodes = files.map(fileNode);
  const links = new Set(files.map((f) => f.url));
  const rest = Array.isArray(output) ? output.filter((o) => !links.has(o)) : output;
  if (rest === null || rest === undefined || links.has(rest) || (Array.isArray(rest) && rest.length === 0)) return nodes;
  if (typeof rest === "string") nodes.push(make("div", "wrapped", codeBlock(document, rest, "Output")));
  else if (Array.isArray(rest) && rest.every((o) => typeof o === "string" && !/^https?:/.test(o))) nodes.push(make("div", "wrapped", codeBlock(document, rest.join(""), "Output")));
  else nodes.push(codeBlock(document, JSON.stringify(rest, null, 2), "Output as JSON"));
  return nodes;
}

function fileNode(file) {
  const save = link(file.url, `Download ${file.name}`);
  save.download = file.name;
  save.rel = "noopener";
  const words = make("figcaption", "small", save, make("span", "dim", ` ${file.type}, ${size(file.size)}`));
  const figure = make("figure", "result-file");
  const el = medium(file.type, file.url, `Output: ${file.name}`);
  if (el) figure.append(el);
  else if (/^(text\/|application\/json)/.test(file.type) && file.size <= MOST_TEXT) readInto(figure, file);
  figure.append(words);
  return figure;
}

/** A text file is fetched and shown; where that fails, the link remains. */
async function readInto(figure, file) {
  try {
    const answer = await fetch(file.url, { credentials: "omit" });
    if (!answer.ok) return;
    figure.prepend(make("div", "wrapped", codeBlock(document, await answer.text(), `Output: ${file.name}`)));
  } catch {
    // Another host that allows no reading.
  }
}

/** What is known of the run. */
export function factNodes(p, request) {
  const list = make("dl", "facts");
  const add = (name, value) => list.append(make("dt", "", name), make("dd", "", value));
  if (ended(p.status)) add("Cost", p.metadata?.billing?.credits_used > 0 ? dollars(p.metadata.billing.credits_used) : "Nothing");
  if (p.metrics?.predict_time !== undefined) add("Computed", `${p.metrics.predict_time.toFixed(2)} s`);
  if (p.metrics?.total_time !== undefined) add("From start to end", `${p.metrics.total_time.toFixed(2)} s`);
  add("Prediction", link(`/predictions/${encodeURIComponent(p.id)}`, p.id));
  if (request) add("Request", link(`/requests/${encodeURIComponent(request)}`, request));
  return list;
}

/** Why a prediction failed. */
export function failure(p) {
  return notice({ message: p.error || p.response || "The prediction failed.", details: "", id: p.error_id ?? "", status: 0, request: "" });
}
