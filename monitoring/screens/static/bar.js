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

export const connection = () => h("span", { class: "pill connection", role: "status", "aria-label": "Connection", text: live.connectionText() });

// What must not be overlooked: that the connection is lost, that entries wait, that nobody is signed in. `key`: whether
// somebody is needed for what waits.
function calls({ me, lastMe, zone, signIn }) {
  const { connected, since, signedOut } = live.current();
  const waiting = outbox.waiting();
  const names = [...new Set(waiting.map((item) => item.who))];
  const wait = `${waiting.length} ${waiting.length === 1 ? "entry waits" : "entries wait"}`;
  const under = `under the name ${names.join(" and ")}`;
  const when = zone && since !== null ? ` since ${clock.wallClock(since, zone, true)}` : "";
  const found = [];
  if (!connected && since !== null && !signedOut) {
    const who = (me ?? lastMe)?.name;
    const more = [waiting.length ? `${wait} here ${under}.` : "", who && !names.includes(who) ? `Entries go on under the name ${who}.` : ""];
    found.push({ kind: "lost", title: `■ Not connected${when}`, text: ["What is shown is from then.", ...more].filter(Boolean).join(" ") });
  } else if (waiting.length && (waiting[0].tries > 0 || outbox.wantsSignIn())) {
    found.push({ kind: "waits", title: `▲ ${wait} to be sent, ${under}`, text: waiting[0].trouble?.join(" ") ?? "", key: outbox.wantsSignIn() });
  }
  if ((connected || signedOut) && me === null && signIn) {
    found.push({ kind: "signed-out", title: "▲ Nobody is signed in on this tablet", text: `${when.trim()}: what is shown is from then. What is typed is kept; entries that wait go out after the next PIN.`, key: true });
  }
  const [title, ...text] = live.current().clockNotice.split(": ");
  if (title) found.push({ kind: "clock", title: `▲ ${title}`, text: text.join(": ") });
  return found;
}

// Quiet lines go to `place`; loud ones to `loud`, where they cover nothing and move nothing.
// `signIn` is offered where somebody is needed for what waits.
export function banners(place, loud, about) {
  const { doc, signIn } = about;
  const found = [];
  if (doc?.clinic?.demonstration) found.push(["demo", `Demonstration: all patients and staff are invented${clock.rate() === 1 ? "" : ` · time runs ${clock.rate()} times as fast`}`]);
  if (doc?.clinic && !doc.clinic.approved) found.push(["unapproved", "Ranges not yet approved by this site"]);
  for (const note of doc?.notes ?? []) found.push(["unapproved", `▲ ${note}`]);
  if (doc?.type === "infusion") found.push(["records", "The keys record; they do not control the pump"]);
  const called = calls(about);
  redraw(loud, called, () => called.map(({ kind, title, text, key }) =>
    h("p", { class: `banner ${kind}`, role: kind === "lost" ? "alert" : "note" }, h("span", {}, h("b", { text: title }), " ", text), key ? h("button", { class: "key", type: "button", onclick: signIn }, "Sign in") : null)));
  redraw(place, found, () => found.map(([kind, text]) => h("p", { class: `banner ${kind}`, role: "note" }, text)));
}

applyTheme();
