// The search for a patient, while one types. What is typed stays in its field, whatever the page does meanwhile; it goes to
// the server in a body, so that no name stands in an address. Nobody is ever chosen but by a tap on their line.

import { describe, h, keyed, put } from "./element.js";
import { followTheme } from "./theme.js";

const PAUSE_MS = 150; // without a letter
const PATIENCE_MS = 5000;
const AGAIN_MS = 2000;
const SETTLES_MS = 400; // a line that has just come under a finger takes no tap
const LONGEST = 200; // letters; the server takes no more
const NOT_CONNECTED = "Not connected: nobody can be found now. What you typed stays, and is searched as soon as the server answers.";

// data: {label, hint, chosen, version}, `chosen` the id of who is chosen or null: `tell` is called with it when it changes.
// `version`: another one means that somebody was registered, or renamed.
export function mount(root, data, tell) {
  followTheme();
  root.find ??= find(root, data);
  root.find(data.version, tell);
}

function find(root, { label, hint, chosen }) {
  let tell;
  let asked = 0; // how many searches: an answer to an earlier one comes too late
  let stopAsking = () => {};
  let version = null; // of the patients, for which it was searched
  let shown = ""; // the ids in the list
  let settledAt = 0;

  const input = h("input", { type: "text", maxlength: LONGEST, autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "search", placeholder: hint, "aria-label": label, oninput: typed, onkeydown: steered });
  const clear = h("button", { class: "key", type: "button", hidden: true, onclick: cleared }, "Clear");
  const warning = h("p", { class: "caution" });
  const note = h("p", { class: "note" });
  const list = h("div", { class: "found", role: "radiogroup", "aria-label": "Patients", onkeydown: stepped });
  const lines = keyed(list);
  root.replaceChildren(h("div", { class: "ask" }, h("label", {}, h("span", { text: label }), input), clear), h("div", { role: "status" }, warning, note), list);

  function typed() {
    clear.hidden = input.value === "";
    choose(null);
    soon(PAUSE_MS);
  }

  function cleared() {
    input.value = "";
    input.focus();
    typed();
  }

  function steered(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") soon(0);
    if (event.key === "ArrowDown" && list.firstChild) {
      list.firstChild.focus();
      event.preventDefault();
    }
  }

  function stepped(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const at = [...list.children].indexOf(document.activeElement) + step;
    (list.children[at] ?? (at < 0 ? input : list.lastChild)).focus();
    event.preventDefault();
  }

  function choose(id) {
    if (id === chosen) return;
    chosen = id;
    for (const line of list.children) line.setAttribute("aria-checked", String(line.dataset.id === chosen));
    tell(chosen);
  }

  // Searches what stands in the field then; what was asked before counts no more.
  function soon(ms) {
    stopAsking();
    asked += 1;
    const [one, gone] = [asked, new AbortController()];
    const start = setTimeout(() => search(one, gone), ms);
    stopAsking = () => {
      clearTimeout(start);
      gone.abort();
    };
    list.setAttribute("aria-busy", "true");
  }

  async function search(one, gone) {
    const text = input.value;
    const patience = setTimeout(() => gone.abort(), PATIENCE_MS);
    let found;
    try {
      const answer = await fetch("/api/patients/find", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ text }),
        credentials: "same-origin",
        signal: gone.signal,
      });
      const said = await answer.json();
      found = answer.ok ? said : { patients: [], warning: said.sentences.join(" "), note: "" };
    } catch {
      found = null;
    } finally {
      clearTimeout(patience);
    }
    if (one !== asked || !root.isConnected) return;
    show(found ?? { patients: [], warning: NOT_CONNECTED, note: "" }, text);
    if (!found) soon(AGAIN_MS);
  }

  function show({ patients, warning: warned, note: noted }, text) {
    const ids = patients.map(({ id }) => id).join(" ");
    if (ids !== shown) settle();
    shown = ids;
    lines(patients, ({ id }) => id, line);
    list.setAttribute("aria-busy", "false");
    put(warning, warned && `▲ ${warned}`);
    const count = patients.length === 1 ? "1 patient" : `${patients.length} patients`;
    put(note, noted || (patients.length === 0 ? "" : text.trim() ? count : "Registered last"));
  }

  function line({ id }) {
    const [name, about] = [h("b"), h("span")];
    const node = h("button", { class: "key", type: "button", role: "radio", "data-id": id, "aria-checked": String(id === chosen), "aria-disabled": "true", onclick: (event) => tapped(event, id) }, name, about);
    return {
      node,
      draw(patient) {
        put(name, patient.name);
        put(about, `${patient.number} · ${patient.born}`);
        describe(node, "aria-label", `${patient.name} · ${patient.number} · ${patient.born}`);
      },
    };
  }

  function settle() {
    settledAt = performance.now() + SETTLES_MS;
    for (const one of list.children) one.setAttribute("aria-disabled", "true");
    setTimeout(() => {
      if (performance.now() >= settledAt) for (const one of list.children) one.removeAttribute("aria-disabled");
    }, SETTLES_MS + 1);
  }

  function tapped(event, id) {
    if (event.detail > 0 && performance.now() < settledAt) {
      put(note, "Not taken: the list has just changed. Look, then tap.");
      return;
    }
    stopAsking(); // the list stays as it was tapped
    list.setAttribute("aria-busy", "false");
    choose(id);
  }

  return (now, told) => {
    tell = told;
    if (now === version) return;
    version = now;
    soon(0);
  };
}
