// The last act can be taken back for a few seconds: a withdrawal is added, nothing is removed. The bar lies over the chart: it
// covers no key and moves none.

import { h, put } from "./element.js";
import { wordsOf } from "./entries.js";

const UNDO_MS = 8000;
const REASON = "undone at once";
// What takes a chair or frees it, or was proved by a PIN, is taken back with a reason of its own.
const WITH_A_REASON = ["cancel", "close", "move", "sign", "drug", "dose_check", "time_out"];

// host: the bedside's doc(), entry(), put(), newId(), say().
export function undoBar(host) {
  let last = null; // {id, until, undoable}
  const undone = new Set();
  const words = h("span");
  const key = h("button", { class: "key undo", type: "button", onclick: undo }, "Undo");
  const node = h("div", { class: "undo-bar", role: "group", "aria-label": "Last entry", hidden: true }, words, key);

  // What was just kept. A reason that follows an act belongs to it: undone is both.
  function kept(body) {
    const follows = body.corrects && body.corrects === last?.id;
    const ofItself = body.kind !== "withdrawal" && !body.corrects && !body.attestations?.length && !WITH_A_REASON.includes(body.event?.kind);
    last = follows || ofItself ? { id: body.id, until: performance.now() + UNDO_MS } : null;
    if (last) put(words, wordsOf(follows ? { ...body, corrects: null } : body, host.doc()?.pad));
    tick();
  }

  function undo() {
    if (!last || performance.now() >= last.until) return;
    const { id } = last;
    if (!host.put({ ...host.entry("withdrawal", host.newId(), true), withdraws: id, reason: REASON })) return;
    undone.add(id);
    host.say(`Undone: ${words.textContent}. It stays in the record, withdrawn.`);
  }

  function tick() {
    node.hidden = !last || performance.now() >= last.until;
  }

  return { node, kept, tick, undone: (id) => undone.has(id) };
}
