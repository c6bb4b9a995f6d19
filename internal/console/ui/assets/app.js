// What every page gains from scripts; all of it works without, if less pleasantly.

/** Puts text into the clipboard, also where the page is not served over https. */
export async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** Tells screen readers, and shows nothing. */
export function say(text) {
  const place = document.getElementById("live");
  if (place) place.textContent = text;
}

/** The page's token against forged requests, for the header X-CSRF-Token. */
export function csrf() {
  return document.querySelector('meta[name="csrf"]')?.content ?? "";
}

/** A short-lived key of the signed-in person, as long as it is good; null without a session. */
export async function sessionKey() {
  if (sessionKey.held && sessionKey.held.until > Date.now() + 60_000) return sessionKey.held.key;
  const answer = await fetch("/session/key", { method: "POST", headers: { "X-CSRF-Token": csrf(), Accept: "application/json" } });
  if (!answer.ok) return null;
  const { key, expires_at: until } = await answer.json();
  sessionKey.held = { key, until: Date.parse(until) };
  return key;
}

function onCopy(button) {
  const from = button.dataset.copy ? document.querySelector(button.dataset.copy) : button.closest(".code")?.querySelector("pre");
  if (!from) return;
  const label = button.textContent;
  copy(from.value ?? from.textContent).then(() => {
    button.textContent = "Copied";
    say("Copied");
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.copy");
  if (button) onCopy(button);
});

// A form that can't be undone asks first.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// Filters apply as they are chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form?.requestSubmit();
});

// Times in the reader's own zone.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.dateTime;
  if (!time.dataset.utc) time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: time.dataset.seconds ? "medium" : "short" });
}
for (const button of document.querySelectorAll("button.copy[hidden]")) button.hidden = false;
