// Looks at the server's health behind the first page, where the last look is old: it takes
// seconds when something does not answer, which the page should not wait for.
const place = document.querySelector("[data-checks]");
if (place && place.dataset.checks === "old") {
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/operator/checks?part=1", { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-checks]");
    if (answer.ok && fresh) {
      place.replaceChildren(...fresh.childNodes);
      for (const time of place.querySelectorAll("time[datetime]")) {
        time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
      }
    }
  } finally {
    place.removeAttribute("aria-busy");
  }
}
