// Markdown of answers, as a tree and then as nodes of the page. Text of a model never
// becomes markup: every word is set as text, links lead to http and https alone, and
// pictures are links, since a picture would tell its server that the answer was read.

const DEEPEST = 8; // lists in lists, quotes in quotes, emphasis in emphasis

// Blocks

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const rule = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const quote = /^ {0,3}> ?/;
const item = /^( *)([-*+]|\d{1,9}[.)])(\s+|$)/;
const tableRule = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** The blocks of a text, each with the source that it came from. */
export function parse(text) {
  return blocks(text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n"), 0);
}

function blocks(lines, depth) {
  const out = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at].trim() === "") {
      at++;
      continue;
    }
    const { block, next } = one(lines, at, depth);
    block.source = lines.slice(at, next).join("\n");
    out.push(block);
    at = next;
  }
  return out;
}

function one(lines, at, depth) {
  const line = lines[at];
  const open = fence.exec(line);
  if (open) return code(lines, at, open);
  const title = heading.exec(line);
  if (title) return { block: { type: "heading", level: title[1].length, inline: inline(title[2]) }, next: at + 1 };
  if (rule.test(line)) return { block: { type: "rule" }, next: at + 1 };
  if (depth < DEEPEST && quote.test(line)) return quoted(lines, at, depth);
  if (depth < DEEPEST && item.test(line)) return list(lines, at, depth);
  if (line.includes("|") && tableRule.test(lines[at + 1] ?? "") && lines[at + 1].includes("-")) return table(lines, at);
  return paragraph(lines, at, depth);
}

function code(lines, at, [, marks, lang]) {
  let next = at + 1;
  const text = [];
  const closes = (line) => line.trim().startsWith(marks) && line.trim().replaceAll(marks[0], "") === "";
  while (next < lines.length && !closes(lines[next])) text.push(lines[next++]);
  return { block: { type: "code", lang, text: text.join("\n") }, next: Math.min(next + 1, lines.length) };
}

function quoted(lines, at, depth) {
  const inner = [];
  let next = at;
  while (next < lines.length && quote.test(lines[next])) inner.push(lines[next++].replace(quote, ""));
  return { block: { type: "quote", blocks: blocks(inner, depth + 1) }, next };
}

const indent = (line) => line.length - line.trimStart().length;

function list(lines, at, depth) {
  const first = item.exec(lines[at]);
  const ordered = /\d/.test(first[2]);
  const base = first[1].length;
  const items = [];
  let next = at;
  while (next < lines.length) {
    const found = item.exec(lines[next]);
    if (!found || /\d/.test(found[2]) !== ordered || found[1].length > base + 1 || found[1].length < base || rule.test(lines[next])) break;
    const width = Math.min(found[0].length, found[1].length + found[2].length + 4);
    const inner = [lines[next].slice(width)];
    next++;
    while (next < lines.length && belongs(lines, next, base, width)) {
      inner.push(lines[next].slice(Math.min(indent(lines[next]), width)));
      next++;
    }
    items.push(blocks(inner, depth + 1));
  }
  return { block: { type: "list", ordered, start: ordered ? Number.parseInt(first[2], 10) : 1, items }, next };
}

/** Whether a line goes on with an item: it stands under its text, or follows it directly. */
function belongs(lines, at, base, width) {
  const line = lines[at];
  if (line.trim() === "") {
    const after = lines.slice(at, at + 3).find((l) => l.trim() !== "");
    return after !== undefined && indent(after) > base && (indent(after) >= Math.min(width, base + 2));
  }
  if (indent(line) >= Math.min(width, base + 2)) return true;
  if (item.test(line) || fence.test(line) || heading.test(line) || quote.test(line)) return false;
  return lines[at - 1].trim() !== "";
}

function cells(line) {
  return line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll("\\|", "|")));
}

function table(lines, at) {
  const head = cells(lines[at]);
  const rows = [];
  let next = at + 2;
  while (next < lines.length && lines[next].includes("|") && lines[next].trim() !== "") rows.push(cells(lines[next++]).slice(0, head.length));
  return { block: { type: "table", head, rows }, next };
}

function paragraph(lines, at, depth) {
  const text = [lines[at].trim()];
  let next = at + 1;
  while (next < lines.length && goesOn(lines[next], depth)) text.push(lines[next++].trim());
  return { block: { type: "paragraph", inline: inline(text.join("\n")) }, next };
}

