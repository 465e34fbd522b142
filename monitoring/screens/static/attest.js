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
    const fits = (step, person) => (given.some((one) => one.person.id === person.id) ? "has signed already" : (step.fits?.(person) ?? ""));

    function ask() {
      const step = steps[given.length];
      const heading = steps.length > 1 ? `${given.length + 1} of ${steps.length}: ${step.meaning}` : step.meaning;
      let signer = host.staff().find((person) => person.id === step.prefer && fits(step, person) === "") ?? null;
      const pad = pinKeys({
        name: () => (signer ? `PIN of ${signer.name}` : "PIN of who signs"),
        lacks: () => (signer ? "" : "Now tap the name of who signs."),
        async check(pin) {
          // Who is signed in, or what was recorded, may have changed since the name was tapped.
          const why = fits(step, signer);
          if (why) return `${signer.name} ${why}: another person signs.`;
          const found = await proven(host.infusion, entry, step.meaning, signer, pin);
          if (!body.isConnected) return "";
          if (found.wrong) return found.wrong;
          given.push({ id: found.id, person: signer });
          if (given.length < steps.length) ask();
          else if (done(given.map((one) => one.id))) shut();
          else {
            given.pop();
            return "Not saved: see the message.";
          }
          return "";
        },
      });

      function names() {
        signer = null;
        pad.clear();
        const fitting = host.staff().filter((person) => !OFFICE.includes(person.role) && fits(step, person) === "");
        pad.say(fitting.length ? `${heading}: who signs?` : `${heading}: nobody who works here may sign this now.`);
        body.replaceChildren(
          pad.said,
          before || about ? h("p", { class: "hint", text: [before, about].filter(Boolean).join(" · ") }) : "",
          h("div", { class: "names", role: "group", "aria-label": "Who signs" }, ...fitting.map((person) => nameKey(person, host.pins, false, () => {
            signer = person;
            typing();
            pad.submit(); // with what was typed before the name was tapped
          }))),
          pad.dots,
        );
        pad.ask();
        body.querySelector("button")?.focus({ preventScroll: true });
      }

      function typing() {
        pad.say(`PIN of ${signer.name}`);
        const another = h("button", { class: "key quiet", type: "button", onclick: names }, "Another person");
        const who = h("div", { class: "attest-who" }, h("div", {}, h("p", { class: "hint", text: heading }), pad.said), about ? h("p", { class: "attest-about", text: about }) : null, pad.dots, another);
        body.replaceChildren(h("div", { class: "attest-digits" }, who, pad.keys));
        pad.ask();
        another.focus({ preventScroll: true });
      }

      if (signer) typing();
      else names();
    }
    ask();
    return body;
  });
  return close;
}
