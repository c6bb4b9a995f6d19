// Results while typing. The form works without: the server searches the same index.

const input = document.getElementById("docs-q");
const place = document.getElementById("docs-hits");
let index;

async function load() {
  index ??= fetch(input.dataset.search).then((answer) => answer.json()).catch(() => []);
  return index;
}

/** As the server counts: 0 where a word is missing. */
function score(entry, words) {
  const title = entry.title.toLowerCase(), page = entry.page.toLowerCase(), text = entry.text.toLowerCase();
  let total = 0;
  for (const word of words) {
    const n = (title.includes(word) ? 10 : 0) + (page.includes(word) ? 4 : 0) + (text.includes(word) ? 1 : 0);
    if (n === 0) return 0;
    total += n;
  }
  return total;
}

async function show() {
  const query = input.value.trim().toLowerCase();
  const words = query.split(/\s+/).slice(0, 8);
  if (query.length < 2) {
    place.hidden = true;
    return;
  }
  const entries = await load();
  if (input.value.trim().toLowerCase() !== query) return;
  const hits = entries.map((entry) => ({ entry, n: score(entry, words) })).filter((hit) => hit.n > 0).sort((a, b) => b.n - a.n).slice(0, 8);
  place.replaceChildren(...hits.map(({ entry }) => {
    const link = document.createElement("a");
    link.href = entry.path;
    link.textContent = entry.title === entry.page ? entry.title : `${entry.title} · ${entry.page}`;
    return link;
  }));
  if (hits.length === 0) place.textContent = "Nothing found.";
  place.hidden = false;
}

input?.addEventListener("focus", load, { once: true });
input?.addEventListener("input", show);
input?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") place.hidden = true;
  if (event.key === "ArrowDown") { place.querySelector("a")?.focus(); event.preventDefault(); }
});