function goesOn(line, depth) {
  if (line.trim() === "" || fence.test(line) || heading.test(line) || rule.test(line)) return false;
  return depth >= DEEPEST || (!quote.test(line) && !item.test(line));
}

// Words

const escapable = /[\\`*_{}[\]()#+\-.!~|>"'<]/;
const link = /!?\[((?:[^[\]]|\[[^[\]]*\])*)\]\(\s*<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/y;
const bare = /https?:\/\/[^\s<>"'`\\^{|}]+/y;
const LONGEST_LINK = 4000; // characters that are searched for a link's end

/** The nodes of a line: {type: text, code, strong, em, del, link or break}. */
export function inline(text, depth = 0) {
  const out = [];
  const without = new Set(); // marks that have no other end further on
  let plain = "";
  const flush = () => {
    if (plain !== "") out.push({ type: "text", text: plain });
    plain = "";
  };
  for (let at = 0; at < text.length;) {
    const found = special(text, at, depth, without);
    if (!found) {
      plain += text[at++];
      continue;
    }
    if (found.text !== undefined) plain += found.text;
    else {
      flush();
      out.push(found.node);
    }
    at = found.next;
  }
  flush();
  return out;
}

function special(text, at, depth, without) {
  switch (text[at]) {
    case "\\":
      return escapable.test(text[at + 1] ?? " ") ? { text: text[at + 1], next: at + 2 } : null;
    case "\n":
      return { node: { type: "break" }, next: at + 1 };
    case "`":
      return span(text, at, without);
    case "*": case "_": case "~":
      return depth < DEEPEST ? emphasis(text, at, depth, without) : null;
    case "!": case "[":
      return depth < DEEPEST ? linked(text, at, depth) : null;
    case "h":
      return address(text, at);
  }
  return null;
}

function run(text, at) {
  let end = at;
  while (text[end] === text[at]) end++;
  return text.slice(at, end);
}

/** Where a span of code that opens with marks at a place is closed; -1: nowhere. */
function spanEnd(text, at, marks, without) {
  for (let end = without.has(marks) ? -1 : text.indexOf(marks, at + marks.length); end >= 0;) {
    const other = run(text, end);
    if (other.length === marks.length) return end;
    end = text.indexOf(marks, end + other.length);
  }
  without.add(marks);
  return -1;
}

function span(text, at, without) {
  const marks = run(text, at);
  const end = spanEnd(text, at, marks, without);
  if (end < 0) return { text: marks, next: at + marks.length };
  let inner = text.slice(at + marks.length, end);
  if (/^ .*[^ ].* $/s.test(inner)) inner = inner.slice(1, -1);
  return { node: { type: "code", text: inner.replaceAll("\n", " ") }, next: end + marks.length };
}

const word = /[\p{L}\p{N}]/u;

function emphasis(text, at, depth, without) {
  const whole = run(text, at);
  const marks = whole[0] === "~" ? "~~" : whole.slice(0, 3);
  const after = text[at + marks.length] ?? " ";
  const asText = { text: whole, next: at + whole.length };
  if (whole.length > 3 || (whole[0] === "~" && whole.length !== 2) || /\s/.test(after)) return asText;
  if (whole[0] === "_" && word.test(text[at - 1] ?? " ")) return asText;
  const end = without.has(marks) ? -1 : closing(text, at + marks.length + 1, marks, without);
  if (end < 0) {
    without.add(marks);
    return asText;
  }
  const inner = inline(text.slice(at + marks.length, end), depth + 1);
  const next = end + marks.length;
  if (marks === "~~") return { node: { type: "del", inline: inner }, next };
  if (marks.length === 1) return { node: { type: "em", inline: inner }, next };
  const strong = { type: "strong", inline: inner };
  return { node: marks.length === 2 ? strong : { type: "em", inline: [strong] }, next };
}

/** Where marks end that began before from, outside of code; -1: nowhere. */
function closing(text, from, marks, without) {
  for (let at = from; at < text.length;) {
    if (text[at] === "\\") at += 2;
    else if (text[at] === "`") {
      const ticks = run(text, at);
      const end = spanEnd(text, at, ticks, without);
      at = (end < 0 ? at : end) + ticks.length;
    } else if (text[at] === marks[0]) {
      const whole = run(text, at);
      const fits = whole.length === marks.length && text[at - 1] !== marks[0] && !/\s/.test(text[at - 1]);
      if (fits && (marks[0] !== "_" || !word.test(text[at + whole.length] ?? " "))) return at;
      at += whole.length;
    } else at++;
  }
  return -1;
}

