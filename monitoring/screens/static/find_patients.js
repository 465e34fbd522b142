// The search for a patient, while one types. What is typed stays in its field, whatever the page does meanwhile; it goes to
// the server in a body, so that no name stands in an address. Nobody is ever chosen but by a tap on their line, and a line
// takes a tap only while the list answers what stands in the field, and has been seen for a moment.

import { describe, h, keyed, put } from "./element.js";
import { followTheme } from "./theme.js";

const PAUSE_MS = 150; // without a letter
const PATIENCE_MS = 5000;
const AGAIN_MS = 2000; // doubled with each further try
const LONGEST_AGAIN_MS = 16_000;
const SETTLES_MS = 400; // a line that has just come under a finger takes no tap
const SAID_MS = 4000;
const LONGEST = 200; // letters; the server takes no more
const NOT_CONNECTED = "Not connected: nobody can be found now. What you typed stays, and is searched as soon as the server answers.";
const FAILED = "The server could not search. What you typed stays, and is searched again.";
const JUST_CHANGED = "Not taken: the list has just changed. Look, then tap.";
const SEARCHING = "Not taken: still searching for what you typed.";

/** @typedef {{ id: string, name: string, number: string, born: string }} FoundPatient */

// data: {label, hint, chosen, version}, `chosen` the id of the patient on whom the page stands or null: `tell` is called with
// whom the person means. `version`: another one means that somebody was registered, or renamed.
export function mount(root, data, tell) {
  followTheme();
  root.find ??= find(root, data);
  root.find(data, tell);
}

function find(root, { label, hint, chosen }) {
  const search = searching(root, show);
  let tell;
  let version = null; // of the patients, for which it was searched
  /** @type {string | null} */
  let meant = chosen; // whom the person chose
  let standing = chosen; // on whom the page stands: it may not have heard yet
  let retelling = 0;
  /** @type {Map<string, FoundPatient>} */
  const known = new Map();
  let goingDown = false; // into the list, once it answers what is typed
  const list = settling(h("div", { class: "found", role: "radiogroup", "aria-label": "Patients", onkeydown: stepped }));
  const lines = keyed(list.node);

  const input = h("input", { type: "text", maxlength: LONGEST, autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "search", placeholder: hint, "aria-label": label, oninput: typed, onkeydown: steered });
  const clear = h("button", { class: "key", type: "button", hidden: true, onclick: cleared }, "Clear");
  const warning = h("p", { class: "caution" });
  const note = h("p", { class: "note" });
  const refused = spoken();
  root.replaceChildren(h("div", { class: "ask" }, h("label", {}, h("span", { text: label }), input), clear), h("div", { role: "status" }, warning, note), refused.node, list.node);

  function typed() {
    clear.hidden = input.value === "";
    refused.say("");
    mean(null);
    list.hold();
    search.soon(input.value, chosenHere(), PAUSE_MS);
  }

  function cleared() {
    input.value = "";
    input.focus();
    typed();
  }

  function steered(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") search.now(input.value, chosenHere());
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    if (search.answers(input.value)) toFirst();
    else goingDown = true;
  }

  function toFirst() {
    goingDown = false;
    const first = /** @type {HTMLElement | null} */ (list.node.querySelector('[tabindex="0"]'));
    first?.focus();
  }

  function stepped(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const at = [...list.node.children].indexOf(document.activeElement) + step;
    (list.node.children[at] ?? (at < 0 ? input : list.node.lastChild)).focus();
    event.preventDefault();
  }

  const chosenHere = () => meant ?? "";

  function mean(id) {
    if (id === meant) return;
    meant = id;
    agree();
  }

  // Tells the page until it stands on whom the person means: what is told while the connection is gone is lost. Until then
  // what the page shows of a patient is hidden (review.css): it may be another's.
  function agree(ms = AGAIN_MS) {
    clearTimeout(retelling);
    const agreed = standing === meant;
    root.classList.toggle("moving", !agreed);
    mark();
    if (agreed || !tell || !root.isConnected) return;
    tell(meant);
    retelling = setTimeout(() => agree(Math.min(ms * 2, LONGEST_AGAIN_MS)), ms);
  }

  // What was found for what is typed; null where the server was not reached.
  function show(found, text) {
    if (found) for (const one of [...found.patients, ...(found.chosen ? [found.chosen] : [])]) known.set(one.id, one);
    const patients = found?.patients ?? [];
    const kept = meant !== null && !patients.some(({ id }) => id === meant) ? known.get(meant) : null;
    lines(kept ? [kept, ...patients] : patients, ({ id }) => id, line);
    list.changed();
    mark();
    put(warning, found ? found.warning && `▲ ${found.warning}` : `▲ ${NOT_CONNECTED}`);
    put(note, found ? found.note || countOf(patients, text) : "");
    if (goingDown) toFirst();
  }

  function countOf(patients, text) {
    if (patients.length === 0) return "";
    if (!text.trim()) return "Registered last";
    return patients.length === 1 ? `1 patient: ${wordsOf(patients[0])}` : `${patients.length} patients`;
  }

  function line({ id }) {
    const [name, about] = [h("b"), h("span")];
    const node = h("button", { class: "key", type: "button", role: "radio", "data-id": id, onclick: (event) => tapped(event, id) }, name, about);
    return {
      node,
      draw(patient) {
        put(name, patient.name);
        put(about, `${patient.number} · ${patient.born}`);
        describe(node, "aria-label", wordsOf(patient));
      },
    };
  }

  // A line is marked once the page stands on its patient. One line is reached with the Tab key, the others by arrows.
  function mark() {
    const all = /** @type {HTMLElement[]} */ ([...list.node.children]);
    const reached = all.find((one) => one.dataset.id === meant) ?? all[0];
    for (const one of all) {
      one.setAttribute("aria-checked", String(one.dataset.id === standing && standing === meant));
      one.tabIndex = one === reached ? 0 : -1;
    }
  }

  function tapped(event, id) {
    if (!search.answers(input.value)) return refused.say(SEARCHING);
    if (!list.takes(event)) return refused.say(JUST_CHANGED);
    refused.say("");
    if (id === meant) agree();
    else mean(id);
  }

  return (data, told) => {
    tell = told;
    standing = data.chosen;
    agree();
    if (data.version === version) return;
    version = data.version;
    search.now(input.value, chosenHere());
  };
}

