import assert from "node:assert/strict";
import { test } from "node:test";
import { inline, parse, render, show } from "../assets/markdown.js";
import { page } from "./page.mjs";

function tree(text) {
  const place = page.createElement("div");
  for (const block of parse(text)) place.append(render(page, block));
  return place;
}

const shown = (text) => tree(text).childNodes.join(" ");

const cases = {
  "one\ntwo\n\nthree": 'p("one" br() "two") p("three")',
  "a **b** *c* ***d*** `e *f*` ~~g~~": 'p("a " strong("b") " " em("c") " " em(strong("d")) " " code("e *f*") " " del("g"))',
  "__init__ and snake_case_name, 2 * 3 * 4": 'p(strong("init") " and snake_case_name, 2 * 3 * 4")',
  "*unfinished and **too": 'p("*unfinished and **too")',
  "**bold with `a**b` in it**": 'p(strong("bold with " code("a**b") " in it"))',
  "``a ` b``": 'p(code("a ` b"))',
  "# One #\ntext": 'p(strong("One")) p("text")',
  "---": "hr()",
  "> a\n> - b": 'blockquote(p("a") ul(li("b")))',
  "- a\n- b\n  - c\n  - d\n\n  e\n- f": 'ul(li("a") li("b" ul(li("c") li("d")) p("e")) li("f"))',
  "3. a\n4. b": 'ol(li("a") li("b"))',
  "text\n- a\n- b\nstill b": 'p("text") ul(li("a") li("b" br() "still b"))',
  "1. do\n   ```sh\n   ls\n   ```\n2. end": 'ol(li("do" div(pre(code("ls")) button("Copy"))) li("end"))',
  "```go\nfunc *x* <b>\n```\nafter": 'div(pre(code("func *x* <b>")) button("Copy")) p("after")',
  "````\n```\n````": 'div(pre(code("```")) button("Copy"))',
  "~~~\nstill being written": 'div(pre(code("still being written")) button("Copy"))',
  "| a | b |\n|---|:-:|\n| 1 | `2` |\n| x \\| y | |": 'div(table(thead(tr(th("a") th("b"))) tbody(tr(td("1") td(code("2"))) tr(td("x | y") td()))))',
  "[site](https://example.com/a_(b) \"t\")": 'p(a("site"))',
  "see https://example.com/x_y_z?q=1, or (http://b.example).": 'p("see " a("https://example.com/x_y_z?q=1") ", or (" a("http://b.example") ").")',
  "![a cat](https://example.com/cat.png)": 'p(a("a cat"))',
  "\\*not\\* \\<b>": 'p("*not* <b>")',
};

test("what people write becomes what they mean", () => {
  for (const [text, want] of Object.entries(cases)) assert.equal(shown(text), want, text);
});

const hostile = [
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<iframe src=//evil.example>", "</div><b onclick=x>", "&lt;script&gt;",
  "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x]( java\tscript:alert(1))", "[x](data:text/html,<script>1</script>)", "[x](vbscript:x)",
  "[x](//evil.example)", "[x](/signout)", "[x](file:///etc/passwd)", "![x](javascript:alert(1))", "<javascript:alert(1)>", "[x](&#106;avascript:alert(1))",
  "```html\n<script>alert(1)</script>\n```", "```\"><script>\nx\n```", "`<script>`", "| <script> | b |\n|---|---|\n| <img onerror=x> | y |", "# <script>", "> <script>", "- <script>",
  "[<img src=x onerror=1>](https://example.com)", "[x](https://example.com/\"onmouseover=\"alert(1))", "http://example.com/\"onclick=x",
];
const allowed = new Set(["div", "p", "strong", "em", "del", "code", "pre", "button", "a", "br", "hr", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "#text"]);

test("text of a model is never markup", () => {
  for (const text of hostile) {
    for (const node of tree(text).all()) {
      assert.ok(allowed.has(node.name), `${node.name} of ${text}`);
      for (const [name, value] of Object.entries(node.attributes)) {
        assert.ok(["href", "rel", "target", "class", "tabindex", "role", "aria-label", "type", "start"].includes(name), `${name} of ${text}`);
        if (name === "href") assert.match(value, /^https?:\/\/([a-z]+\.)?example(\.com)?\//, text);
      }
      if (node.name === "a") assert.equal(node.attributes.rel, "noopener noreferrer nofollow");
    }
  }
  assert.equal(tree("<script>alert(1)</script>").textContent, "<script>alert(1)</script>");
  assert.equal(shown("[x](javascript:alert(1))"), 'p("[x](javascript:alert(1))")');
});

test("long and deep texts come to an end and lose nothing", () => {
  for (const piece of ["*", "**a", "`", "[", "[a](", "![", "_a ", "> ", "- ", "~~", "~~x ", "(http://", "| a |\n|-|\n", "``` ", "\\", "1. "]) {
    const text = piece.repeat(3000);
    assert.ok(tree(text).childNodes.length > 0, piece);
  }
  assert.equal(inline("*".repeat(5000)).map((n) => n.text).join("").length, 5000);
  assert.ok(tree("> ".repeat(100) + "deep").textContent.includes("deep"));
});

test("a text that grows ends as the whole text does, and keeps finished blocks", () => {
  const text = Object.keys(cases).join("\n\n");
  const place = page.createElement("div");
  let first;
  for (let at = 1; at <= text.length; at += 3) {
    show(place, text.slice(0, at), page);
    if (at > 20) first ??= place.childNodes[0];
  }
  show(place, text, page);
  assert.equal(place.childNodes.join(" "), shown(text));
  assert.equal(place.childNodes[0], first);
  show(place, "", page);
  assert.equal(place.childNodes.length, 0);
});
