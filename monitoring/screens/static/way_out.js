// While the connection is lost no way leads to a page that cannot be loaded: it says so, and one stays where one is and
// records on. Links, the way back, and a reload where nothing would be there after it.

import { h } from "./element.js";
import * as kept from "./kept.js";
import * as live from "./live.js";

const SAID_MS = 7000;
const DOUBTFUL_MS = 2600; // the server's heartbeat comes every 2 s: it is asked first
const PATIENCE_MS = 3000;
const STAY = "Not connected: stay here. What you record is kept on this tablet and goes out by itself; other pages open once the connection is back.";

const cutOff = () => live.asOf() !== null && !live.current().signedOut;

let said = null;
let timer;
function say() {
  said ??= h("p", { class: "toast caution way-out", role: "status" });
  (document.querySelector(".live-root") ?? document.body).append(said);
  said.textContent = "";
  said.textContent = STAY;
  clearTimeout(timer);
  timer = setTimeout(() => said.remove(), SAID_MS);
}

const reached = () => fetch("/healthz", { signal: AbortSignal.timeout(PATIENCE_MS) }).then((answer) => answer.status < 502 || answer.status === 503, () => false);

async function askFirst(link) {
  if (!(await reached())) say();
  else if (link.target === "_blank") open(link.href, "_blank", "noopener");
  else location.assign(link.href);
}

addEventListener("click", (event) => {
  const link = event.composedPath()[0].closest?.(".live-root a[href]");
  if (!link || event.defaultPrevented) return;
  if (!cutOff() && (live.current().signedOut || live.silentFor() < DOUBTFUL_MS)) return;
  event.preventDefault();
  if (cutOff()) say();
  else askFirst(link);
});

// The way back (a key, a swipe) would leave before anybody could say so: a step is put before it that leads nowhere.
// Browsers take such a step only where somebody has touched the page.
let guarded = false;
function guard() {
  if (guarded || !cutOff() || !document.querySelector(".live-root") || navigator.userActivation?.hasBeenActive === false) return;
  guarded = true;
  history.pushState({ ...history.state, stay: true }, "");
}
live.onChange(guard);
addEventListener("pointerup", guard, true);
addEventListener("popstate", (event) => {
  if (!guarded) return;
  event.stopImmediatePropagation(); // to Streamlit nothing has changed
  guarded = false;
  if (cutOff()) {
    guard();
    say();
  } else history.back();
}, true);

// Where nothing is kept that would be there after a reload, the browser asks before it leaves.
addEventListener("beforeunload", (event) => {
  const infusion = new URLSearchParams(location.search).get("infusion");
  if (cutOff() && infusion && !kept.survivesReload(infusion)) event.preventDefault();
});
