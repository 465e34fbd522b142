// The last bedside of this tablet, kept so that it is there after a reload or a restart while the server is away. One
// document, under the sign-in it was shown to: it goes when nobody, or somebody else, is signed in here, when the sign-in
// runs out, and when the patient has left. The worker (service_worker.js) keeps the program that draws it.
// Only over TLS and on localhost: elsewhere browsers keep nothing.

import * as clock from "./clock.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";

const CACHE = "bedside";
const ADDRESS = "/offline/last.json";
const RECORD = "kept-bedside"; // {infusion, sign_in, expires_at, at}: without it the document is not shown
const SOON_MS = 250; // changes so near each other are kept as one
const NOTED_MS = 2000; // how often it is noted that the document still holds

let working = Promise.resolve(); // one thing at a time, in order
let timer;

const record = () => JSON.parse(localStorage.getItem(RECORD) ?? "null");
const able = () => "caches" in globalThis && "serviceWorker" in navigator;

// Whether this infusion would be shown again after a reload without a connection.
export const survivesReload = (infusion) => able() && Boolean(navigator.serviceWorker.controller) && record()?.infusion === infusion;

export function forget() {
  clearTimeout(timer);
  if (!record()) return;
  localStorage.removeItem(RECORD);
  working = working.then(() => caches.delete(CACHE)).catch(() => {});
}

// {document, me, at}: the bedside that was kept, as it was at `at` [ms]; null where there is none, or its sign-in is over.
export async function found() {
  const kept = able() ? record() : null;
  if (!kept) return null;
  if (Date.parse(kept.expires_at) <= clock.now()) {
    forget();
    return null;
  }
  const answer = await (await caches.open(CACHE)).match(ADDRESS);
  const { document, me } = answer ? await answer.json() : {};
  return document?.id === kept.infusion && me?.sign_in === kept.sign_in ? { document, me, at: kept.at } : null;
}

// Keeps what the bedside of this infusion shows from now on; answers how to stop.
export function follow(infusion) {
  if (!able()) return () => {};
  navigator.serviceWorker.register("/service-worker.js", { updateViaCache: "none" }).catch(() => {}); // then nothing is kept
  const shown = () => live.current().connected && live.current().me && live.current().document?.id === infusion;
  const noting = setInterval(() => shown() && record()?.infusion === infusion && note(live.current()), NOTED_MS);
  const stop = live.onChange((what) => what === "document" && shown() && keepSoon(live.current()));
  return () => {
    clearInterval(noting);
    stop();
  };
}

function keepSoon({ document, me }) {
  clearTimeout(timer);
  if (document.course.read_only) {
    forget();
    return;
  }
  timer = setTimeout(() => {
    const answer = new Response(JSON.stringify({ document, me }));
    working = working.then(async () => (await caches.open(CACHE)).put(ADDRESS, answer)).then(() => live.current().me?.sign_in === me.sign_in && note({ document, me })).catch(forget);
  }, SOON_MS);
}

const note = ({ document, me }) => localStorage.setItem(RECORD, JSON.stringify({ infusion: document.id, sign_in: me.sign_in, expires_at: me.expires_at, at: live.lastHeard() ?? clock.now() }));

// On every live screen: it is for those who are signed in.
live.onChange((what) => {
  const { me } = live.current();
  if (what === "me" && (!me || me.sign_in !== record()?.sign_in)) forget();
});
outbox.onChange(() => outbox.wantsSignIn() && forget());
