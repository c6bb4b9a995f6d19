import assert from "node:assert/strict";
import { test } from "node:test";
import { events, parser } from "../../ui/assets/stream.js";

function read(...pieces) {
  const found = [];
  const push = parser((event) => found.push(event));
  for (const piece of pieces) push(piece);
  return found;
}

const text = ": hello\r\nevent: status\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\ndata:two\n\ndata: three\r\rdata\n\nretry: 5\nevent: none\n\ndata: cut off";
const whole = [
  { event: "status", data: '{"a":\n1}', id: "7" }, { event: "message", data: "two", id: "7" },
  { event: "message", data: "three", id: "7" }, { event: "message", data: "", id: "7" },
];

test("every way of cutting a stream gives the same events", () => {
  assert.deepEqual(read(text), whole);
  assert.deepEqual(read(...text), whole);
  for (let at = 0; at <= text.length; at++) {
    assert.deepEqual(read(text.slice(0, at), text.slice(at)), whole, `cut at ${at}`);
    assert.deepEqual(read(text.slice(0, at), "", text.slice(at)), whole, `cut at ${at}, with nothing between`);
  }
});

test("letters that are cut in the middle of their bytes are whole", async () => {
  const bytes = new TextEncoder().encode("\ufeffdata: Grüße 🗼\n\ndata: [DONE]\n\n");
  for (let size = 1; size < 9; size++) {
    const body = new ReadableStream({ start(c) {
      for (let at = 0; at < bytes.length; at += size) c.enqueue(bytes.slice(at, at + size));
      c.close();
    } });
    const found = [];
    for await (const event of events(body)) found.push(event.data);
    assert.deepEqual(found, ["Grüße 🗼", "[DONE]"], `pieces of ${size} bytes`);
  }
});

test("leaving early cancels the body", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    pull(c) { c.enqueue(new TextEncoder().encode("data: x\n\n")); },
    cancel() { cancelled = true; },
  });
  for await (const event of events(body)) {
    assert.equal(event.data, "x");
    break;
  }
  assert.ok(cancelled);
});

test("a line without an end is not kept for ever", () => {
  const push = parser(() => {});
  assert.throws(() => { for (let i = 0; i < 40; i++) push("x".repeat(1_000_000)); }, /too long/);
});
