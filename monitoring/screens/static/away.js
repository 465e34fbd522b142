// What a tablet shows by itself while the server is away: the bedside that it kept, to record on; for any other page, that it
// cannot be opened now. Once the server is back the page comes from there again.

import { applyTheme } from "./bar.js";
import * as bedside from "./bedside.js";
import { h } from "./element.js";
import * as kept from "./kept.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";

const ASK_MS = 2000;
const root = document.querySelector(".live-root");
const asked = new URLSearchParams(location.search).get("infusion");

applyTheme();
const last = await kept.found().catch(() => null);
if (last && location.pathname.startsWith("/bedside") && asked === last.document.id) recordOn(last);
else sayAway(last);

function recordOn({ document: shown, me, at }) {
  live.resume({ document: shown, me, at });
  try {
    bedside.mount(root, { infusion: shown.id, pins: {} });
  } catch (error) {
    sayAway(null);
    throw error;
  }
  // Not while somebody types or has something open: what is connected again works as it is.
  setInterval(() => {
    const busy = root.querySelector(".sheet, .tile.filled, .pad-overlay:not([hidden])");
    if (live.asOf() === null && live.current().me && !outbox.waiting().length && !busy) location.reload();
  }, ASK_MS);
}

function sayAway(other) {
  const waiting = outbox.waiting();
  const names = [...new Set(waiting.map((item) => item.who))].join(" and ");
  root.replaceChildren(
    h(
      "main",
      { class: "sign-in", "aria-label": "Not connected" },
      h("p", { class: "banner lost", role: "alert" }, "■ Not connected: this page cannot be opened now. It opens by itself when the server is back."),
      waiting.length ? h("p", { class: "banner waits" }, `▲ ${waiting.length} ${waiting.length === 1 ? "entry waits" : "entries wait"} on this tablet to be sent, under the name ${names}.`) : null,
      other
        ? h("p", { class: "at-top" }, h("a", { class: "key primary", href: `/bedside?infusion=${encodeURIComponent(other.document.id)}`, target: "_self" }, `Record on at ${other.document.who.chair}: ${other.document.who.name}`))
        : null,
    ),
  );
  setInterval(() => fetch("/healthz").then((answer) => ![502, 504].includes(answer.status) && location.reload(), () => {}), ASK_MS);
}
