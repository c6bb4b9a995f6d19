// The page of predictions: the form of a model's input, the run, and what it made.

import { say } from "../ui/app.js";
import { call, notice, Refused, told } from "./api.js";
import { viewer } from "./code.js";
import { searchable } from "./combobox.js";
import { inputOf, valueOf } from "./fields.js";
import { goTo, make, mark } from "./marks.js";
import { forget, keep, recall } from "./memory.js";
import { dollars, ended, factNodes, failure, medium, outputNodes, size } from "./result.js";
import { predictionSnippets, shortened } from "./snippets.js";
import { events } from "../ui/stream.js";

const PAUSE = 2000; // milliseconds between looks where no stream can be had
const MOST_LOG = 200_000; // characters
const root = document.getElementById("run");
const one = (id) => document.getElementById(id);

/** A field of the form with its elements. */
class Field {
  constructor(el) {
    this.el = el;
    this.whole = el.hasAttribute("data-whole");
    this.spec = this.whole ? { name: "", kind: "json", shape: "object", required: true } : JSON.parse(el.dataset.field);
    this.slider = el.querySelector("input.slider");
    this.control = el.querySelector("fieldset, textarea, select, input:not(.slider):not([type=file])");
    this.control.id ||= `in-box-${this.spec.name}`;
    if (this.slider) this.slide();
  }

  slide() {
    this.slider.hidden = false;
    this.slider.addEventListener("input", () => { this.control.value = this.slider.value; this.control.dispatchEvent(new Event("input", { bubbles: true })); });
    this.control.addEventListener("input", () => { if (this.control.value !== "") this.slider.value = this.control.value; });
  }

  get boxes() { return [...this.el.querySelectorAll("input[type=checkbox]")]; }

  get raw() {
    if (this.spec.kind === "choices") return this.boxes.filter((b) => b.checked).map((b) => b.value);
    if (this.control.type === "checkbox") return String(this.control.checked);
    return this.control.value;
  }

  set raw(value) {
    if (this.spec.kind === "choices") for (const b of this.boxes) b.checked = value.includes(b.value);
    else if (this.control.type === "checkbox") this.control.checked = value === "true";
    else this.control.value = value;
    if (this.slider && value !== "") this.slider.value = value;
  }

  get secret() { return this.control.type === "password"; }

  check() { mark(this.control, valueOf(this.spec, this.raw).problem ?? ""); }
}

class Page {
  constructor() {
    this.model = root.dataset.model;
    this.owner = root.dataset.owner;
    this.form = one("input");
    this.fields = [...root.querySelectorAll(".input")].map((el) => new Field(el));
    this.stopper = null;
    this.id = "";
    one("acts").hidden = false;
    this.restore();
    this.refreshCode = viewer(one("code"), () => this.code());
    this.listen();
    for (const f of this.fields) if (["file", "files"].includes(f.spec.kind)) this.uploads(f);
    if (root.dataset.may !== "true") for (const id of ["start", "estimate"]) one(id).disabled = true;
    this.again();
  }

  read() {
    if (this.fields[0]?.whole) {
      const found = valueOf(this.fields[0].spec, this.fields[0].raw);
      return { input: found.value ?? {}, problems: found.problem ? { "": found.problem } : {} };
    }
    return inputOf(this.fields.map((f) => [f.spec, f.raw]));
  }

  /** The input, or null where something in it is not right; then that is shown. */
  good() {
    const { input, problems } = this.read();
    const wrong = this.fields.filter((f) => problems[f.spec.name] !== undefined);
    for (const f of this.fields) mark(f.control, problems[f.spec.name] ?? "");
    if (wrong.length === 0) return input;
    goTo(wrong[0].control);
    say(`${wrong.length === 1 ? "One field is" : `${wrong.length} fields are`} not right.`);
    return null;
  }

  code() {
    const body = { model: this.model, input: this.read().input };
    const cut = shortened(body);
    one("code-note").textContent = JSON.stringify(cut) === JSON.stringify(body) ? "" : "Files are cut short here.";
    return predictionSnippets(root.dataset.base, cut);
  }

  // Running

  get running() { return this.stopper !== null; }

  busy(on) {
    one("start").hidden = on;
    one("cancel").hidden = !on;
    one("cancel").disabled = false;
  }

  async start() {
    if (this.running || one("start").disabled) return;
    const input = this.good();
    if (!input) return;
    this.stopper = new AbortController();
    this.began = performance.now();
    this.fresh();
    this.busy(true);
    this.state("sending");
    try {
      const reply = await call("/v1/predictions", { method: "POST", json: { model: this.model, input }, signal: this.stopper.signal });
      this.request = reply.headers.get("x-request-id") ?? "";
      await this.follow(await reply.json());
    } catch (error) {
      this.failed(error);
    } finally {
      this.rest();
    }
  }

