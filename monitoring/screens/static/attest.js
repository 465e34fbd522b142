// A second person proves by PIN who they are, for one entry. It signs nobody in, and no PIN is kept anywhere: the server
// answers with the number of an attestation, which goes with the entry, also from the outbox.

import { h, openSheet } from "./element.js";
import { nameKey, pinKeys } from "./pin.js";

const OFFICE = ["administrator"]; // the server takes no signature of theirs: their names are not offered

async function proven(infusion, entry, meaning, person, pin) {
  let answer;
  let said;
  try {
    answer = await fetch("/api/attest", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ staff: person.id, pin, infusion, entry, meaning }),
      credentials: "same-origin",
    });
    said = await answer.json();
  } catch {
    return { wrong: "Not connected: a PIN cannot be checked now. What you typed is kept." };
  }
  if (answer.ok && said.attestation) return { id: said.attestation };
  return { wrong: (said.sentences ?? ["The PIN was not accepted."]).join(" ") };
}

// Asks for one PIN after another, each of another person. steps: [{meaning, fits(person), prefer}]; fits answers "" or
// why this person is not the one asked for; `prefer` is the id of who is most likely. `before` says what is signed, `about` what
// is agreed to by it, also beside the digits.
// done(ids) is called with the attestations, in order; it answers whether the entry is kept.
export function attest(host, place, { title, entry, steps, before = "", about = "", done }) {
  const given = []; // {id, person}
  const close = openSheet(place, title, (shut) => {
    const body = h("div", { class: "attest" });
    const ask = (problem = "") => {
      const step = steps[given.length];
      const preferred = host.staff().find((person) => person.id === step.prefer && fits(step, person) === "");
      if (preferred) digits(step, preferred);
      else names(step, problem);
    };
    const fits = (step, person) => (given.some((one) => one.person.id === person.id) ? "has signed already" : (step.fits?.(person) ?? ""));
    const heading = (step) => (steps.length > 1 ? `${given.length + 1} of ${steps.length}: ${step.meaning}` : step.meaning);

    function names(step) {
      const fitting = host.staff().filter((person) => !OFFICE.includes(person.role) && fits(step, person) === "");
      body.replaceChildren(
        h("p", { class: "said" }, fitting.length ? `${heading(step)}: who signs?` : `${heading(step)}: nobody who works here may sign this now.`),
        before || about ? h("p", { class: "hint", text: [before, about].filter(Boolean).join(" · ") }) : "",
        h("div", { class: "names", role: "group", "aria-label": "Who signs" }, ...fitting.map((person) => nameKey(person, host.pins, false, () => digits(step, person)))),
      );
      body.querySelector("button")?.focus({ preventScroll: true });
    }

    function digits(step, person) {
      const pad = pinKeys({
        async check(pin) {
          // Who is signed in, or what was recorded, may have changed since the name was tapped.
          const why = fits(step, person);
          if (why) return `${person.name} ${why}: another person signs.`;
          const found = await proven(host.infusion, entry, step.meaning, person, pin);
          if (!body.isConnected) return "";
          if (found.wrong) return found.wrong;
          given.push({ id: found.id, person });
          if (given.length < steps.length) ask();
          else if (done(given.map((one) => one.id))) shut();
          else {
            given.pop();
            return "Not saved: see the message.";
          }
          return "";
        },
      });
      pad.say(`PIN of ${person.name}`);
      const who = h("div", { class: "attest-who" }, h("div", {}, h("p", { class: "hint", text: heading(step) }), pad.said), about ? h("p", { class: "attest-about", text: about }) : null, pad.dots,
        h("button", { class: "key quiet", type: "button", onclick: () => names(step) }, "Another person"));
      const panel = h("div", { class: "attest-digits", onkeydown: pad.onkeydown }, who, pad.keys);
      body.replaceChildren(panel);
      panel.querySelector(".pin-keys .key").focus({ preventScroll: true });
    }
    ask();
    return body;
  });
  return close;
}
