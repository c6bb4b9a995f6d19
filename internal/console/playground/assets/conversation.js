// A conversation as the page keeps it, and the request that it makes. It knows no page
// and no network.
//
// A message is one of
//   {role: "user", text, images: [data: addresses]}
//   {role: "assistant", text, reasoning, refusal, calls: [{id, name, arguments}], error, meta}
//   {role: "tool", id, name, text}

/** A message of the user. */
export function asked(text, images = []) { return { role: "user", text, images }; }

/** An answer that nothing has come of yet. */
export function blank() {
  return { role: "assistant", text: "", reasoning: "", refusal: "", calls: [], error: null, meta: {} };
}

/** Takes a chunk of a stream into an answer. True where it brought something to show. */
export function take(answer, chunk) {
  if (chunk.error) {
    answer.error = problemOf(chunk);
    return true;
  }
  if (chunk.model) answer.meta.model = chunk.model;
  if (chunk.usage) answer.meta.usage = usageOf(chunk.usage);
  const choice = chunk.choices?.[0];
  if (!choice) return false;
  if (choice.finish_reason) answer.meta.finish = choice.finish_reason;
  return takeDelta(answer, choice.delta ?? {});
}

function takeDelta(answer, delta) {
  const before = answer.text.length + answer.reasoning.length + answer.refusal.length;
  if (typeof delta.content === "string") answer.text += delta.content;
  const thought = delta.reasoning_content ?? delta.reasoning;
  if (typeof thought === "string") answer.reasoning += thought;
  if (typeof delta.refusal === "string") answer.refusal += delta.refusal;
  for (const part of delta.tool_calls ?? []) takeCall(answer.calls, part);
  return answer.text.length + answer.reasoning.length + answer.refusal.length > before || (delta.tool_calls ?? []).length > 0;
}

const MOST_CALLS = 128;

/** Tool calls come as pieces, joined by their index; where there is none, by their id. */
function takeCall(calls, part) {
  let at = part.index;
  if (!Number.isInteger(at)) at = part.id ? calls.findIndex((c) => c?.id === part.id) : calls.length - 1;
  if (at < 0) at = calls.length;
  if (at >= MOST_CALLS) return;
  while (calls.length <= at) calls.push({ id: "", name: "", arguments: "" });
  const call = calls[at];
  call.id = part.id || call.id;
  call.name = part.function?.name || call.name;
  call.arguments += part.function?.arguments ?? "";
}

function usageOf(usage) {
  return { input: usage.prompt_tokens ?? 0, output: usage.completion_tokens ?? 0,
    cached: usage.prompt_tokens_details?.cached_tokens ?? 0, reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0 };
}

/** What an answer of the API says of an error, from either of its envelopes. */
export function problemOf(body) {
  const e = body?.error ?? {};
  const details = typeof e.details === "string" && e.details !== e.message ? e.details : "";
  return { message: e.message || body?.response || "The server did not say why.", details, id: e.error_id ?? e.code ?? "", status: e.http_status ?? e.status ?? 0, request: e.request_id ?? "" };
}

/** The calls of the last answer that have no result yet. */
export function open(messages) {
  const at = messages.findLastIndex((m) => m.role === "assistant");
  if (at < 0) return [];
  const answered = new Set(messages.slice(at + 1).filter((m) => m.role === "tool").map((m) => m.id));
  return messages[at].calls.filter((c) => !answered.has(c.id));
}

/** Where the n-th message of the user stands; -1 without one. */
export function userAt(messages, n) {
  let seen = 0;
  return messages.findIndex((m) => m.role === "user" && seen++ === n);
}

/** The messages of the API. Answers that failed before anything came are left out. */
export function wire(system, messages) {
  const out = system.trim() === "" ? [] : [{ role: "system", content: system }];
  for (const m of messages) {
    if (m.role === "user") out.push({ role: "user", content: content(m) });
    else if (m.role === "tool") out.push({ role: "tool", tool_call_id: m.id, content: m.text });
    else if (m.calls.length > 0) out.push({ role: "assistant", content: m.text || null, tool_calls: m.calls.map((c) => ({ id: c.id, type: "function", function: { name: c.name, arguments: c.arguments } })) });
    else if (m.text !== "" || m.refusal) out.push({ role: "assistant", content: m.text || m.refusal });
  }
  return out;
}

