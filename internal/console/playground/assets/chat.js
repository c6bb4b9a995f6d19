// The page of chats: models, settings and the composer; panes hold the conversations.

import { say } from "../ui/app.js";
import { viewer } from "./code.js";
import { searchable } from "./combobox.js";
import * as talk from "./conversation.js";
import * as images from "./images.js";
import { button, goTo, make, mark } from "./marks.js";
import { forget, keep, recall } from "./memory.js";
import { Pane, picture } from "./pane.js";
import { chatSnippets, shortened } from "./snippets.js";

const root = document.getElementById("chat");
const one = (id) => document.getElementById(id);

const sampleTool = [{ type: "function", function: { name: "get_weather", description: "The weather at a place right now.",
  parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] } } }];

class Page {
  constructor() {
    this.owner = root.dataset.owner;
    this.selects = [one("model-0"), one("model-1")];
    this.form = one("settings");
    this.prompt = one("prompt");
    this.pictures = [];
    this.editing = null;
    this.asText = false;
    this.panes = [];
    root.hidden = false;
    this.restore();
    this.fields = this.selects.map(searchable);
    this.refreshCode = viewer(one("code"), () => this.code());
    this.listen();
    this.changed();
    if (root.dataset.may !== "true") one("send").disabled = true;
  }

  // What panes ask.

  plain() { return this.asText; }

  nameOf(slug) { return [...this.selects[0].options].find((o) => o.value === slug)?.textContent.trim() ?? slug; }

  request(pane) { return talk.requestOf(pane.model, this.raw().system ?? "", pane.messages, talk.settingsOf(this.raw()).fields); }

  /** A function that scrolls along, if the end was in sight before. */
  following() {
    const place = one("panes");
    if (!place || place.getBoundingClientRect().bottom > window.innerHeight + 150) return () => {};
    return () => {
      const hidden = place.getBoundingClientRect().bottom - one("composer").getBoundingClientRect().top + 12;
      if (hidden > 0) window.scrollBy(0, hidden);
    };
  }

  edit(n) {
    if (this.running) return;
    const { messages } = this.panes.find((p) => talk.userAt(p.messages, n) >= 0);
    const message = messages[talk.userAt(messages, n)];
    this.editing = n;
    this.prompt.value = message.text;
    this.pictures = [...message.images];
    this.changed();
    this.prompt.focus();
  }

  // Settings

  raw() { return Object.fromEntries([...new FormData(this.form)].filter(([, value]) => typeof value === "string")); }

  /** Whether the settings are good; if not, goes to the first that is not. */
  ready() {
    const { problems } = talk.settingsOf(this.raw());
    this.showProblems(problems);
    const [first] = Object.keys(problems);
    if (first) goTo(one(`s-${first}`));
    return first === undefined;
  }

  showProblems(problems) {
    for (const el of this.form.elements) if (el.name) mark(el, problems[el.name] ?? "");
  }

  code() {
    const pane = this.panes[0];
    const draft = this.draft();
    const messages = draft ? [...this.kept(pane.messages), draft] : pane.messages;
    const body = talk.requestOf(pane.model, this.raw().system ?? "", messages, talk.settingsOf(this.raw()).fields);
    const cut = shortened(body);
    one("code-note").textContent = JSON.stringify(cut) === JSON.stringify(body) ? "" : "Pictures are cut short here.";
    return chatSnippets(root.dataset.base, cut);
  }

  // Conversations

  get running() { return this.panes.some((p) => p.running); }

  draft() {
    const text = this.prompt.value.trim();
    return text === "" && this.pictures.length === 0 ? null : talk.asked(text, [...this.pictures]);
  }

  /** The messages before the one that is being changed. */
  kept(messages) {
    const at = this.editing === null ? -1 : talk.userAt(messages, this.editing);
    return at < 0 ? messages : messages.slice(0, at);
  }