  rest() {
    clearInterval(this.clock);
    this.stopper = null;
    this.busy(false);
  }

  failed(error) {
    if (this.stopper?.signal.aborted) return this.state("");
    this.state("");
    one("progress").replaceChildren();
    const problem = told(error);
    one("problems").replaceChildren(notice(problem));
    const at = this.fields.find((f) => f.spec.name && problem.message.includes(`'${f.spec.name}'`) || problem.message.includes(`input.${f.spec.name} `));
    if (at && problem.status === 422) {
      mark(at.control, problem.message);
      goTo(at.control);
    }
  }

  /** Follows a prediction to its end: by its events, and by looking where they break off. */
  async follow(p) {
    this.id = p.id;
    keep(`last:${this.model}`, this.owner, p.id);
    this.clock = setInterval(() => this.tick(), 500);
    this.show(p);
    const { signal } = this.stopper;
    for (let last = ""; !ended(this.status);) {
      last = await this.listenTo(p.id, last, signal);
      if (ended(this.status) || signal.aborted) return;
      this.show(await (await call(`/v1/predictions/${p.id}`, { signal })).json());
      if (!ended(this.status)) await new Promise((done) => { setTimeout(done, PAUSE); });
    }
  }

  /** Takes events until they end; returns the id of the last. */
  async listenTo(id, last, signal) {
    const headers = { Accept: "text/event-stream" };
    if (last) headers["Last-Event-ID"] = last;
    try {
      const reply = await call(`/v1/predictions/${id}/stream`, { headers, signal });
      for await (const event of events(reply.body)) {
        last = event.id || last;
        this.take(event);
      }
    } catch (error) {
      if (signal.aborted || (error instanceof Refused && error.problem.status !== 429)) throw error;
    }
    return last;
  }

  take({ event, data }) {
    const value = JSON.parse(data);
    if (event === "logs") this.log(value.lines.join("\n") + "\n");
    else if (event === "output") this.grow(value);
    else this.show(value);
  }

  log(text) {
    const pre = one("logs").querySelector("pre");
    pre.textContent = (pre.textContent + text).slice(-MOST_LOG);
    one("logs").hidden = false;
  }

  /** What is new in the output, while it is made. */
  grow(p) {
    if (typeof p.output === "string") {
      this.text += p.output;
      one("output").replaceChildren(...outputNodes({ output: this.text, metadata: null }));
    } else if (p.output !== null) {
      if (!this.grown) one("output").replaceChildren();
      this.grown = true;
      one("output").append(...outputNodes(p));
    }
    this.state(p.status);
  }

  async cancel() {
    if (!this.running) return;
    if (!this.id || ended(this.status)) return this.stopper.abort();
    one("cancel").disabled = true;
    try {
      await call(`/v1/predictions/${this.id}/cancel`, { method: "POST" });
      say("Cancelling");
    } catch (error) {
      one("cancel").disabled = false;
      one("problems").replaceChildren(notice(told(error)));
    }
  }

  // Showing

  fresh() {
    this.id = this.text = this.status = "";
    this.grown = false;
    for (const id of ["problems", "progress", "output", "facts"]) one(id).replaceChildren();
    one("cost").textContent = "";
    one("logs").hidden = true;
    one("logs").querySelector("pre").textContent = "";
  }

  state(word) {
    if (word === this.status) return;
    this.status = word;
    const kind = { succeeded: "good", failed: "bad", cancelled: "warn", canceled: "warn" }[word] ?? "busy";
    one("state").replaceChildren(...(word ? [make("span", `badge ${kind}`, word)] : []));
    if (word) say(`The prediction: ${word}`);
  }

  show(p) {
    this.state(p.status);
    this.progress(p);
    one("facts").replaceChildren(factNodes(p, this.request));
    if (!ended(p.status)) return;
    if (p.logs && one("logs").hidden) this.log(p.logs);
    const nodes = outputNodes(p);
    if (p.status === "failed") nodes.unshift(failure(p));
    if (p.data_removed) nodes.push(make("p", "dim", "The output was removed."));
    if (nodes.length === 0) nodes.push(make("p", "dim", p.status === "succeeded" ? "There is no output." : "It was cancelled; nothing was made."));
    one("output").replaceChildren(...nodes);
  }

