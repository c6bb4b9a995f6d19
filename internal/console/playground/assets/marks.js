// Says at a field what is wrong with it.

/** Marks an element with a problem, or with none (""). */
export function mark(el, problem) {
  const id = `${el.id}-words`;
  let words = document.getElementById(id);
  if (problem === "" && !words?.querySelector(":scope > .error")) return;
  if (!words) {
    words = document.createElement("div");
    words.id = id;
    el.after(words);
    el.setAttribute("aria-describedby", id);
  }
  let place = words.querySelector(":scope > .error");
  if (!place) {
    place = document.createElement("div");
    place.className = "error";
    words.prepend(place);
  }
  place.textContent = problem;
  place.hidden = problem === "";
  if (problem === "") el.removeAttribute("aria-invalid");
  else el.setAttribute("aria-invalid", "true");
}

/** Opens what a field is folded into, and goes there. */
export function goTo(el) {
  for (let at = el.closest("details:not([open])"); at; at = at.parentElement.closest("details:not([open])")) at.open = true;
  el.focus();
}

/** An element with a class and what is in it. */
export function make(name, className = "", ...children) {
  const el = document.createElement(name);
  if (className) el.className = className;
  el.append(...children);
  return el;
}

/** A button that does something. */
export function button(text, act, className = "small") {
  const el = make("button", className, text);
  el.type = "button";
  el.addEventListener("click", act);
  return el;
}
