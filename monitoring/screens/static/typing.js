// Where digits go. There is one place at a time, and whatever types digits, a key on the screen or a keyboard, types there:
// the field that somebody tapped, the PIN that is asked for, else the tile of the pad. What shows the place says its name.

// A taker of digits: {node, name(): what is typed, press(key): why it does not take this key, else nothing, shown(): how far it
// is; of a PIN only how many digits}. A key is a digit, ".", or "Delete".
const NUMBERS = '[inputmode="decimal"], [inputmode="numeric"], [inputmode="none"]';
const FIELDS = "input, textarea";
const NARROW = "(max-width: 720px)"; // there a step covers the pad, as style.css says
const PARTS = { time: [[2, 2], ":"], month: [[4, 2], "-"], date: [[4, 2, 2], "-"] }; // fields that a browser draws in parts: how many digits each, and what is between
const KEYS = /^[0-9.,]$/;
const GONE_MS = 1000;

let home = null; // the pad, where there is one
let askers = []; // PINs that are asked for, the last one first
let chosen = null; // where somebody put the digits
let refusal = ""; // why the last key was not taken
let last = null; // where the last key went, and when: {place, name, key, at}
const listeners = new Set();
const fields = new WeakMap();

const alive = (taker) => Boolean(taker?.node.isConnected && taker.node.getClientRects().length);
const changed = (key = "") => listeners.forEach((listener) => listener(key)); // the key that was pressed, where one was

export const onChange = (listener) => (listeners.add(listener), () => listeners.delete(listener));
export const place = () => [chosen, ...askers, home].find(alive) ?? null;
export const atHome = () => place() === home;
export const refused = () => refusal;

// The pad of this screen. While it is there no number opens the tablet's own keyboard.
export function setHome(taker) {
  home = taker;
  changed();
}

// Digits belong to this one from now on, until it is gone or somebody taps another place; then to the one that asked before.
export function ask(taker) {
  askers = [taker, ...askers.filter((one) => one !== taker && one.node.isConnected)];
  to(taker);
}

// An explicit tap: digits go there.
export function to(taker) {
  if (taker === home && document.activeElement?.matches(FIELDS)) document.activeElement.blur();
  if (chosen !== taker) refusal = "";
  chosen = taker;
  changed();
}

export const toHome = () => to(home);

// The place may have gone with the last digit (a PIN is complete, and its sheet closes): the second half of a double tap on
// that digit is not meant for the place that comes instead.
export function press(key) {
  const now = performance.now();
  const here = place();
  const went = last && last.place !== here && last.key === key && now - last.at < GONE_MS;
  if (went) refusal = `${last.name} is complete: this digit was not taken.`;
  else {
    last = here && { place: here, name: here.name(), key, at: now };
    refusal = here?.press(key) || "";
  }
  changed(key);
}

// Puts the digits into the field of this step that waits for a number first.
export function toFirstField(step) {
  const first = step.querySelector('[inputmode="decimal"]') ?? step.querySelector(NUMBERS) ?? step.querySelector('[type="time"]');
  if (!first) return false;
  first.focus({ preventScroll: true });
  if (takesText(first)) first.select();
  return true;
}

// The field after this one in its step, and what saves the step.
export function nextField(field) {
  const all = [...(field.closest(".sheet, form, .step")?.querySelectorAll(`${NUMBERS}, [type="time"], [type="month"]`) ?? [])].filter((one) => one.getClientRects().length);
  return all.length > 1 ? all[(all.indexOf(field) + 1) % all.length] : null;
}
export const saving = (field) => field.form?.querySelector('[type="submit"]') ?? null;

const takesText = (field) => !PARTS[field.type];

function fieldTaker(field) {
  if (!fields.has(field)) fields.set(field, takesText(field) ? textTaker(field) : partsTaker(field));
  return fields.get(field);
}

