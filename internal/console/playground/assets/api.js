// Calls of this server's API with the short-lived key of the signed-in person, which lives
// in the module of the frame and nowhere else.

import { sessionKey } from "../ui/app.js";
import { problemOf } from "./conversation.js";

/** What went wrong, for people: .problem is {message, details, id, status, request}. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.message);
    this.problem = problem;
  }
}

const signedOut = { message: "You are signed out.", details: "Sign in in another tab, then try again.", id: "", status: 401, request: "" };

async function once(path, { method = "GET", json, form, headers = {}, signal } = {}) {
  const key = await sessionKey();
  if (!key) throw new Refused(signedOut);
  const all = { Accept: "application/json", "x-api-key": key, ...headers };
  if (json !== undefined) all["Content-Type"] = "application/json";
  return fetch(path, { method, headers: all, body: json === undefined ? form : JSON.stringify(json), signal, credentials: "omit", cache: "no-store" });
}

/** Sends a request. A key that ended meanwhile is renewed once. Throws Refused for an
 *  answer that is an error. */
export async function call(path, options) {
  let answer = await once(path, options);
  if (answer.status === 401) {
    sessionKey.held = null;
    answer = await once(path, options);
  }
  if (answer.ok) return answer;
  throw new Refused(await problem(answer));
}

async function problem(answer) {
  const request = answer.headers.get("x-request-id") ?? "";
  const text = await answer.text().catch(() => "");
  try {
    const found = problemOf(JSON.parse(text));
    return { ...found, status: answer.status, request: found.request || request };
  } catch {
    return { message: `The server answered ${answer.status}.`, details: "", id: "", status: answer.status, request };
  }
}

/** Any error of a call as a problem. */
export function told(error) {
  if (error instanceof Refused) return error.problem;
  return { message: "The connection broke.", details: error?.message ?? "", id: "", status: 0, request: "" };
}

/** A notice of a problem, with where to go on. */
export function notice({ message, details, id, status, request }) {
  const place = document.createElement("div");
  place.className = "notice bad";
  place.setAttribute("role", "alert");
  const p = document.createElement("p");
  p.textContent = [message, details].filter(Boolean).join(" ");
  const more = document.createElement("p");
  more.className = "small row";
  if (id) more.append(code(id));
  if (request) more.append(link(`/requests/${encodeURIComponent(request)}`, `Request ${request}`));
  if (status === 402) more.append(link("/billing", "Add credit"));
  if (status === 429) more.append(link("/limits", "See the limits"));
  if (status === 401) more.append(link("/signin", "Sign in", true));
  place.append(p);
  if (more.childNodes.length > 0) place.append(more);
  return place;
}

function code(text) {
  const el = document.createElement("code");
  el.textContent = text;
  return el;
}

export function link(href, text, elsewhere = false) {
  const a = document.createElement("a");
  a.href = href;
  a.textContent = text;
  if (elsewhere) a.target = "_blank";
  return a;
}
