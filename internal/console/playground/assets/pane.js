// One conversation on the page, with one model: what was said, and the answer as it comes.

import { copy, say } from "../ui/app.js";
import { call, link, notice, told } from "./api.js";
import * as talk from "./conversation.js";
import { codeBlock, show } from "./markdown.js";
import { button, make } from "./marks.js";
import { events } from "../ui/stream.js";

const PAUSE = 60; // milliseconds between two drawings of an answer that comes
const MOST_SAID = 600; // characters of one piece for screen readers
let made = 0; // forms of results, for their ids

export class Pane {
  /** The page gives request(pane), plain(), edit(n), changed(), following(). */
  constructor(page, model, messages = []) {
    this.page = page;
    this.model = model;
    this.messages = messages;
    this.stopper = null;
    this.list = make("div", "turns");
    this.live = make("div", "visually-hidden");
    this.live.setAttribute("role", "log");
    this.live.setAttribute("aria-live", "polite");
    this.title = make("h2", "pane-title");
    this.el = make("section", "pane", this.title, this.list, this.live);
    this.render();
  }

  get running() { return this.stopper !== null; }

  stop() { this.stopper?.abort(); }

  /** Asks the model for the next answer. */
  async run() {
    const body = this.page.request(this);
    const answer = talk.blank();
    answer.meta.asked = this.model;
    const stopper = new AbortController();
    this.messages.push(answer);
    this.stopper = stopper;
    this.said = 0;
    this.live.replaceChildren();
    this.render();
    this.page.changed();
    const began = performance.now();
    try {
      await this.read(answer, body, stopper.signal, began);
    } catch (error) {
      if (stopper.signal.aborted) answer.meta.stopped = true;
      else answer.error = told(error);
    }
    answer.meta.total = performance.now() - began;
    this.stopper = null;
    this.render();
    this.tell(answer, true);
    this.page.changed();
  }

  async read(answer, body, signal, began) {
    const reply = await call("/v1/chat/completions", { method: "POST", json: body, headers: { Accept: "text/event-stream" }, signal });
    answer.meta.request = reply.headers.get("x-request-id") ?? "";
    let ended = false;
    for await (const event of events(reply.body)) {
      if (event.data === "[DONE]") ended = true; // and the body ends by itself
      else if (talk.take(answer, JSON.parse(event.data))) {
        answer.meta.first ??= performance.now() - began;
        this.soon(answer);
      }
    }
    if (!ended && !answer.error) answer.error = { message: "The connection ended before the answer did.", details: "", id: "", status: 0, request: answer.meta.request };
  }

