// Server-sent events of a fetch, as the HTML standard defines them.

/** Yields {event, data, id, raw} until the body ends. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", event = "", id, data = [], raw = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += value ?? "";
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      raw += line + "\n";
      if (line === "") {
        if (data.length > 0 || raw.trim() !== "") yield { event: event || "message", data: data.join("\n"), id, raw };
        event = "";
        data = [];
        raw = "";
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(text);
      else if (field === "event") event = text;
      else if (field === "id") id = text;
    }
    if (done) return;
  }
}

/** The new text of an event: of a chat chunk, a response's delta, or "". */
export function textOf(event) {
  let value;
  try {
    value = JSON.parse(event.data);
  } catch {
    return "";
  }
  const chunk = value?.choices?.[0]?.delta?.content;
  if (typeof chunk === "string") return chunk;
  if (value?.type === "response.output_text.delta") return value.delta;
  if (event.event === "output" && typeof value?.output === "string") return value.output;
  if (event.event === "logs" && Array.isArray(value?.lines)) return value.lines.join("\n") + "\n";
  return "";
}
