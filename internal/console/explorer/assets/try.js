// The form that tries a route on this very server. A pasted key lives in its field and
// nowhere else; a signed-in person's short-lived key lives in the module of the frame.

import { sessionKey, say } from "../ui/app.js";
import { events } from "../ui/stream.js";
import { check } from "./check.js";
import { textOf } from "./delta.js";
import { fill } from "./snippets.js";

const card = document.getElementById("try-form");
const op = JSON.parse(card.dataset.operation);
const one = (id) => document.getElementById(id);
const form = card.querySelector("form");
const bodyField = one("try-body");
const maxShown = 2_000_000; // characters of an answer that the page shows
let running = null;
let raw = "";

function url() {
  const query = new URLSearchParams();
  let path = op.path;
  for (const field of card.querySelectorAll("[data-in]")) {
    if (field.dataset.in === "path") path = path.replace(`{${field.dataset.name}}`, field.value ? encodeURIComponent(field.value) : `{${field.dataset.name}}`);
    else if (field.value) query.set(field.dataset.name, field.value);
  }
  if (streaming() && op.streams === "query") query.set("stream", "true");
  return query.size ? `${path}?${query}` : path;
}

function streaming() { return one("try-stream")?.checked ?? false; }

/** The body as text, with the wish for a stream in it; "" for none. */
function body() {
  if (!bodyField) return "";
  if (!streaming() || op.streams !== "body") return bodyField.value;
  try {
    return JSON.stringify({ ...JSON.parse(bodyField.value), stream: true }, null, 2);
  } catch {
    return bodyField.value;
  }
}

function refresh() {
  const shownKey = op.operator ? "op-…" : "sk-…"; // a pasted key is not repeated in the page
  const values = { base: card.dataset.base, key: shownKey, url: url(), body: body() };
  for (const pre of document.querySelectorAll("[data-snippet]")) pre.firstElementChild.textContent = fill(op.templates[pre.dataset.snippet], values);
  hints();
}

function hints() {
  if (!bodyField) return true;
  const place = one("try-hints");
  let problems;
  try {
    problems = check(JSON.parse(bodyField.value), op.schema);
  } catch (error) {
    problems = [`This is no valid JSON: ${error.message}`];
  }
  place.textContent = problems.join("; ");
  bodyField.setAttribute("aria-invalid", String(problems.length > 0));
  return problems.length === 0;
}

async function headers() {
  const h = { Accept: streaming() && op.streams ? "text/event-stream" : "application/json" };
  const key = one("try-key").value.trim() || (op.operator || !op.key ? null : await sessionKey());
  if (key && op.operator) h.Authorization = `Bearer ${key}`;
  else if (key) h["x-api-key"] = key;
  if (op.type === "application/json") h["Content-Type"] = "application/json";
  return h;
}

function payload() {
  if (op.type === "application/json") return body();
  if (op.type !== "multipart/form-data") return undefined;
  const data = new FormData();
  const file = one("try-file").files[0];
  if (file) data.append("file", file);
  return data;
}

async function send(event) {
  event.preventDefault();
  if (running) return;
  running = new AbortController();
  busy(true);
  const began = performance.now();
  try {
    const answer = await fetch(url(), { method: op.method, headers: await headers(), body: payload(), signal: running.signal, credentials: "omit" });
    one("try-answer").hidden = false;
    state(answer, began);
    one("try-head").textContent = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    await show(answer);
    state(answer, began);
  } catch (error) {
    one("try-state").textContent = error.name === "AbortError" ? "Cancelled." : `No answer: ${error.message}`;
  } finally {
    running = null;
    busy(false);
  }
}

function busy(on) {
  one("try-send").setAttribute("aria-disabled", String(on));
  one("try-cancel").hidden = !on;
  if (on) one("try-state").textContent = "Waiting…";
}

function state(answer, began) {
  const text = `Status ${answer.status} after ${Math.round(performance.now() - began)} ms`;
  one("try-state").textContent = text;
  say(text);
}

