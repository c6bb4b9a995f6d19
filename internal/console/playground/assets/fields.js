// What a model's input holds, read from its form. A field is described by the server:
// {name, kind, required, default, values, item, min, max, integer, minLength, maxLength,
// pattern, minItems, maxItems}. The server of the API has the last word.

const unset = { set: false };
const is = (value) => ({ set: true, value });
const wrong = (problem) => ({ set: false, problem });

const readers = { text, number, bool, choice, choices, file, files: lines, lines, json: document };

/** What a field holds: {set, value}, or {problem} to tell. Raw is what its element has:
 *  a text, or a list of chosen numbers. */
export function valueOf(field, raw) {
  const found = (readers[field.kind] ?? document)(field, raw);
  if (found.problem) return found;
  if (!found.set) return field.required ? wrong("This is needed.") : unset;
  if (!field.required && "default" in field && same(found.value, field.default)) return unset;
  return found;
}

/** Everything that is set, in the order of the fields, and problems by name. */
export function inputOf(pairs) {
  const input = {}, problems = {};
  for (const [field, raw] of pairs) {
    const found = valueOf(field, raw);
    if (found.problem) problems[field.name] = found.problem;
    else if (found.set) Object.defineProperty(input, field.name, { value: found.value, enumerable: true, configurable: true, writable: true });
  }
  return { input, problems };
}

export function same(a, b) { return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)); }

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.keys(value).sort().map((name) => [name, sorted(value[name])]);
}

function text(field, raw) {
  if (raw === "" && !field.default) return unset; // an emptied default is meant
  const length = [...raw].length;
  if (field.minLength !== undefined && length < field.minLength) return wrong(`At least ${count(field.minLength, "character")}.`);
  if (field.maxLength !== undefined && length > field.maxLength) return wrong(`At most ${count(field.maxLength, "character")}; this has ${length}.`);
  if (field.pattern && !fits(field.pattern, raw)) return wrong(`It must fit the pattern ${field.pattern}.`);
  return is(raw);
}

function fits(pattern, raw) {
  try {
    return new RegExp(pattern, "u").test(raw);
  } catch {
    return true; // no pattern of this language
  }
}

function number(field, raw) {
  const word = raw.trim();
  if (word === "") return unset;
  const value = Number(word);
  if (!Number.isFinite(value)) return wrong("This is no number.");
  if (field.integer && !Number.isInteger(value)) return wrong("A whole number, please.");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return wrong("This number is too large to be exact here.");
  const { min, max, above, below } = field;
  if (min !== undefined && value < min) return wrong(max === undefined ? `At least ${min}.` : `From ${min} to ${max}.`);
  if (max !== undefined && value > max) return wrong(min === undefined ? `At most ${max}.` : `From ${min} to ${max}.`);
  if (above !== undefined && value <= above) return wrong(`More than ${above}.`);
  if (below !== undefined && value >= below) return wrong(`Less than ${below}.`);
  return is(value);
}

function bool(_, raw) { return raw === "" ? unset : is(raw === "true"); }

function choice(field, raw) { return raw === "" ? unset : is(field.values[Number(raw)]); }

function choices(field, raw) {
  if (raw.length === 0 && !field.default?.length) return unset;
  return items(field, raw.map((at) => field.values[Number(at)]));
}

function file(field, raw) {
  const address = raw.trim();
  return address === "" ? unset : goodAddress(address) ? is(address) : wrong("An address that begins with https:// or http://, or a file.");
}

function goodAddress(address) {
  if (/^data:[^,]+,/.test(address)) return true;
  try {
    return /^https?:$/.test(new URL(address).protocol);
  } catch {
    return false;
  }
}

function lines(field, raw) {
  const found = raw.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (found.length === 0 && !field.default?.length) return unset;
  const values = [];
  for (const [i, line] of found.entries()) {
    const one = valueOf({ ...field.item, required: true }, line);
    if (one.problem) return wrong(`Line ${i + 1}: ${one.problem}`);
    values.push(one.value);
  }
  return items(field, values);
}

function items(field, values) {
  if (field.minItems !== undefined && values.length < field.minItems) return wrong(`At least ${count(field.minItems, "item")}.`);
  if (field.maxItems !== undefined && values.length > field.maxItems) return wrong(`At most ${count(field.maxItems, "item")}; there are ${values.length}.`);
  return is(values);
}

function count(n, thing) { return `${n} ${thing}${n === 1 ? "" : "s"}`; }

function document(field, raw) {
  if (raw.trim() === "") return unset;
  let value;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    return wrong(`This is no valid JSON: ${error.message}`);
  }
  if (field.shape === "object" && (value === null || typeof value !== "object" || Array.isArray(value))) return wrong("A JSON object, in braces.");
  if (field.shape === "array" && !Array.isArray(value)) return wrong("A JSON list, in brackets.");
  return field.shape === "array" ? items(field, value) : is(value);
}
