import assert from "node:assert/strict";
import { test } from "node:test";
import { inputOf, valueOf } from "../assets/fields.js";

const set = (value) => ({ set: true, value });
const unset = { set: false };

test("values by kind", () => {
  const rows = [
    [{ kind: "text" }, "a", set("a")], [{ kind: "text" }, "", unset], [{ kind: "text", default: "x" }, "x", unset], [{ kind: "text", default: "x" }, "", set("")],
    [{ kind: "text", default: "x", required: true }, "x", set("x")], [{ kind: "text", maxLength: 2 }, "🗼🗼", set("🗼🗼")], [{ kind: "text", pattern: "^a+$" }, "aa", set("aa")],
    [{ kind: "text", pattern: "(" }, "aa", set("aa")],
    [{ kind: "number" }, " 1.5 ", set(1.5)], [{ kind: "number", integer: true, min: 0, max: 5 }, "5", set(5)], [{ kind: "number", default: 4 }, "4.0", unset], [{ kind: "number" }, "", unset],
    [{ kind: "bool" }, "", unset], [{ kind: "bool" }, "false", set(false)], [{ kind: "bool", default: true }, "false", set(false)], [{ kind: "bool", default: true }, "true", unset],
    [{ kind: "choice", values: ["a", 2, null] }, "1", set(2)], [{ kind: "choice", values: ["a"] }, "", unset], [{ kind: "choice", values: ["a", "b"], default: "b" }, "1", unset],
    [{ kind: "choices", values: ["a", "b"] }, ["1"], set(["b"])], [{ kind: "choices", values: ["a"] }, [], unset], [{ kind: "choices", values: ["a"], default: ["a"] }, [], set([])],
    [{ kind: "file" }, " https://example.com/a.png ", set("https://example.com/a.png")], [{ kind: "file" }, "data:image/png;base64,AA==", set("data:image/png;base64,AA==")],
    [{ kind: "files", item: { kind: "file" } }, "https://a.example/1\n\nhttps://a.example/2\n", set(["https://a.example/1", "https://a.example/2"])],
    [{ kind: "lines", item: { kind: "number", integer: true } }, "1\n2", set([1, 2])], [{ kind: "lines", item: { kind: "text" } }, "", unset],
    [{ kind: "json" }, '{"a": [1]}', set({ a: [1] })], [{ kind: "json", default: { b: 1, a: 2 } }, '{"a":2,"b":1}', unset], [{ kind: "json", shape: "array" }, "[]", set([])],
  ];
  for (const [field, raw, want] of rows) assert.deepEqual(valueOf(field, raw), want, JSON.stringify([field, raw]));
});

test("what is wrong is said", () => {
  const rows = [
    [{ kind: "text", required: true }, "", /needed/], [{ kind: "text", maxLength: 2 }, "abc", /At most 2 characters; this has 3/], [{ kind: "text", minLength: 1, default: "x" }, "", /At least 1 character\./],
    [{ kind: "text", pattern: "^a+$" }, "b", /pattern/], [{ kind: "number" }, "abc", /no number/], [{ kind: "number", integer: true }, "1.5", /whole/], [{ kind: "number", min: 1, max: 4 }, "5", /From 1 to 4/],
    [{ kind: "number", min: 1 }, "0", /At least 1/], [{ kind: "number", above: 0 }, "0", /More than 0/], [{ kind: "number", below: 1 }, "1", /Less than 1/], [{ kind: "number" }, "9007199254740993", /too large/],
    [{ kind: "file" }, "javascript:alert(1)", /https/], [{ kind: "file" }, "picture.png", /https/], [{ kind: "lines", item: { kind: "number" } }, "1\nx", /Line 2: .*no number/],
    [{ kind: "files", maxItems: 1, item: { kind: "file" } }, "https://a.example/1\nhttps://a.example/2", /At most 1 item; there are 2/], [{ kind: "choices", values: ["a"], minItems: 1, required: true }, [], /needed/],
    [{ kind: "json" }, "{", /no valid JSON/], [{ kind: "json", shape: "object" }, "[]", /object/], [{ kind: "json", shape: "array" }, "{}", /list/], [{ kind: "choice", values: ["a"], required: true }, "", /needed/],
  ];
  for (const [field, raw, want] of rows) assert.match(valueOf(field, raw).problem ?? "", want, JSON.stringify([field, raw]));
});

test("an input keeps its order and takes any name", () => {
  const { input, problems } = inputOf([[{ name: "__proto__", kind: "text" }, "x"], [{ name: "b", kind: "text" }, "1"], [{ name: "a", kind: "number" }, "?"]]);
  assert.equal(JSON.stringify(input), '{"__proto__":"x","b":"1"}');
  assert.deepEqual(Object.keys(problems), ["a"]);
});
