// Fills the reader's values into code, as snippets.go does with the examples.

function python(value, pad = "") {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return "[" + value.map((item) => python(item, pad)).join(", ") + "]";
  const names = Object.keys(value);
  if (names.length === 0) return "{}";
  return "{\n" + names.map((name) => `${pad}    ${JSON.stringify(name)}: ${python(value[name], pad + "    ")},\n`).join("") + pad + "}";
}

function goString(text) {
  return text.includes("`") ? JSON.stringify(text) : "`" + text + "`";
}

/** The template with the values {base, key, url, body}; body is JSON as text. */
export function fill(template, { base, key, url, body }) {
  let value = {};
  try {
    value = JSON.parse(body);
  } catch {
    // Still being typed.
  }
  const marks = {
    base, key, url, json: body, shell: "'" + body.replaceAll("'", "'\\''") + "'", python: python(value), go: goString(body),
  };
  return template.replace(/⟦(\w+)⟧/g, (all, name) => marks[name] ?? all);
}
