// One WebSocket a page: documents come in, are handed on, and silence is noticed.

import * as clock from "./clock.js";
import * as outbox from "./outbox.js";

const SILENT_MS = 4200; // the server's heartbeat comes every 2 s
const state = { document: null, me: undefined, since: null, connected: false, signedOut: false, clockNotice: "" };
let heardAt = null; // the server's time at its last message: what is shown is as of then
const listeners = new Set();
let socket = null;
let heard = 0;
let address = null;
let pause = 300;

export const current = () => state;
// As of when all is that came from the server [ms]; null while it is live.
export const asOf = () => (state.connected || state.since === null ? null : state.since);
// When the server was heard last [ms], by its clock; and for how long it has been silent since [ms].
export const lastHeard = () => heardAt;
export const silentFor = () => performance.now() - heard;
export const onChange = (listener) => (listeners.add(listener), () => listeners.delete(listener));
const changed = (what) => listeners.forEach((listener) => listener(what));

export function open(query) {
  const wanted = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live?${query}`;
  if (address === wanted) return;
  if (address !== null) state.document = null;
  address = wanted;
  closeSocket();
  connect();
}

// What this tablet kept from before: it is shown as of then until the server is heard again.
export function resume({ document, me, at }) {
  Object.assign(state, { document, me, since: at });
  heardAt = at;
}

function closeSocket() {
  if (!socket) return;
  socket.onclose = socket.onmessage = socket.onerror = null;
  socket.close();
  socket = null;
}

function connect() {
  closeSocket();
  const mine = new WebSocket(address);
  socket = mine;
  heard = performance.now();
  mine.onmessage = (event) => {
    heard = performance.now();
    pause = 300;
    const message = JSON.parse(event.data);
    state.signedOut = message.type === "signed_out";
    if (!state.connected && !state.signedOut) {
      state.connected = true;
      state.since = null;
      outbox.send();
      changed("connection");
    }
    take(message);
    if (state.connected) heardAt = clock.now();
  };
  mine.onclose = (event) => {
    if (socket !== mine) return;
    if (event.code === 4404) {
      state.document = { type: "missing", sentence: "There is no such infusion here." };
      changed("document");
      return;
    }
    state.signedOut = event.code === 4401;
    lost();
    if (state.signedOut) {
      // Signed out on another screen, or run out: what is typed and what waits stays here.
      state.me = null;
      changed("me");
      setTimeout(connect, 2000);
      return;
    }
    setTimeout(connect, (pause = Math.min(pause * 1.6, 2000)));
  };
}

function lost() {
  if (state.connected || state.since === null) {
    state.connected = false;
    state.since ??= heardAt ?? clock.now();
    changed("connection");
  }
}

// What the server says of its own clock, as long as it says it.
function told(notice = "") {
  if (state.clockNotice === notice) return;
  state.clockNotice = notice;
  changed("connection");
}

function take(message) {
  if (message.type === "beat") {
    clock.synchronise(message.now, message.rate);
    told(message.clock_notice);
  } else if (message.type === "me") {
    state.me = message.me;
    if (message.now) clock.synchronise(message.now, message.rate);
    if (state.me) outbox.signedIn();
    changed("me");
  } else if (message.type === "signed_out") {
    state.me = null;
    changed("me");
  } else {
    told(message.clinic?.clock_notice);
    state.document = message; // it may have waited: what time it is, beats tell
    outbox.shown(message.id, message.version);
    changed("document");
  }
}

// A half-open connection says nothing: silence longer than the heartbeat is a lost connection.
setInterval(() => {
  if (!socket) return;
  if (clock.slept() && state.connected) {
    lost();
    connect();
  } else if (performance.now() - heard > SILENT_MS) {
    lost();
    if (performance.now() - heard > SILENT_MS * 2) connect();
  }
}, 300);

// Who could be signed in on this device. Fails while the server is not reached.
export async function staffHere() {
  if (asOf() !== null && !state.signedOut) throw new Error("Not connected.");
  const answer = await fetch("/api/me", { credentials: "same-origin", signal: AbortSignal.timeout(5000) });
  return (await answer.json()).staff ?? [];
}

export function reconnect() {
  connect();
}

export function connectionText() {
  const waiting = outbox.waiting().length;
  if (waiting > 0 && (!state.connected || outbox.wantsSignIn() || outbox.waiting()[0].tries > 0)) return `waiting to send ${waiting}`;
  return state.connected ? "live" : "not connected";
}

// Streamlit covers the page with a modal that makes everything inert when its own connection drops. Entries must still
// be possible then, and our own banner says what is going on.
const freeThePage = () => {
  for (const dialog of document.querySelectorAll('[data-testid="stDialog"], .stDialog')) {
    if (/connection error/i.test(dialog.textContent)) dialog.querySelector('button[aria-label="Close"]')?.click();
  }
};
new MutationObserver(freeThePage).observe(document.body, { childList: true, subtree: true });
setInterval(freeThePage, 500);
