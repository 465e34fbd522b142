// Tap your name, type six digits. Used at sign-in and to switch the nurse on a shared tablet.

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

// staff: [{id, name, role}], pins: shown only in the demonstration. done(me) is called once signed in.
export function pinPanel(staff, pins, done) {
  let chosen = null;
  let typed = "";
  let busy = false;
  const names = h("div", { class: "names", role: "group", "aria-label": "Staff" });
  const dots = h("div", { class: "dots", "aria-hidden": "true" });
  const said = h("p", { class: "said", role: "status" });
  const press = async (key) => {
    if (busy) return;
    if (!chosen) {
      said.textContent = "Tap your name first.";
      return;
    }
    typed = key === "Delete" ? typed.slice(0, -1) : (typed + key).slice(0, LENGTH);
    draw();
    if (typed.length < LENGTH) return;
    busy = true;
    said.textContent = "Checking …";
    const answer = await signIn(chosen.id, typed);
    typed = "";
    busy = false;
    draw();
    if (answer.me) done(answer.me);
    else said.textContent = (answer.sentences ?? ["The PIN was not accepted."]).join(" ");
  };
  const keys = h(
    "div",
    { class: "pin-keys" },
    ...["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((digit) => h("button", { class: "key", type: "button", onclick: () => press(digit) }, digit)),
    h("span"),
    h("button", { class: "key", type: "button", onclick: () => press("0") }, "0"),
    h("button", { class: "key", type: "button", "aria-label": "Delete", onclick: () => press("Delete") }, "⌫"),
  );
  function draw() {
    dots.replaceChildren(...Array.from({ length: LENGTH }, (_, i) => h("i", { class: i < typed.length ? "full" : "" })));
    for (const button of names.children) button.setAttribute("aria-pressed", String(button.dataset.id === chosen?.id));
    said.dataset.chosen = chosen?.name ?? "";
  }
  for (const person of staff) {
    names.append(
      h(
        "button",
        {
          class: "key name",
          type: "button",
          "data-id": person.id,
          "aria-label": person.name,
          onclick: () => {
            chosen = person;
            typed = "";
            said.textContent = `${person.name}: type your six-digit PIN.`;
            draw();
          },
        },
        h("b", { text: person.name }),
        h("span", { text: person.role + (pins?.[person.name] ? ` · PIN ${pins[person.name]}` : "") }),
      ),
    );
  }
  said.textContent = staff.length ? "Tap your name." : "";
  draw();
  return h(
    "div",
    { class: "pin-panel", onkeydown: (e) => (/^[0-9]$/.test(e.key) ? press(e.key) : e.key === "Backspace" && press("Delete")) },
    names,
    h("div", { class: "pin-pad" }, said, dots, keys),
  );
}
