// A select that can be searched: the select stays the value, an input and a list stand
// in front of it (the ARIA pattern "combobox with list").

const MOST = 60; // options that are shown at once
let made = 0;

/** Puts a searchable field in place of a select; choosing fires the select's change. */
export function searchable(select) {
  const id = `combo-${++made}`;
  const input = document.createElement("input");
  const list = document.createElement("ul");
  const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  Object.assign(input, { id, type: "text", autocomplete: "off", spellcheck: false });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list" })) input.setAttribute(name, value);
  if (label) label.htmlFor = id;
  list.id = `${id}-list`;
  list.className = "combo-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label?.textContent ?? "Choices");
  list.hidden = true;
  select.hidden = true;
  select.parentElement.classList.add("combo");
  select.after(input, list);
  let at = -1;

  const shownValue = () => { input.value = select.selectedOptions[0]?.textContent.trim() ?? ""; };

  function fill(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...select.options].filter((o) => o.value !== "" && words.every((w) => `${o.textContent} ${o.value} ${o.dataset.more ?? ""}`.toLowerCase().includes(w)));
    list.replaceChildren(...found.slice(0, MOST).map(entry));
    if (found.length === 0) list.append(remark("Nothing found."));
    if (found.length > MOST) list.append(remark(`${found.length - MOST} more: type to find them.`));
    at = found.slice(0, MOST).findIndex((o) => o.selected);
    mark();
  }

  function entry(option, i) {
    const el = document.createElement("li");
    el.id = `${id}-${i}`;
    el.setAttribute("role", "option");
    el.dataset.value = option.value;
    el.textContent = option.textContent.trim();
    if (option.dataset.more) {
      const more = document.createElement("span");
      more.className = "small dim";
      more.textContent = option.dataset.more;
      el.append(more);
    }
    return el;
  }

  function remark(text) {
    const el = document.createElement("li");
    el.className = "dim small";
    el.setAttribute("role", "option");
    el.setAttribute("aria-disabled", "true");
    el.textContent = text;
    return el;
  }

  const entries = () => [...list.querySelectorAll("[data-value]")];

  function mark() {
    for (const [i, el] of entries().entries()) el.setAttribute("aria-selected", String(i === at));
    const el = entries()[at];
    if (el && !list.hidden) {
      input.setAttribute("aria-activedescendant", el.id);
      el.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  function unfold(query) {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    fill(query);
  }

  function fold() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    shownValue();
  }

  function choose(el) {
    const changed = select.value !== el.dataset.value;
    select.value = el.dataset.value;
    fold();
    if (changed) select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => { if (list.hidden) unfold(""); });
  input.addEventListener("input", () => { unfold(input.value); at = 0; mark(); });
  input.addEventListener("blur", fold);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      if (list.hidden) unfold("");
      else at = Math.max(0, Math.min(entries().length - 1, at + step));
      mark();
      event.preventDefault();
    } else if (event.key === "Enter" && !list.hidden && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (entries()[at]) choose(entries()[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      fold();
    }
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the input keeps the focus
    const el = event.target.closest("[data-value]");
    if (el) choose(el);
  });
  shownValue();
  return { show: shownValue };
}
