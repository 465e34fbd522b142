// What every live screen carries: the connection, the theme, and the banners that say what must not be overlooked.

import * as clock from "./clock.js";
import { h, redraw } from "./element.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";

const THEME = "theme";

const ORDINARY_PAGES = ["/", "/board", "/patients", "/past", "/clinic", "/ranges", "/importing", "/staff", "/bedside", "/handover", "/series", "/review"];

// One choice for all pages: Streamlit keeps its own under a key for each address.
export function applyTheme(theme = localStorage.getItem(THEME) ?? "dark") {
  document.documentElement.dataset.theme = theme;
  const name = JSON.stringify(theme === "light" ? "Light" : "Dark");
  for (const page of ORDINARY_PAGES) localStorage.setItem(`stActiveTheme-${page}-v2`, name);
}

export function themeKey(changed) {
  return h(
    "button",
    {
      class: "pill theme",
      type: "button",
      "aria-label": "Light or dark",
      onclick: () => {
        const theme = document.documentElement.dataset.theme === "light" ? "dark" : "light";
        localStorage.setItem(THEME, theme);
        applyTheme(theme);
        changed?.();
      },
    },
    "◐",
  );
}

const LOUD = ["lost", "waits", "signed-out"];

export const connection = () => h("span", { class: "pill connection", role: "status", "aria-label": "Connection", text: live.connectionText() });

// Quiet lines go to `place`; loud ones to `loud`, where they cover no key and move none.
// `signIn` is offered where somebody is needed for what waits.
export function banners(place, loud, { doc, me, lastMe, zone, signIn }) {
  const { connected, since, signedOut } = live.current();
  const waiting = outbox.waiting();
  const names = [...new Set(waiting.map((item) => item.who))].join(" and ");
  const found = [];
  const when = zone && since !== null ? ` since ${clock.wallClock(since, zone, true)}` : "";
  if (!connected && since !== null && !signedOut) {
    found.push(["lost", `■ Not connected${when}: what is shown is from then.${waiting.length ? ` ${waiting.length} ${waiting.length === 1 ? "entry waits" : "entries wait"} here under the name ${names}.` : ""}${lastMe || me ? ` Entries go on under the name ${(me ?? lastMe).name}.` : ""}`]);
  } else if (waiting.length && (waiting[0].tries > 0 || outbox.wantsSignIn())) {
    found.push(["waits", `▲ ${waiting.length} ${waiting.length === 1 ? "entry waits" : "entries wait"} to be sent, under the name ${names}.${waiting[0].trouble ? ` ${waiting[0].trouble.join(" ")}` : ""}`]);
  }
  if ((connected || signedOut) && me === null && signIn) found.push(["signed-out", `▲ Nobody is signed in on this tablet${when}: what is shown is from then. What is typed is kept; entries that wait go out after the next PIN.`]);
  if (doc?.clinic?.demonstration) found.push(["demo", `Demonstration: all patients and staff are invented${clock.rate() === 1 ? "" : ` · time runs ${clock.rate()} times as fast`}`]);
  if (doc?.clinic && !doc.clinic.approved) found.push(["unapproved", "Ranges not yet approved by this site"]);
  for (const note of doc?.notes ?? []) found.push(["unapproved", `▲ ${note}`]);
  if (doc?.type === "infusion") found.push(["records", "The keys record; they do not control the pump"]);
  const calls = found.filter(([kind]) => LOUD.includes(kind));
  const lines = (some) => some.map(([kind, text]) =>
    h("p", { class: `banner ${kind}`, role: kind === "lost" ? "alert" : "note" }, text, kind === "signed-out" || (kind === "waits" && outbox.wantsSignIn()) ? h("button", { class: "key", type: "button", onclick: signIn }, "Sign in") : null),
  );
  const quiet = found.filter(([kind]) => !LOUD.includes(kind));
  redraw(loud, calls, () => lines(calls));
  redraw(place, quiet, () => lines(quiet));
}

applyTheme();
