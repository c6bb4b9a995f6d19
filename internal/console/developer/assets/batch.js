// Uploads a file for a batch from the page of a new one. Without scripts, a file is uploaded
// by the API, or its lines are written into the form.
import { say, sessionKey } from "../ui/app.js";

const place = document.getElementById("upload");
const words = document.getElementById("upload-words");
const list = document.getElementById("f-file");

/** Keeps the file at the server; throws an Error for people. */
async function keep(file) {
  const key = await sessionKey();
  if (!key) throw new Error("you are signed out");
  const form = new FormData();
  form.append("purpose", "batch");
  form.append("file", file);
  const answer = await fetch("/v1/files", { method: "POST", headers: { Accept: "application/json", "x-api-key": key }, body: form, credentials: "omit" });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.response ?? told.error?.message ?? `the server answered ${answer.status}`);
  return told;
}

async function upload(file) {
  words.textContent = `Uploading ${file.name}…`;
  try {
    const held = await keep(file);
    list.add(new Option(held.filename, held.id, true, true), 1);
    words.textContent = `${file.name} is uploaded and chosen.`;
  } catch (error) {
    words.textContent = `${file.name} could not be uploaded: ${error.message}`;
  }
  say(words.textContent);
}

if (place && list) {
  place.hidden = false;
  const chooser = place.querySelector("input");
  chooser.addEventListener("change", () => {
    if (chooser.files.length > 0) upload(chooser.files[0]);
    chooser.value = "";
  });
}