/** @param {FoundPatient} patient */
const wordsOf = ({ name, number, born }) => `${name} · ${number} · ${born}`;

// Asks the server, one search at a time: what was asked before counts no more. `show(found, text)` is called with each answer,
// and with null where there is none; then it is asked again, until there is one or the page is gone.
function searching(root, show) {
  let asked = 0;
  let answered = null; // the text that the list answers
  let stop = () => {};

  function soon(text, chosen, ms, again = AGAIN_MS) {
    stop();
    const one = (asked += 1);
    const gone = new AbortController();
    const ask = () => search(one, { text, chosen }, gone, again);
    const start = ms ? setTimeout(ask, ms) : 0;
    stop = () => {
      clearTimeout(start);
      gone.abort();
    };
    if (!ms) ask();
  }

  async function search(one, body, gone, again) {
    if (!root.isConnected) return;
    busy(true);
    const found = await reply(body, gone);
    if (one !== asked || !root.isConnected) return;
    busy(false);
    answered = body.text;
    show(found, body.text);
    if (!found || found.again) soon(body.text, body.chosen, again, Math.min(again * 2, LONGEST_AGAIN_MS));
  }

  function busy(now) {
    root.querySelector(".found").setAttribute("aria-busy", String(now));
  }

  return { soon, now: (text, chosen) => soon(text, chosen, 0), answers: (text) => answered === text };
}

// What the server answers; null where it was not reached.
async function reply(body, gone) {
  const patience = setTimeout(() => gone.abort(), PATIENCE_MS);
  try {
    const answer = await fetch("/api/patients/find", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      signal: gone.signal,
    });
    if (answer.ok) return await answer.json();
    const { sentences } = await answer.json().catch(() => ({}));
    return { patients: [], chosen: null, warning: (sentences ?? [FAILED]).join(" "), note: "", again: true };
  } catch {
    return null;
  } finally {
    clearTimeout(patience);
  }
}

// A list whose lines take a tap only when they have been there, painted, for a moment, and the finger came down on them; and
// not while they are of something else than what is typed.
function settling(node) {
  let from = Infinity; // [ms] since when taps count
  let held = false;
  let shown = "";
  let pressed = null;
  node.addEventListener("pointerdown", (event) => {
    pressed = !held && event.timeStamp >= from ? event.target.closest("[data-id]") : null;
  });

  function hold() {
    held = true;
    enable(false);
  }

  function changed() {
    held = false;
    const ids = [...node.children].map((line) => line.dataset.id).join(" ");
    if (ids === shown) return enable(performance.now() >= from);
    shown = ids;
    from = Infinity;
    enable(false);
    // The second frame begins when the first one has been painted.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (shown !== ids) return;
      const since = performance.now() + SETTLES_MS;
      from = since;
      setTimeout(() => from === since && enable(!held), SETTLES_MS + 1);
    }));
  }

  function enable(yes) {
    for (const line of node.children) line.setAttribute("aria-disabled", String(!yes));
  }

  const takes = (event) => !held && event.timeStamp >= from && (event.detail === 0 || pressed === event.currentTarget);
  return { node, hold, changed, takes };
}

// A sentence about the last tap, which goes by itself.
function spoken() {
  const node = h("p", { class: "caution", role: "status" });
  let going = 0;
  function say(words) {
    clearTimeout(going);
    node.replaceChildren(); // the same once more is read out once more
    put(node, words);
    if (words) going = setTimeout(() => say(""), SAID_MS);
  }
  return { node, say };
}