  progress(p) {
    if (ended(p.status)) return one("progress").replaceChildren();
    const bar = make("progress");
    bar.max = 100;
    bar.setAttribute("aria-label", "Progress");
    if (p.metrics?.progress !== undefined) bar.value = p.metrics.progress;
    this.elapsed = make("span", "small dim");
    one("progress").replaceChildren(bar, this.elapsed);
    this.tick();
  }

  tick() {
    if (this.elapsed && this.began !== undefined) this.elapsed.textContent = `${Math.floor((performance.now() - this.began) / 1000)} s so far`;
  }

  async estimate() {
    const input = this.good();
    if (!input) return;
    try {
      const found = await (await call("/v1/predictions", { method: "POST", json: { model: this.model, input, dry_run: true } })).json();
      one("problems").replaceChildren();
      one("cost").textContent = Number(found.estimate) === 0 ? "It costs nothing." :
        `About ${dollars(found.estimate)}. You have ${dollars(found.available)}${found.sufficient ? "." : ", which is not enough."}`;
    } catch (error) {
      this.failed(error);
    }
  }

  // What the tab remembers

  save() {
    keep(`input:${this.model}`, this.owner, Object.fromEntries(this.fields.filter((f) => !f.secret).map((f) => [f.spec.name, f.raw])));
  }

  restore() {
    const held = recall(`input:${this.model}`, this.owner) ?? {};
    for (const f of this.fields) if (Object.hasOwn(held, f.spec.name)) f.raw = held[f.spec.name];
  }

  /** Shows the last prediction of this tab again, and goes on following it. */
  async again() {
    const id = recall(`last:${this.model}`, this.owner);
    if (!id) return;
    this.stopper = new AbortController();
    try {
      const p = await (await call(`/v1/predictions/${id}`, { signal: this.stopper.signal })).json();
      if (!ended(p.status)) this.busy(true);
      await this.follow(p);
    } catch {
      forget(`last:${this.model}`);
    } finally {
      this.rest();
    }
  }

  // Files

  uploads(field) {
    const place = field.el.querySelector(".upload");
    const chooser = place.querySelector("input[type=file]");
    place.hidden = false;
    chooser.addEventListener("change", () => { this.upload(field, [...chooser.files]); chooser.value = ""; });
    field.el.addEventListener("dragover", (event) => event.preventDefault());
    field.el.addEventListener("drop", (event) => { event.preventDefault(); this.upload(field, [...event.dataTransfer.files]); });
  }

  async upload(field, files) {
    const words = field.el.querySelector(".upload-words");
    const preview = field.el.querySelector(".preview");
    const single = field.spec.kind === "file";
    if (single) preview.replaceChildren();
    for (const file of single ? files.slice(0, 1) : files) {
      words.textContent = `Uploading ${file.name} (${size(file.size)})…`;
      const form = new FormData();
      form.append("purpose", "playground");
      form.append("file", file);
      try {
        const held = await (await call("/v1/files", { method: "POST", form })).json();
        field.raw = single ? held.urls.get : [field.raw.trim(), held.urls.get].filter(Boolean).join("\n");
        const el = medium(held.content_type, held.urls.get, file.name);
        if (el) preview.append(el);
        words.textContent = `${file.name} is uploaded.`;
      } catch (error) {
        words.textContent = `${file.name} could not be uploaded: ${told(error).message}`;
      }
      say(words.textContent);
    }
    field.check();
    this.changed();
  }

  changed() {
    this.refreshCode();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), 300);
  }

  reset() {
    this.form.reset();
    for (const f of this.fields) {
      mark(f.control, "");
      if (f.slider && f.control.value !== "") f.slider.value = f.control.value;
      f.el.querySelector(".preview")?.replaceChildren();
    }
    one("problems").replaceChildren();
    this.changed();
  }

  listen() {
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.start(); });
    this.form.addEventListener("input", (event) => {
      const field = this.fields.find((f) => f.el.contains(event.target));
      if (field?.el.querySelector("[aria-invalid=true]")) field.check();
      this.changed();
    });
    this.form.addEventListener("change", (event) => this.fields.find((f) => f.el.contains(event.target) && event.target.type !== "file")?.check());
    one("cancel").addEventListener("click", () => this.cancel());
    one("reset").addEventListener("click", () => this.reset());
    one("estimate").addEventListener("click", () => this.estimate());
    window.addEventListener("pagehide", () => this.save());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.start();
      } else if (event.key === "Escape" && !event.defaultPrevented && this.running) {
        event.preventDefault();
        this.cancel();
      }
    });
  }
}

if (root) {
  searchable(one("model"));
  new Page();
}