/** The address if it leads to the web; "" for any other. */
export function web(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return "";
  }
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : "";
}

function linked(text, at, depth) {
  if (text[at] === "!" && text[at + 1] !== "[") return null;
  const near = text.slice(at, at + LONGEST_LINK);
  link.lastIndex = 0;
  const found = link.exec(near);
  if (!found) return null;
  const href = web(found[2]);
  const next = at + found[0].length;
  if (href === "") return { text: found[0], next };
  return { node: { type: "link", href, inline: inline(found[1] || href, DEEPEST) }, next };
}

function address(text, at) {
  if (!text.startsWith("http", at) || word.test(text[at - 1] ?? " ")) return null;
  bare.lastIndex = at;
  let found = bare.exec(text.slice(0, at + LONGEST_LINK))?.[0];
  if (!found) return null;
  found = found.replace(/[.,:;!?*_~]+$/, "");
  while (found.endsWith(")") && found.split(")").length > found.split("(").length) found = found.slice(0, -1);
  const href = web(found);
  return href === "" ? null : { node: { type: "link", href, inline: [{ type: "text", text: found }] }, next: at + found.length };
}

// Nodes of the page

function element(doc, name, children = [], className = "") {
  const el = doc.createElement(name);
  if (className) el.className = className;
  el.append(...children);
  return el;
}

function words(doc, nodes) {
  return nodes.map((node) => {
    switch (node.type) {
      case "text": return doc.createTextNode(node.text);
      case "code": return element(doc, "code", [doc.createTextNode(node.text)]);
      case "break": return doc.createElement("br");
      case "link": {
        const a = element(doc, "a", words(doc, node.inline));
        a.setAttribute("href", node.href);
        a.setAttribute("rel", "noopener noreferrer nofollow");
        a.setAttribute("target", "_blank");
        return a;
      }
      default: return element(doc, node.type, words(doc, node.inline));
    }
  });
}

/** A block of code with its button to copy. */
export function codeBlock(doc, text, label = "Code") {
  const pre = element(doc, "pre", [element(doc, "code", [doc.createTextNode(text)])]);
  pre.setAttribute("tabindex", "0");
  pre.setAttribute("aria-label", label);
  pre.setAttribute("role", "group");
  const button = element(doc, "button", [doc.createTextNode("Copy")], "copy small");
  button.setAttribute("type", "button");
  return element(doc, "div", [pre, button], "code");
}

function tableNode(doc, block) {
  const row = (name, cells) => element(doc, "tr", cells.map((cell) => element(doc, name, words(doc, cell))));
  const place = element(doc, "div", [element(doc, "table", [
    element(doc, "thead", [row("th", block.head)]), element(doc, "tbody", block.rows.map((cells) => row("td", cells))),
  ])], "answer-table");
  place.setAttribute("tabindex", "0");
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Table");
  return place;
}

/** The node of a block. */
export function render(doc, block) {
  switch (block.type) {
    case "paragraph": return element(doc, "p", words(doc, block.inline));
    case "heading": return element(doc, "p", [element(doc, "strong", words(doc, block.inline))], `answer-heading level-${block.level}`);
    case "rule": return doc.createElement("hr");
    case "code": return codeBlock(doc, block.text, block.lang ? `Code in ${block.lang}` : "Code");
    case "quote": return element(doc, "blockquote", block.blocks.map((b) => render(doc, b)));
    case "table": return tableNode(doc, block);
    default: {
      const el = element(doc, block.ordered ? "ol" : "ul", block.items.map((inner) => element(doc, "li", itemNodes(doc, inner))));
      if (block.ordered && block.start !== 1) el.setAttribute("start", String(block.start));
      return el;
    }
  }
}

/** An item of one paragraph shows its words alone. */
function itemNodes(doc, inner) {
  return inner.flatMap((block, i) => (i === 0 && block.type === "paragraph" ? words(doc, block.inline) : [render(doc, block)]));
}

/** Shows a text that grows: blocks that did not change keep their nodes. Returns the
 *  sources of the blocks. */
export function show(place, text, doc = document) {
  const now = parse(text);
  const held = place.shown ?? [];
  let same = 0;
  while (same < now.length && same < held.length && held[same] === now[same].source) same++;
  while (place.childNodes.length > same) place.lastChild.remove();
  for (const block of now.slice(same)) place.append(render(doc, block));
  place.shown = now.map((block) => block.source);
  return place.shown;
}