  send() {
    if (this.running || one("send").disabled) return;
    const draft = this.draft();
    if (!draft) return this.complain("Write a message first.");
    if (this.panes.some((p) => talk.open(this.kept(p.messages)).length > 0)) return this.complain("Type the results of the tool calls first, or change an earlier message.");
    if (!this.ready()) return this.complain("A setting is not right.");
    this.complain("");
    for (const p of this.panes) p.messages = [...this.kept(p.messages), structuredClone(draft)];
    this.prompt.value = "";
    this.pictures = [];
    this.editing = null;
    for (const p of this.panes) p.run();
  }

  stop() { for (const p of this.panes) p.stop(); }

  complain(text) { one("trouble").textContent = text; }

  clear() {
    this.stop();
    this.panes = this.panes.map((p) => new Pane(this, p.model));
    this.editing = null;
    this.pictures = [];
    this.place();
    this.changed();
    say("The conversation is cleared.");
    this.prompt.focus();
  }

  compare(on) {
    if (on === (this.panes.length > 1)) return;
    if (on) this.panes.push(new Pane(this, this.selects[1].value, this.running ? [] : structuredClone(this.panes[0].messages)));
    else this.panes.pop().stop();
    this.place();
    this.changed();
  }

  place() {
    one("panes").replaceChildren(...this.panes.map((p) => p.el));
    for (const [i, p] of this.panes.entries()) p.el.setAttribute("aria-label", i === 0 ? "Conversation" : "Second conversation");
    one("panes").classList.toggle("two", this.panes.length > 1);
    one("other").hidden = this.panes.length < 2;
    one("compare").setAttribute("aria-pressed", String(this.panes.length > 1));
  }

