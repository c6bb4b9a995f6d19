import assert from "node:assert/strict";
import { test } from "node:test";
import * as talk from "../assets/conversation.js";

const chunk = (delta, more = {}) => ({ model: "m", choices: [{ index: 0, delta, finish_reason: null, ...more }] });

test("an answer is put together from its pieces", () => {
  const a = talk.blank();
  assert.equal(talk.take(a, { choices: [], prompt_filter_results: [] }), false);
  assert.equal(talk.take(a, chunk({ role: "assistant", content: "" })), false);
  assert.equal(talk.take(a, chunk({ reasoning_content: "Hm. " })), true);
  assert.equal(talk.take(a, chunk({ content: "Hel" })), true);
  talk.take(a, chunk({ content: "lo" }));
  talk.take(a, chunk({ tool_calls: [{ index: 1, id: "c2", function: { name: "two", arguments: "" } }] }));
  talk.take(a, chunk({ tool_calls: [{ index: 0, id: "c1", function: { name: "one", arguments: '{"a"' } }, { index: 1, function: { arguments: "{}" } }] }));
  talk.take(a, chunk({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }));
  talk.take(a, chunk({}, { finish_reason: "tool_calls" }));
  talk.take(a, { choices: [], usage: { prompt_tokens: 5, completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 2 } } });
  assert.equal(a.text, "Hello");
  assert.equal(a.reasoning, "Hm. ");
  assert.deepEqual(a.calls, [{ id: "c1", name: "one", arguments: '{"a":1}' }, { id: "c2", name: "two", arguments: "{}" }]);
  assert.deepEqual(a.meta, { model: "m", finish: "tool_calls", usage: { input: 5, output: 7, cached: 0, reasoning: 2 } });
  talk.take(a, { error: { message: "It broke.", error_id: "UPSTREAM_ERROR", request_id: "req_1" }, choices: [] });
  assert.deepEqual(a.error, { message: "It broke.", details: "", id: "UPSTREAM_ERROR", status: 0, request: "req_1" });
});

test("a piece of a call far away is no reason to make room for all before it", () => {
  const a = talk.blank();
  talk.take(a, chunk({ tool_calls: [{ index: 4_000_000_000, id: "x" }] }));
  assert.equal(a.calls.length, 0);
});

test("the request has what was said and what is set", () => {
  const answer = { ...talk.blank(), calls: [{ id: "c1", name: "one", arguments: "{}" }] };
  const messages = [talk.asked("look", ["data:image/png;base64,AA=="]), answer, { role: "tool", id: "c1", name: "one", text: "42" },
    { ...talk.blank(), text: "So." }, talk.asked("again"), { ...talk.blank(), error: { message: "no" } }];
  const { fields, problems } = talk.settingsOf({ temperature: "0.5", max_tokens: "", stop: "a\nb\n", seed: "7", tool_choice: "auto", tools: "", reasoning_effort: "low", extra: '{"presence_penalty": 1}' });
  assert.deepEqual(problems, {});
  assert.deepEqual(talk.requestOf("m", "Be kind.", messages, fields), {
    model: "m",
    messages: [
      { role: "system", content: "Be kind." }, { role: "user", content: [{ type: "text", text: "look" }, { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] },
      { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "one", arguments: "{}" } }] },
      { role: "tool", tool_call_id: "c1", content: "42" }, { role: "assistant", content: "So." }, { role: "user", content: "again" },
    ],
    temperature: 0.5, seed: 7, stop: ["a", "b"], reasoning_effort: "low", presence_penalty: 1, stream: true, stream_options: { include_usage: true },
  });
  assert.deepEqual(talk.settingsOf({}), { fields: {}, problems: {} });
  assert.equal(talk.userAt(messages, 1), 4);
  assert.equal(talk.userAt(messages, 2), -1);
  assert.deepEqual(talk.open(messages), []);
  assert.deepEqual(talk.open(messages.slice(0, 2)).map((c) => c.id), ["c1"]);
});

test("settings that can't be sent are named", () => {
  const { fields, problems } = talk.settingsOf({ temperature: "3", max_tokens: "0", top_p: "x", seed: "1.5", stop: "1\n2\n3\n4\n5", tools: '[{"type":"function"}]', response_format: "json_schema", schema: "{", extra: '{"model":"x"}' });
  assert.deepEqual(Object.keys(problems).sort(), ["extra", "max_tokens", "schema", "seed", "stop", "temperature", "tools", "top_p"]);
  assert.deepEqual(fields, {});
});

test("schemas and tools may be pasted bare or whole", () => {
  const schema = { title: "A point!", type: "object" };
  assert.deepEqual(talk.settingsOf({ response_format: "json_schema", schema: JSON.stringify(schema) }).fields.response_format, { type: "json_schema", json_schema: { name: "A_point", schema, strict: true } });
  assert.deepEqual(talk.settingsOf({ response_format: "json_schema", schema: JSON.stringify({ name: "p", schema }) }).fields.response_format, { type: "json_schema", json_schema: { name: "p", schema } });
  assert.deepEqual(talk.settingsOf({ tools: '{"name":"f","parameters":{}}' }).fields.tools, [{ type: "function", function: { name: "f", parameters: {} } }]);
  assert.deepEqual(talk.settingsOf({ tools: "[]", tool_choice: "auto" }).fields, {});
});

test("errors of both envelopes are read", () => {
  assert.deepEqual(talk.problemOf({ status: false, response: "x", error: { http_status: 422, message: "Bad.", details: "Bad.", error_id: "INVALID_INPUT" } }), { message: "Bad.", details: "", id: "INVALID_INPUT", status: 422, request: "" });
  assert.equal(talk.problemOf({ error: { message: "No.", details: { category: "request" } } }).details, "");
  assert.equal(talk.problemOf(null).message, "The server did not say why.");
});
