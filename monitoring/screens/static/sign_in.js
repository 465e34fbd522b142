// The sign-in screen of a shared tablet.

import { applyTheme, themeKey } from "./bar.js";
import { h } from "./element.js";
import * as kept from "./kept.js";
import * as outbox from "./outbox.js";
import { pinPanel } from "./pin.js";

export function mount(root, { clinic, demonstration, staff, pins, approved, clock_notice: clockNotice, intended_use: intendedUse }) {
  if (root.screen) return;
  root.screen = true;
  applyTheme();
  kept.forget(); // nobody is signed in here
  const waiting = outbox.waiting();
  root.replaceChildren(
    h(
      "main",
      { class: "sign-in", "aria-label": "Sign in" },
      demonstration ? h("p", { class: "banner demo" }, "Demonstration: all patients and staff are invented. PINs are shown because nothing here is real.") : null,
      approved ? null : h("p", { class: "banner unapproved" }, "Ranges not yet approved by this site"),
      clockNotice ? h("p", { class: "banner clock", text: `▲ ${clockNotice}` }) : null,
      waiting.length
        ? h("p", { class: "banner waits" }, `▲ ${waiting.length} ${waiting.length === 1 ? "entry waits" : "entries wait"} on this tablet to be sent, under the name ${[...new Set(waiting.map((item) => item.who))].join(" and ")}: sign in to send.`)
        : null,
      h("div", { class: "at-top" }, h("h1", { text: clinic }), h("span", { class: "gap" }), themeKey()),
      pinPanel(staff, pins, () => location.reload()),
      h("p", { class: "intended", text: intendedUse }),
    ),
  );
}
