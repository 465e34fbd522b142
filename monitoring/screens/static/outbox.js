// Entries on their way to the server. Each is kept in the browser's storage under a key of its own, from the tap on Save
// until the server says "saved". Nothing unsent expires. No patient's name is ever stored here.

import * as clock from "./clock.js";

const PREFIX = "outbox:";
const RETRY_MS = 1500;
const LATE_MS = 3000;
const listeners = new Set();
let sending = false;
let again = null;
let timer = null;
let counter = 0;
let needsSignIn = false;
const answered = new Map(); // saved, and not in a document yet: in this page's memory only

export const onChange = (listener) => (listeners.add(listener), () => listeners.delete(listener));
const changed = () => listeners.forEach((listener) => listener());

export function items() {
  const found = [];
  for (let i = 0; i < localStorage.length; i += 1) {
    const key = localStorage.key(i);
    if (!key.startsWith(PREFIX)) continue;
    try {
      found.push({ key, ...JSON.parse(localStorage.getItem(key)) });
    } catch {
      found.push({ key, refused: ["This entry can no longer be read by this tablet."], body: {} });
    }
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

export const waiting = () => items().filter((item) => !item.refused);
export const refused = () => items().filter((item) => item.refused);
export const wantsSignIn = () => needsSignIn;

// What the server saved and this screen was not given yet: it is shown until the document has it.
export const saved = () => [...answered.values()];
export function shown(infusion, version) {
  for (const [key, item] of answered) if (item.infusion !== infusion || item.seq <= version) answered.delete(key);
}

// Keeps an entry and starts sending. Throws when the browser refuses to store it: then nothing may be cleared on screen.
export function put(infusion, who, body) {
  counter = (counter + 1) % 1000;
  const key = `${PREFIX}${Date.now()}-${String(counter).padStart(3, "0")}:${body.id}`;
  localStorage.setItem(key, JSON.stringify({ infusion, who, body, tries: 0 }));
  changed();
  send();
}

// What was refused is tried once more: the reason may have passed.
export function retry(key) {
  const item = items().find((one) => one.key === key);
  if (!item) return;
  delete item.refused;
  keep(item);
  changed();
  send();
}

export function discard(key) {
  localStorage.removeItem(key);
  changed();
}

const keep = ({ key, ...item }) => localStorage.setItem(key, JSON.stringify(item));

// What had to wait was entered on a screen that may not have shown the present state: the server then keeps it, whatever
// phase it meets.
const hasWaited = (item) => item.tries > 0 || item.body.clock === "device" || (clock.now() - Date.parse(item.body.tapped_at)) / clock.rate() > LATE_MS;

async function post(item, queued) {
  const body = { ...item.body, queued };
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), 8000);
  try {
    return await fetch(`/api/infusions/${item.infusion}/entries`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      signal: limit.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

// One by one, in the order of the taps. A refused item goes to the tray and the ones behind it go on.
async function sendAll() {
  let failed = false;
  let queued = false; // what is behind one that has waited, has waited too
  for (const item of waiting()) {
    if (localStorage.getItem(item.key) === null) continue; // sent by another tab meanwhile
    let answer;
    let said;
    const tried = { ...item, tries: item.tries + 1 };
    try {
      queued ||= hasWaited(item);
      answer = await post(item, queued);
      said = await answer.json().catch(() => ({}));
    } catch {
      if (localStorage.getItem(item.key) !== null) keep(tried);
      return false; // no connection: wait
    }
    if (answer.ok && said.saved) {
      needsSignIn = false;
      if (said.seq) answered.set(item.key, { ...item, seq: said.seq });
      localStorage.removeItem(item.key);
    } else if (answer.status === 401) {
      needsSignIn = true; // waits for the next PIN on this device
      keep(tried);
      changed();
      return false;
    } else if (answer.status === 500) {
      keep({ ...tried, trouble: said.sentences ?? ["The server failed on this entry; it is tried again."] });
      failed = true; // the ones behind it need not wait
    } else if (answer.status > 500 || answer.status === 429 || answer.ok) {
      keep({ ...tried, trouble: said.sentences });
      changed();
      return false;
    } else {
      keep({ ...tried, refused: said.sentences ?? [`The server did not take this entry (${answer.status}).`] });
    }
    changed();
  }
  return !failed;
}

const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(send, RETRY_MS);
};

export async function send() {
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  again = false;
  try {
    const work = async () => sendAll();
    // Several tabs of one browser share the outbox; the lock keeps the order. Without it the server still takes each once.
    const done = navigator.locks ? await navigator.locks.request("outbox", work) : await work();
    if (!done) soon();
  } catch {
    soon();
  } finally {
    sending = false;
    if (again) send();
  }
}

export function signedIn() {
  needsSignIn = false;
  send();
  changed();
}

addEventListener("storage", (event) => event.key?.startsWith(PREFIX) && changed());
addEventListener("online", send);