async function show(answer) {
  raw = "";
  one("try-raw").textContent = "";
  const kind = answer.headers.get("content-type") ?? "";
  const place = one("try-shown");
  place.replaceChildren();
  if (kind.startsWith("text/event-stream")) return follow(answer, place);
  const media = kind.match(/^(image|audio|video)\//)?.[1];
  if (media) return showMedia(await answer.blob(), media, place);
  if (!/json|text/.test(kind)) return showFile(await answer.blob(), place);
  raw = (await answer.text()).slice(0, maxShown);
  one("try-raw").textContent = raw;
  let value;
  try {
    value = JSON.parse(raw);
  } catch {
    return block(place, raw);
  }
  showError(value, place);
  block(place, JSON.stringify(value, null, 2));
  showOutputs(value, place);
}

/** A stream: its text as it comes, and every event raw. */
async function follow(answer, place) {
  const text = block(place, "");
  const last = document.createElement("div");
  place.append(last);
  const seen = (piece) => {
    raw = (raw + piece).slice(-maxShown);
    one("try-raw").textContent = raw;
  };
  for await (const event of events(answer.body, seen)) {
    text.textContent += textOf(event);
    if (event.event === "done" || event.event === "error") {
      const value = JSON.parse(event.data);
      last.replaceChildren();
      block(last, JSON.stringify(value, null, 2));
      showOutputs(value, last);
    }
  }
  if (text.textContent === "") text.textContent = raw;
}

function block(place, text) {
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  pre.textContent = text;
  place.append(pre);
  return pre;
}

/** Leads from an error to what the manual says of it. */
function showError(value, place) {
  const id = value?.error?.error_id;
  if (!id) return;
  const p = document.createElement("p");
  const link = document.createElement("a");
  link.href = "#errors";
  link.textContent = `What ${id} means and what to do`;
  p.append(link);
  place.append(p);
}

/** Pictures, audio and video of a prediction. */
function showOutputs(value, place) {
  const files = value?.metadata?.storage?.files;
  if (!Array.isArray(files)) return;
  for (const file of files) {
    const media = String(file.type).match(/^(image|audio|video)\//)?.[1];
    if (media) place.append(element(media, file.url, file.name));
  }
}

function element(media, address, name) {
  const el = document.createElement(media === "image" ? "img" : media);
  el.src = address;
  if (media === "image") el.alt = name;
  else el.controls = true;
  return el;
}

function showMedia(blob, media, place) {
  raw = `${blob.size} bytes of ${blob.type}`;
  one("try-raw").textContent = raw;
  place.append(element(media, URL.createObjectURL(blob), "The answer"));
}

function showFile(blob, place) {
  raw = `${blob.size} bytes of ${blob.type || "an unknown type"}`;
  one("try-raw").textContent = raw;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "content";
  link.textContent = `Save the ${raw}`;
  place.append(link);
}

function choose(button) {
  for (const tab of card.querySelectorAll("[data-view]")) {
    tab.setAttribute("aria-selected", String(tab === button));
    one(`try-${tab.dataset.view}`).hidden = tab !== button;
  }
}

/** The fields that must be there alone. */
function short(value) {
  const required = op.schema?.required ?? [];
  return Object.fromEntries(Object.entries(value).filter(([name]) => required.includes(name) || name === "model"));
}

function setBody(which) {
  if (which === "tidy") {
    try {
      bodyField.value = JSON.stringify(JSON.parse(bodyField.value), null, 2);
    } catch {
      return;
    }
  } else {
    bodyField.value = JSON.stringify(which === "short" ? short(op.body ?? {}) : op.body ?? {}, null, 2);
  }
  refresh();
}

form.addEventListener("submit", send);
form.addEventListener("input", refresh);
one("try-cancel").addEventListener("click", () => running?.abort());
card.addEventListener("click", (event) => {
  const view = event.target.closest("[data-view]");
  if (view) choose(view);
  const set = event.target.closest("[data-body]");
  if (set) setBody(set.dataset.body);
});
window.addEventListener("pagehide", () => { one("try-key").value = ""; });
card.hidden = false;
refresh();
