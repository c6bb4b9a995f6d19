// Server-sent events of a fetch, as the HTML standard (9.2) reads them, whatever the
// pieces in which the network brings them.

const MOST = 16_000_000; // characters of one event: more is no answer of this API

/** A function that takes text as it comes and tells emit of each event {event, data, id}. */
export function parser(emit) {
  let rest = "", afterReturn = false, event = "", id = "", data = [], size = 0;

  function take(line) {
    if (line === "") {
      if (data.length > 0) emit({ event: event || "message", data: data.join("\n"), id });
      event = "";
      data = [];
      size = 0;
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "data") {
      size += value.length;
      if (size > MOST) throw new Error("an event of the stream is too long");
      data.push(value);
    }
  }

  return function push(text) {
    if (text === "") return;
    if (afterReturn && text[0] === "\n") text = text.slice(1); // the other half of a line's end
    afterReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    lines[0] = rest + lines[0]; // what waits has no line's end: it is not looked at again
    rest = lines.pop();
    if (rest.length > MOST) throw new Error("a line of the stream is too long");
    for (const line of lines) take(line);
  };
}

/** Yields the events of a body, and shows seen the text as it came. An event that was cut
 *  off is dropped; leaving the loop cancels the body. */
export async function* events(body, seen = () => {}) {
  const waiting = [];
  const push = parser((event) => waiting.push(event));
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      seen(value);
      push(value);
      while (waiting.length > 0) yield waiting.shift();
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
