// What a streamed answer adds, whichever route sent it.

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