const edited = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
const nameOf = (field) => field.getAttribute("aria-label") ?? field.closest("label")?.textContent.trim() ?? "this field";

function textTaker(field) {
  return {
    node: field,
    field,
    name: () => nameOf(field),
    shown: () => field.value,
    press(key) {
      let [from, to] = [field.selectionStart, field.selectionEnd];
      if (key === "Delete" && from === to) from = Math.max(0, from - 1);
      const text = key === "Delete" ? "" : key;
      if (field.maxLength >= 0 && field.value.length - (to - from) + text.length > field.maxLength) return `${nameOf(field)}: not more than ${field.maxLength} characters.`;
      field.setRangeText(text, from, to, "end");
      field.scrollLeft = field.scrollWidth;
      edited(field);
      return "";
    },
  };
}

// Its digits one after another; it has a value once they are all there.
function partsTaker(field) {
  const [parts, between] = PARTS[field.type];
  const most = parts.reduce((sum, digits) => sum + digits, 0);
  const text = (digits, empty) => {
    let from = 0;
    return parts.map((many) => digits.slice(from, (from += many)).padEnd(many, empty)).join(between);
  };
  let typed = "";
  const forget = () => (typed = "");
  field.addEventListener("focus", forget);
  field.addEventListener("keydown", forget);
  return {
    node: field,
    field,
    name: () => nameOf(field),
    shown: () => (typed ? text(typed, "_") : field.value),
    press(key) {
      if (key === ".") return `${nameOf(field)}: digits alone, what is between them stands there already.`;
      if (key === "Delete" && !typed) typed = field.value.replace(/\D/g, "");
      typed = key === "Delete" ? typed.slice(0, -1) : (typed.length === most ? "" : typed) + key;
      field.value = typed.length === most ? text(typed, "") : "";
      edited(field);
      return typed.length === most && !field.value ? `${nameOf(field)} ${text(typed, "_")} is not on a clock or in a calendar.` : "";
    },
  };
}

// ---- what is tapped and typed anywhere on the page -------------------------------------------------------------------
const quiet = (field) => {
  if (field.dataset.keyboard === undefined) field.dataset.keyboard = field.inputMode;
  field.inputMode = alive(home) && !matchMedia(NARROW).matches ? "none" : field.dataset.keyboard;
};
const inScreen = (target) => target?.closest?.(".live-root") && target.matches(FIELDS);

addEventListener("pointerdown", ({ target }) => inScreen(target) && target.matches(NUMBERS) && quiet(target), true);
addEventListener("focusin", ({ target }) => {
  if (!inScreen(target)) return;
  if (target.matches(NUMBERS)) quiet(target);
  to(fieldTaker(target));
});
// A number that stands there already is replaced by the next digit, as the mark over it shows.
addEventListener("focusout", ({ target }) => inScreen(target) && takesText(target) && target.setSelectionRange(target.value.length, target.value.length));
let entered = null; // the field into which a tap is just bringing the caret
addEventListener("pointerdown", ({ target }) => (entered = inScreen(target) && target !== document.activeElement ? target : null), true);
addEventListener("click", ({ target }) => {
  if (target === entered && target.matches(NUMBERS) && takesText(target)) target.select();
  entered = null;
});
// What is sent off from beside the pad is done with: what is typed next are vital signs again.
addEventListener("submit", ({ target }) => {
  if (target.closest(".step") && target.contains(place()?.node)) toHome();
});
// Whoever tapped something else in between, or used another key, types on purpose where the digits go now.
addEventListener("click", ({ target }) => target.closest?.(".digit") || (last = null), true);
addEventListener("input", ({ target }) => inScreen(target) && changed());
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.matches?.("input, textarea, select, [contenteditable]")) return;
  const key = event.key === "Backspace" ? "Delete" : KEYS.test(event.key) ? event.key.replace(",", ".") : "";
  if (!key) last = null;
  if (!key || !place()) return;
  event.preventDefault();
  press(key);
});
