// What a tab remembers until it is closed, for one person in one account. Never a key.

const PREFIX = "skytower.playground.";

function storage() {
  try {
    return window.sessionStorage;
  } catch {
    return null; // the browser keeps nothing
  }
}

/** What was kept under a name, if the same person kept it. */
export function recall(name, owner) {
  try {
    const found = JSON.parse(storage()?.getItem(PREFIX + name) ?? "null");
    if (found?.owner === owner) return found.value;
  } catch {
    // Not ours, or of an older version.
  }
  forget(name);
  return null;
}

/** Keeps a value; false where there is no room for it. */
export function keep(name, owner, value) {
  try {
    storage()?.setItem(PREFIX + name, JSON.stringify({ owner, value }));
    return true;
  } catch {
    forget(name);
    return false;
  }
}

export function forget(name) {
  try {
    storage()?.removeItem(PREFIX + name);
  } catch {
    // There was nothing.
  }
}
