// "View code": the request as code, in step with the form.

import { recall, keep } from "./memory.js";
import { languages } from "./snippets.js";

/** Follows a panel: makeAll gives the snippets by language when they are looked at. */
export function viewer(panel, makeAll) {
  const tabs = [...panel.querySelectorAll("[data-language]")];
  const place = panel.querySelector("pre code");
  let language = recall("language", "");
  if (!Object.hasOwn(languages, language ?? "")) language = "curl";

  function refresh() {
    if (!panel.open) return;
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab.dataset.language === language));
      tab.tabIndex = tab.dataset.language === language ? 0 : -1;
    }
    panel.querySelector("[role=tabpanel]").setAttribute("aria-labelledby", `code-${language}`);
    place.textContent = makeAll()[language];
  }

  function choose(tab) {
    language = tab.dataset.language;
    keep("language", "", language);
    refresh();
  }

  panel.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-language]");
    if (tab) choose(tab);
  });
  panel.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.indexOf(event.target);
    if (!step || at < 0) return;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
  panel.addEventListener("toggle", refresh);
  refresh();
  return refresh;
}