  /** Draws what came, a few times a second. */
  soon(answer) {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      if (!this.running) return;
      const follow = this.page.following();
      this.fill(answer);
      this.tell(answer, false);
      follow();
    }, PAUSE);
  }

  render() {
    const follow = this.page.following();
    this.title.textContent = this.page.nameOf(this.model);
    let user = 0;
    this.list.replaceChildren(...this.messages.map((m, at) => {
      if (m.role === "user") return this.userNode(m, user++);
      if (m.role === "tool") return this.toolNode(m);
      return this.answerNode(m, at);
    }));
    if (this.messages.length === 0) this.list.append(make("p", "dim", "Nothing said yet. Write below; what you say goes to the model and stays in this tab."));
    follow();
  }

  userNode(m, n) {
    const head = make("div", "row between", make("strong", "", "You"), button("Edit", () => this.page.edit(n)));
    const el = make("article", "turn user", head, make("div", "said", m.text));
    if (m.images.length > 0) el.append(make("div", "thumbs", ...m.images.map((src, i) => picture(src, `Picture ${i + 1} of the message`))));
    return el;
  }

  toolNode(m) {
    return make("article", "turn tool", make("strong", "", `Result of ${m.name || "the tool"}`), codeBlock(document, m.text, `Result of ${m.name}`));
  }

  answerNode(m, at) {
    const busy = this.running && at === this.messages.length - 1;
    const thought = make("details", "more thought", make("summary", "", "Reasoning"), make("div", "said dim small"));
    const parts = { thought, text: make("div", "answer-text"), calls: make("div", "calls"), end: make("div", "") };
    const head = make("div", "row", make("strong", "", this.page.nameOf(m.meta.asked ?? this.model)));
    if (busy) head.append(make("span", "spinner"), make("span", "visually-hidden", "is answering"));
    const el = make("article", "turn answer", head, thought, parts.text, parts.calls, parts.end);
    el.parts = parts;
    this.fill(m, el);
    if (!busy) this.finish(m, at, parts);
    return el;
  }

  fill(m, el = this.list.lastElementChild) {
    const { thought, text, calls } = el.parts;
    thought.hidden = m.reasoning === "";
    thought.lastElementChild.textContent = m.reasoning;
    const words = m.text || m.refusal;
    if (this.page.plain()) {
      text.className = "answer-text said";
      text.textContent = words;
    } else show(text, words);
    calls.replaceChildren(...m.calls.map((c) => make("div", "call", make("p", "", "Calls ", make("code", "", c.name || "…")), codeBlock(document, pretty(c.arguments), `Arguments of ${c.name}`))));
  }

  finish(m, at, parts) {
    if (at === this.messages.length - 1) {
      const open = talk.open(this.messages);
      if (open.length > 0) parts.calls.append(this.results(open));
    }
    if (m.error) parts.end.append(notice(m.error));
    parts.end.append(this.foot(m, at));
  }

  /** Where the results of tool calls are typed in. */
  results(open) {
    const fields = open.map((c, i) => {
      const area = make("textarea", "code");
      area.rows = 3;
      area.id = `result-${++made}-${i}`;
      const label = make("label", "", `What ${c.name || "the tool"} gives back`);
      label.htmlFor = area.id;
      return make("div", "field", label, area);
    });
    const form = make("form", "results", ...fields, make("button", "primary", open.length > 1 ? "Send the results" : "Send the result"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.running) return;
      for (const [i, c] of open.entries()) this.messages.push({ role: "tool", id: c.id, name: c.name, text: fields[i].querySelector("textarea").value });
      if (this.page.ready()) this.run();
      else this.messages.splice(-open.length);
    });
    return form;
  }

  foot(m, at) {
    const { meta } = m;
    const words = [];
    if (meta.first !== undefined) words.push(`first token ${talk.span(meta.first)}`);
    if (meta.total !== undefined) words.push(`all ${talk.span(meta.total)}`);
    if (meta.usage) words.push(tokens(meta.usage));
    const rate = talk.speed(meta);
    if (rate) words.push(`${rate.toFixed(rate < 10 ? 1 : 0)} tokens/s`);
    if (meta.stopped) words.push("stopped");
    if (meta.finish && meta.finish !== "stop") words.push(finishes[meta.finish] ?? meta.finish);
    if (meta.model && meta.model !== (meta.asked ?? this.model)) words.push(`by ${meta.model}`);
    const facts = make("span", "grow", words.join(" · "));
    if (meta.request) facts.append(" · ", link(`/requests/${encodeURIComponent(meta.request)}`, "request"));
    const acts = make("span", "row");
    if (m.text) acts.append(button("Copy", () => copy(m.text).then(() => say("Copied"))));
    acts.append(button("Retry", () => this.retry(at)));
    return make("div", "row small dim turn-foot", facts, acts);
  }

  retry(at) {
    if (this.running || !this.page.ready()) return;
    this.messages.length = at;
    this.run();
  }

  /** Screen readers hear finished paragraphs, and at the end the rest. */
  tell(answer, ended) {
    const node = this.list.lastElementChild?.parts?.text;
    if (!node) return;
    const pieces = this.page.plain() ? node.textContent.split(/\n{2,}/) : [...node.childNodes].map((child) => child.textContent);
    const upTo = ended ? pieces.length : pieces.length - 1;
    for (; this.said < upTo; this.said++) this.live.append(make("p", "", pieces[this.said].slice(0, MOST_SAID)));
    if (!ended) return;
    const calls = answer.calls.length > 0 ? " It calls tools and waits for their results." : "";
    this.live.append(make("p", "", answer.error ? `No answer: ${answer.error.message}` : answer.meta.stopped ? "Stopped." : `End of the answer of ${this.page.nameOf(this.model)}.${calls}`));
  }
}

const finishes = { length: "cut at the most tokens", tool_calls: "calls tools", content_filter: "held back by a filter" };

function tokens({ input, output, cached, reasoning }) {
  const notes = [];
  if (cached) notes.push(`${cached} cached`);
  if (reasoning) notes.push(`${reasoning} reasoning`);
  return `${input} tokens in, ${output} out${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function picture(src, alt) {
  const img = make("img");
  img.src = src;
  img.alt = alt;
  return img;
}
