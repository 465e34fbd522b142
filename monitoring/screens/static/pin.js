// Six digits that prove who somebody is. Used at sign-in, to switch the nurse on a shared tablet, and to sign.

import { h } from "./element.js";

const LENGTH = 6;

export async function signIn(staff, pin) {
  let answer;
  try {
    answer = await fetch("/api/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ staff, pin }),
      credentials: "same-origin",
    });
  } catch {
    return { sentences: ["Not connected: nobody can be signed in now. Entries go on under the name shown."] };
  }
  return answer.json();
}

// Keys for one PIN. check(pin) is called with six digits and answers what to say, or "" when nothing is to be said;
// refuse() answers a sentence while no digit may be typed yet, else "".
export function pinKeys({ check, refuse = () => "" }) {
  let typed = "";
  let busy = false;
  const dots = h("div", { class: "dots", "aria-hidden": "true" });
  const said = h("p", { class: "said", role: "status" });
  const draw = () => dots.replaceChildren(...Array.from({ length: LENGTH }, (_, i) => h("i", { class: i < typed.length ? "full" : "" })));
  const say = (text) => (said.textContent = text);
  const press = async (key) => {
    if (busy) return;
    const why = refuse();
    if (why) {
      say(why);
      return;
    }
    typed = key === "Delete" ? typed.slice(0, -1) : (typed + key).slice(0, LENGTH);
    draw();
    if (typed.length < LENGTH) return;
    busy = true;
    say("Checking …");
    const sentence = await check(typed);
    typed = "";
    busy = false;
    draw();
    if (sentence) say(sentence);
  };
  const digit = (n) => h("button", { class: "key", type: "button", onclick: () => press(n) }, n);
  const keys = h(
    "div",
    { class: "pin-keys" },
    ...["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(digit),
    h("span", { class: "pin-gap" }),
    digit("0"),
    h("button", { class: "key", type: "button", "aria-label": "Delete", onclick: () => press("Delete") }, "⌫"),
  );
  draw();
  return {
    said,
    dots,
    keys,
    say,
    clear() {
      typed = "";
      draw();
    },
    onkeydown: (event) => (/^[0-9]$/.test(event.key) ? press(event.key) : event.key === "Backspace" && event.target.tagName !== "INPUT" && press("Delete")),
  };
}

// A person's key: the name, and under it the role. PINs are shown only in the demonstration.
export const nameKey = (person, pins, chosen, onclick) =>
  h(
    "button",
    { class: "key name", type: "button", "data-id": person.id, "aria-label": person.name, "aria-pressed": String(chosen), onclick },
    h("b", { text: person.name }),
    h("span", { text: person.role + (pins?.[person.name] ? ` · PIN ${pins[person.name]}` : "") }),
  );

// staff: [{id, name, role}], pins: shown only in the demonstration. done(me) is called once signed in.
export function pinPanel(staff, pins, done) {
  let chosen = null;
  const pad = pinKeys({
    refuse: () => (chosen ? "" : "Tap your name first."),
    async check(pin) {
      const answer = await signIn(chosen.id, pin);
      if (!answer.me) return (answer.sentences ?? ["The PIN was not accepted."]).join(" ");
      done(answer.me);
      return "";
    },
  });
  const names = h(
    "div",
    { class: "names", role: "group", "aria-label": "Staff" },
    ...staff.map((person) =>
      nameKey(person, pins, false, () => {
        chosen = person;
        pad.clear();
        pad.say(`${person.name}: type your six-digit PIN.`);
        for (const key of names.children) key.setAttribute("aria-pressed", String(key.dataset.id === person.id));
      }),
    ),
  );
  pad.say(staff.length ? "Tap your name." : "");
  return h("div", { class: "pin-panel", onkeydown: pad.onkeydown }, names, h("div", { class: "pin-pad" }, pad.said, pad.dots, pad.keys));
}
