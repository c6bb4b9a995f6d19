// Parts of a page that change by themselves: <section data-live id="…"> is fetched again
// until the page's new copy no longer asks for it.
import { say } from "../ui/app.js";

const PAUSE = 2000; // milliseconds

async function renew(id) {
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  if (!answer.ok) return true;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const old = document.getElementById(id);
  const fresh = page.getElementById(id);
  if (!old || !fresh) return false;
  if (old.contains(document.activeElement) && document.activeElement !== old) return true; // somebody works in it
  if (old.innerHTML !== fresh.innerHTML) {
    const state = fresh.dataset.state;
    if (state && state !== old.dataset.state) say(`Now: ${state}`);
    old.replaceWith(document.adoptNode(fresh));
    for (const button of fresh.querySelectorAll("button.copy[hidden]")) button.hidden = false;
    for (const time of fresh.querySelectorAll("time[datetime]")) time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }
  return fresh.hasAttribute("data-live");
}

async function follow(id) {
  for (;;) {
    await new Promise((done) => { setTimeout(done, PAUSE); });
    if (document.hidden) continue;
    const on = await renew(id).catch(() => true);
    if (!on) return;
  }
}

for (const part of document.querySelectorAll("[data-live][id]")) follow(part.id);