function content({ text, images }) {
  if (images.length === 0) return text;
  const parts = images.map((url) => ({ type: "image_url", image_url: { url } }));
  return text === "" ? parts : [{ type: "text", text }, ...parts];
}

/** The fields of the request that the settings fill, and problems by setting. Raw is what
 *  was typed: texts by name. Only what is set is sent. */
export function settingsOf(raw) {
  const fields = {}, problems = {};
  const put = (name, read) => {
    const word = (raw[name] ?? "").trim();
    if (word === "") return;
    try {
      const value = read(word);
      if (value !== undefined) fields[name] = value;
    } catch (error) {
      problems[name] = error.message;
    }
  };
  put("temperature", between(0, 2));
  put("max_tokens", whole(1));
  put("top_p", between(0, 1));
  put("seed", whole(Number.MIN_SAFE_INTEGER));
  put("stop", stops);
  put("reasoning_effort", (word) => word);
  put("response_format", (word) => answerForm(word, raw.schema ?? "", problems));
  put("tools", tools);
  if (fields.tools) put("tool_choice", (word) => word);
  put("extra", (word) => void Object.assign(fields, extras(word)));
  return { fields, problems };
}

function between(least, most) {
  return (word) => {
    const n = Number(word);
    if (!(n >= least && n <= most)) throw new Error(`A number from ${least} to ${most}.`);
    return n;
  };
}

function whole(least) {
  return (word) => {
    const n = Number(word);
    if (!Number.isSafeInteger(n) || n < least) throw new Error(least === 1 ? "A whole number, at least 1." : "A whole number.");
    return n;
  };
}

function stops(word) {
  const list = word.split("\n").filter((line) => line !== "");
  if (list.length > 4) throw new Error("At most four, one a line.");
  return list.length === 1 ? list[0] : list;
}

function parsed(word) {
  try {
    return JSON.parse(word);
  } catch (error) {
    throw new Error(`This is no valid JSON: ${error.message}`);
  }
}

function answerForm(kind, schema, problems) {
  if (kind !== "json_schema") return { type: kind };
  try {
    const value = parsed(schema);
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("A JSON Schema, as an object.");
    const named = value.schema && typeof value.schema === "object"; // the whole of json_schema was pasted
    return { type: "json_schema", json_schema: named ? { name: "answer", ...value } : { name: schemaName(value.title), schema: value, strict: true } };
  } catch (error) {
    problems.schema = error.message;
  }
}

function schemaName(title) { return String(title ?? "").replace(/\W+/g, "_").replace(/^_+|_+$/g, "").slice(0, 64) || "answer"; }

function tools(word) {
  const value = parsed(word);
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) return undefined;
  return list.map((tool, i) => {
    if (tool === null || typeof tool !== "object") throw new Error(`Tool ${i + 1} is no object.`);
    const whole = tool.type === undefined && typeof tool.name === "string" ? { type: "function", function: tool } : tool;
    if (whole.type === "function" && typeof whole.function?.name !== "string") throw new Error(`Tool ${i + 1} has no function.name.`);
    return whole;
  });
}

function extras(word) {
  const value = parsed(word);
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("A JSON object.");
  for (const name of ["model", "messages", "stream", "stream_options"]) if (name in value) throw new Error(`${name} is set by the page.`);
  return value;
}

/** The request. */
export function requestOf(model, system, messages, fields) {
  return { model, messages: wire(system, messages), ...fields, stream: true, stream_options: { include_usage: true } };
}

/** Milliseconds as people read them. */
export function span(ms) {
  if (ms === undefined || ms === null) return "–";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Output tokens a second, between the first and the last. */
export function speed({ usage, first, total }) {
  if (!usage?.output || first === undefined || total === undefined || total - first < 1) return null;
  return (usage.output * 1000) / (total - first);
}
