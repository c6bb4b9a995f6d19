// Says what of a body does not fit its schema. The server has the last word.

function kind(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Problems of a value by the schema's hints, at most ten. */
export function check(value, hint, path = "") {
  const out = [];
  walk(value, hint, path, out);
  return out.slice(0, 10);
}

function walk(value, hint, path, out) {
  if (!hint || out.length >= 10) return;
  const name = path || "the body";
  if (hint.oneOf) {
    const tries = hint.oneOf.map((h) => check(value, h, path));
    if (!tries.some((t) => t.length === 0)) out.push(`${name} fits none of its forms: ${tries[0][0]}`);
    return;
  }
  const is = kind(value);
  if (hint.type && !hint.type.some((t) => t === is || (t === "number" && is === "integer"))) {
    out.push(`${name} is of type ${is}, not ${hint.type.join(" or ")}`);
    return;
  }
  if (hint.enum && !hint.enum.some((word) => word === value)) out.push(`${name} is none of ${hint.enum.map((w) => JSON.stringify(w)).join(", ")}`);
  if (hint.minimum !== undefined && value < Number(hint.minimum)) out.push(`${name} is less than ${hint.minimum}`);
  if (hint.maximum !== undefined && value > Number(hint.maximum)) out.push(`${name} is more than ${hint.maximum}`);
  if (is === "object") {
    for (const field of hint.required ?? []) if (!(field in value)) out.push(`${path ? path + "." : ""}${field} is missing`);
    for (const [field, inner] of Object.entries(value)) walk(inner, hint.fields?.[field], path ? `${path}.${field}` : field, out);
  }
  if (is === "array") value.forEach((item, i) => walk(item, hint.items, `${path}[${i}]`, out));
}
