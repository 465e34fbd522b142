import { isolated } from "./directions.js";
import { notTaken, once } from "./taps.js";
import * as typing from "./typing.js";

export { once };

// Makes DOM nodes: h("button", {class: "key", onclick}, "7"). Text is always set as text, never as markup. This is the door
// through which words reach a live screen: what is from right to left in them turns no number beside it round.

const READ = ["aria-label", "aria-description", "title", "placeholder"];
const TYPED = (tag, props) => tag === "textarea" || (tag === "input" && (props.type ?? "text") === "text");

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  if (TYPED(tag, props)) node.dir = "auto"; // a name is typed from the side from which it is written
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = isolated(value);
    else node.setAttribute(name, value === true ? "" : READ.includes(name) ? isolated(value) : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false).map(isolated));
  return node;
}

// Draws into `place` only when what it shows has changed, so that focus and a finger on a key are left alone.
export function redraw(place, facts, make) {
  const shown = JSON.stringify(facts);
  if (place.shown === shown) return;
  place.shown = shown;
  place.replaceChildren(...[make()].flat().filter(Boolean));
}

// Puts exactly these nodes into `list`, in this order; what is there already is not touched.
export function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, n) => list.children[n] === node || list.insertBefore(node, list.children[n] ?? null));
}

// Rows kept by key: one that stays keeps its node, what is typed in it, and the focus. make(item) answers
// {node, draw(item)}; draw is called each time.
export function keyed(list) {
  let rows = new Map();
  return (items, keyOf, make) => {
    const before = rows;
    rows = new Map();
    for (const item of items) {
      const row = before.get(keyOf(item)) ?? make(item);
      row.draw?.(item);
      rows.set(keyOf(item), row);
    }
    arrange(list, [...rows.values()].map((row) => row.node));
  };
}

// Sets a text only where it differs, so that nothing is read out or selected anew.
export function put(node, text) {
  const shown = isolated(text);
  if (node.textContent !== shown) node.textContent = shown;
}

// The same for what is read out of a node: its aria-label, its aria-description.
export function describe(node, attribute, text) {
  const read = isolated(text);
  if (node.getAttribute(attribute) !== read) node.setAttribute(attribute, read);
}

// Keys that turn into their opposite, or open something at one tap, rest after a tap and after what they stand for has changed,
// whoever changed it: known by a name, they rest also when they are drawn anew.
const RESTS_MS = 2500;

export function resting() {
  const until = {};
  const stood = {};
  const rest = (name) => (until[name] = performance.now() + RESTS_MS);
  const rests = (name) => performance.now() < (until[name] ?? 0);
  return {
    // What stands now under this name; the first that is told is no change.
    stands(name, now) {
      if (stood[name] !== undefined && stood[name] !== now) rest(name);
      stood[name] = now;
    },
    key: (name, label, act, more = {}) =>
      h("button", { class: "key", type: "button", "data-rests": name, "aria-disabled": String(rests(name)), ...more, onclick: (event) => {
        if (rests(name)) {
          notTaken(event, "Not taken: this key has just changed. Wait a moment, then tap.");
          return;
        }
        rest(name);
        act();
      } }, label),
    show(place) {
      for (const key of place.querySelectorAll("[data-rests]")) {
        const text = String(rests(key.dataset.rests));
        if (key.getAttribute("aria-disabled") !== text) key.setAttribute("aria-disabled", text);
      }
    },
  };
}

export function uuid() {
  // crypto.randomUUID needs https; a clinic's network may not have it.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// A sheet with keys, opened beside what it is about; Escape or "Back" closes it and gives the focus back. Answers what closes it,
// with the `sheet` itself.
export function openSheet(place, title, ...content) {
  const before = document.activeElement;
  const close = () => {
    sheet.remove();
    if (before?.isConnected) before.focus();
  };
  const sheet = h(
    "section",
    { class: "sheet", role: "dialog", "aria-label": title, onkeydown: (e) => e.key === "Escape" && close() },
    h("header", {}, h("h2", { text: title }), h("button", { class: "key quiet", type: "button", onclick: close }, "Back")),
    h("div", { class: "sheet-body" }, ...content.map((part) => (typeof part === "function" ? part(close) : part))),
  );
  place.querySelector(":scope > .sheet")?.remove();
  place.append(sheet);
  if (!typing.toFirstField(sheet)) sheet.querySelector("button, input, textarea")?.focus({ preventScroll: true });
  close.sheet = sheet;
  return close;
}