  /** After anything: buttons, the address, what the tab remembers, the code. */
  changed() {
    const { running } = this;
    one("send").hidden = running;
    one("stop").hidden = !running;
    one("editing").hidden = this.editing === null;
    one("plain").setAttribute("aria-pressed", String(this.asText));
    one("schema").hidden = this.raw().response_format !== "json_schema";
    this.showPictures();
    this.verdict();
    this.address();
    this.refreshCode?.();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), 300);
  }

  address() {
    const url = new URL(location.href);
    url.searchParams.set("model", this.panes[0].model);
    if (this.panes.length > 1) url.searchParams.set("with", this.panes[1].model);
    else url.searchParams.delete("with");
    if (url.href !== location.href) history.replaceState(null, "", url);
  }

  save() {
    const value = { panes: this.panes.map(({ model, messages }) => ({ model, messages })), raw: this.raw(), asText: this.asText };
    if (keep("chat", this.owner, value)) return;
    const bare = (m) => (m.role === "user" ? { ...m, images: [] } : m); // there is no room for pictures
    keep("chat", this.owner, { ...value, panes: value.panes.map((p) => ({ ...p, messages: p.messages.map(bare) })) });
  }

  restore() {
    const held = recall("chat", this.owner);
    const query = new URL(location.href).searchParams;
    const known = (slug) => [...this.selects[0].options].some((o) => o.value === slug);
    const two = query.has("model") ? root.dataset.with === "true" : held?.panes?.length > 1;
    for (const [i, select] of this.selects.entries()) {
      const slug = held?.panes?.[i]?.model;
      if (!query.has(i === 0 ? "model" : "with") && known(slug)) select.value = slug;
    }
    for (const [name, value] of Object.entries(held?.raw ?? {})) if (this.form.elements[name]) this.form.elements[name].value = value;
    this.asText = held?.asText === true;
    this.panes = [0, 1].slice(0, two ? 2 : 1).map((i) => new Pane(this, this.selects[i].value, held?.panes?.[i]?.messages ?? []));
    this.place();
  }

  // Pictures

  async take(files) {
    for (const file of files) {
      if (this.pictures.length >= images.MOST) {
        this.complain(`At most ${images.MOST} pictures go with a message.`);
        break;
      }
      try {
        this.pictures.push(await images.read(file));
        this.complain("");
      } catch (error) {
        this.complain(error.message);
      }
    }
    this.changed();
  }

  showPictures() {
    one("thumbs").hidden = this.pictures.length === 0;
    one("thumbs").replaceChildren(...this.pictures.map((src, i) => make("div", "thumb", picture(src, `Picture ${i + 1}`), button("Remove", () => {
      this.pictures.splice(i, 1);
      this.changed();
    }))));
  }

  // Two models side by side

  verdict() {
    const place = one("verdict");
    const last = this.panes.map((p) => p.messages.at(-1));
    place.hidden = this.panes.length < 2 || this.running || !last.every((m, i) => m?.role === "assistant" && m.meta.asked === this.panes[i].model && m.meta.total !== undefined && !m.error);
    if (place.hidden) return;
    const rows = [["First token", (m) => m.meta.first, talk.span], ["Whole answer", (m) => m.meta.total, talk.span],
      ["Tokens a second", (m) => talk.speed(m.meta), (v) => (v ? v.toFixed(1) : "–"), true], ["Output tokens", (m) => m.meta.usage?.output, (v) => String(v ?? "–")]];
    const head = make("tr", "", make("th", "", "Compared"), ...this.panes.map((p) => make("th", "right", this.nameOf(p.model))));
    const body = rows.map(([name, read, write, more]) => {
      const values = last.map(read);
      const best = name === "Output tokens" || values.some((v) => v === undefined || v === null) || values[0] === values[1] ? -1 : Number(more ? values[1] > values[0] : values[1] < values[0]);
      const th = make("th", "", name);
      th.scope = "row";
      return make("tr", "", th, ...values.map((v, i) => {
        const td = make("td", "right", i === best ? make("strong", "", `${write(v)} ✓`) : write(v));
        td.dataset.label = this.nameOf(this.panes[i].model);
        return td;
      }));
    });
    place.replaceChildren(make("table", "table", make("thead", "", head), make("tbody", "", ...body)));
  }

  listen() {
    one("composer").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => { this.showProblems(talk.settingsOf(this.raw()).problems); this.changed(); });
    this.prompt.addEventListener("input", () => { this.complain(""); this.refreshCode(); });
    one("stop").addEventListener("click", () => this.stop());
    one("clear").addEventListener("click", () => this.clear());
    one("compare").addEventListener("click", () => this.compare(this.panes.length < 2));
    one("plain").addEventListener("click", () => { this.asText = !this.asText; for (const p of this.panes) p.render(); this.changed(); });
    one("unedit").addEventListener("click", () => { this.editing = null; this.prompt.value = ""; this.pictures = []; this.changed(); });
    one("sample-tool").addEventListener("click", () => { this.form.elements.tools.value = JSON.stringify(sampleTool, null, 2); this.changed(); });
    for (const [i, select] of this.selects.entries()) select.addEventListener("change", () => this.chooseModel(i, select.value));
    this.listenForPictures();
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("submit", (event) => { if (event.target.action?.endsWith("/signout")) forget("chat"); });
    window.addEventListener("pagehide", () => this.save());
  }

  listenForPictures() {
    one("pictures").addEventListener("change", (event) => { this.take([...event.target.files]); event.target.value = ""; });
    this.prompt.addEventListener("paste", (event) => {
      const files = images.filesOf(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      this.take(files);
    });
    one("composer").addEventListener("dragover", (event) => event.preventDefault());
    one("composer").addEventListener("drop", (event) => { event.preventDefault(); this.take(images.filesOf(event.dataTransfer)); });
  }

  chooseModel(i, slug) {
    if (!this.panes[i]) return;
    this.panes[i].model = slug;
    if (!this.panes[i].running) this.panes[i].render();
    this.changed();
  }

  key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const results = event.target.closest?.("form.results");
      if (results) results.requestSubmit();
      else this.send();
    } else if (event.key === "Escape" && !event.defaultPrevented && this.running) {
      event.preventDefault();
      this.stop();
    }
  }
}

if (root) new Page();
