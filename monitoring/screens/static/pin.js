// Six digits that prove who somebody is. Used at sign-in, to switch the nurse on a shared tablet, and to sign.

import { isolated } from "./directions.js";
import { h } from "./element.js";
import * as typing from "./typing.js";

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

// One PIN that is asked for: what is said, the dots, and keys for where no pad is beside it. name(): whose PIN, in words;
// lacks(): a sentence while it cannot be checked yet, though digits are taken. check(pin) is called with six digits and
// answers what to say, or "" when nothing is to be said.
export function pinKeys({ name, check, lacks = () => "" }) {
  let typed = "";
  let busy = false;
  const dots = h("div", { class: "dots", "aria-hidden": "true", onclick: () => typing.ask(taker) });
  const said = h("p", { class: "said", role: "status" });
  const draw = () => dots.replaceChildren(...Array.from({ length: LENGTH }, (_, i) => h("i", { class: i < typed.length ? "full" : "" })));
  const say = (text) => (said.textContent = isolated(text));
  const NOT_NOW = "The PIN is being checked: this digit was not taken.";

  async function submit() {
    if (typed.length < LENGTH) return;
    const why = lacks();
    if (why) {
      say(why);
      return;
    }
    busy = true;
    say("Checking …");
    const sentence = await check(typed);
    typed = "";
    busy = false;
    draw();
    if (sentence) say(sentence);
  }

  const taker = {
    node: dots,
    name,
    secret: true,
    shown: () => "●".repeat(typed.length) + "○".repeat(LENGTH - typed.length),
    press(key) {
      if (key === ".") return "A PIN has six digits.";
      if (busy) return NOT_NOW;
      if (key !== "Delete" && typed.length === LENGTH) return lacks();
      typed = key === "Delete" ? typed.slice(0, -1) : typed + key;
      draw();
      submit();
      return "";
    },
  };
  const press = (key) => {
    typing.ask(taker);
    typing.press(key);
    if (typing.refused()) say(typing.refused());
  };
  const digit = (n) => h("button", { class: "key digit", type: "button", onclick: () => press(n) }, n);
  const keys = h(
    "div",
    { class: "pin-keys" },
    ...["7", "8", "9", "4", "5", "6", "1", "2", "3"].map(digit),
    h("span", { class: "pin-gap" }),
    digit("0"),
    h("button", { class: "key", type: "button", "aria-label": "Delete", onclick: () => press("Delete") }, "⌫"),
  );
  draw();
  queueMicrotask(() => typing.ask(taker)); // once it stands on the page
  return {
    said,
    dots,
    keys,
    say,
    submit,
    ask: () => typing.ask(taker),
    clear() {
      typed = "";
      draw();
    },
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
    name: () => (chosen ? `PIN of ${chosen.name}` : "PIN"),
    lacks: () => (chosen ? "" : "Now tap your name."),
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
        if (chosen && chosen.id !== person.id) pad.clear(); // digits typed before any name was tapped are this person's
        chosen = person;
        for (const key of names.children) key.setAttribute("aria-pressed", String(key.dataset.id === person.id));
        pad.say(`${person.name}: type your six-digit PIN.`);
        pad.ask();
        pad.submit();
      }),
    ),
  );
  pad.say(staff.length ? "Tap your name." : "");
  return h("div", { class: "pin-panel" }, names, h("div", { class: "pin-pad" }, pad.said, pad.dots, pad.keys));
}
