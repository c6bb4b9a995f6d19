// As much of a page as the renderer of answers needs. It keeps what was set, and has no
// way to read markup.

class Node {
  constructor(name, text) {
    this.name = name;
    this.text = text;
    this.childNodes = [];
    this.attributes = {};
  }
  append(...children) { for (const c of children) { c.parent = this; this.childNodes.push(c); } }
  setAttribute(name, value) { this.attributes[name] = value; }
  get lastChild() { return this.childNodes.at(-1); }
  remove() { this.parent.childNodes.splice(this.parent.childNodes.indexOf(this), 1); }
  set className(value) { this.attributes.class = value; }
  set innerHTML(value) { throw new Error(`markup: ${value}`); }
  get textContent() { return this.text ?? this.childNodes.map((c) => c.textContent).join(""); }

  /** Everything under this node, with itself. */
  *all() {
    yield this;
    for (const c of this.childNodes) yield* c.all();
  }
  /** A short writing of the tree: name(children), texts in quotes. */
  toString() { return this.text !== undefined ? JSON.stringify(this.text) : `${this.name}(${this.childNodes.join(" ")})`; }
}

export const page = {
  createElement(name) {
    if (!/^[a-z][a-z0-9]*$/.test(name)) throw new Error(`no element: ${name}`);
    return new Node(name);
  },
  createTextNode(text) { return new Node("#text", text); },
};
