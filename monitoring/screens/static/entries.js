// What was recorded, the newest first, with what waits to be sent; and what the server refused.

import * as clock from "./clock.js";
import { arrange, h, once, redraw } from "./element.js";
import * as outbox from "./outbox.js";
import { undoneIn, worst } from "./stands.js";

// host: the bedside's doc(), held(), mark(), mayRecord(); correct(entry) opens what puts an entry right.
export function entryList(host, correct) {
  const { doc } = host;
  const node = h("ul", { class: "entries", "aria-label": "Entries" });
  let rows = new Map(); // by what they show: only the rows that changed are made anew

  function draw() {
    const d = doc();
    const recording = host.mayRecord();
    const before = rows;
    rows = new Map();
    const row = (facts, make) => {
      const shown = JSON.stringify(facts);
      rows.set(shown, before.get(shown) ?? make());
    };
    const { items, levels } = host.held();
    const undone = undoneIn(items);
    for (const item of [...items].reverse()) {
      if (item.body.withdraws) continue; // shown at what it withdraws
      const outside = levels[item.body.id] ?? {};
      const gone = undone.has(item.body.id);
      row([item.key, item.trouble, outside, gone], () => h("li", { class: `entry waiting ${gone ? "withdrawn" : ""}` },
        h("span", { class: "when" }, clock.told(Date.parse(item.body.observed_at), d.clinic.zone)), h("span", { class: "minute" }, "waiting"),
        h("div", { class: "what" }, ...waitingParts(item.body, d.pad, outside), h("span", { class: "marks", text: [gone ? "withdrawn" : "", outsideWords(outside), item.trouble?.join(" ") ?? "to be sent"].filter(Boolean).join(" · ") })), h("span", { class: "author", text: item.who })));
    }
    for (const entry of d.entries)
      row([entry, recording, undone.has(entry.id)], () => h("li", { class: `entry ${undone.has(entry.id) ? "withdrawn" : entry.state}`, "data-entry": entry.id },
        h("span", { class: "when", text: entry.time }), h("span", { class: "minute", text: entry.minute }),
        h("div", { class: "what" }, ...entry.parts.map((part) => h(part.struck ? "s" : part.level ? "strong" : "span", { class: part.level ?? "" }, part.level ? `${part.text} ${host.mark(part.level)}` : part.text)),
          entry.marks.length ? h("span", { class: "marks", text: entry.marks.join(" · ") }) : null),
        h("span", { class: "author", text: entry.author }),
        entry.can_correct && recording ? h("button", { class: "key correct", type: "button", "aria-label": "Correct", "aria-description": entry.text, onclick: () => correct(entry) }, "Correct") : h("span")));
    arrange(node, [...rows.values()]);
  }
  // What waits, each value outside its range as it will stand once it is recorded: with its level.
  function waitingParts(body, pad, outside) {
    const values = (body.readings ?? []).filter((reading) => outside[reading.measure]);
    const rest = { ...body, readings: (body.readings ?? []).filter((reading) => !outside[reading.measure]) };
    const said = values.map((reading) => {
      const { level } = outside[reading.measure];
      return h("strong", { class: level }, `${valueWords(reading, pad)} ${host.mark(level)}`);
    });
    return [...said, values.length && !partsOf(rest, pad).length ? null : h("b", { text: wordsOf(rest, pad) })];
  }
  return { node, draw };
}

// Of a waiting entry: that it is out of range, and how much.
const outsideWords = (outside) => {
  const level = worst(Object.values(outside).map((one) => one.level));
  return level ? `out of range, ${level}` : "";
};

// What the server refused, with its sentence. Another patient's entry is never shown, or typed again, here.
export function tray(host, place, open) {
  const { doc } = host;
  return function draw() {
    const refused = outbox.refused();
    const mine = refused.filter((item) => item.infusion === doc().id);
    const others = [...new Set(refused.filter((item) => item.infusion !== doc().id).map((item) => item.infusion))];
    const whenOf = ({ body }) => (body.observed_at ? clock.told(Date.parse(body.observed_at), doc().clinic.zone) : "");
    redraw(place, [mine.map((item) => [item.key, item.refused]), others], () => !refused.length ? [] :
      h("section", { class: "tray", "aria-label": "Needs attention" },
        mine.length ? h("h2", { text: `Needs attention: ${mine.length} not saved` }) : null,
        ...mine.map((item) => h("div", { class: "tray-item" },
          h("div", {}, h("b", { text: `${whenOf(item)} ${wordsOf(item.body, doc().pad)} · ${item.who ?? ""}` }), h("p", { text: item.refused.join(" ") })),
          h("button", { class: "key", type: "button", onclick: once(() => outbox.retry(item.key)) }, "Send again"),
          h("button", { class: "key", type: "button", onclick: () => open("Remove this entry from the tablet? It was never saved.", (close) =>
            h("button", { class: "key", type: "button", onclick: once(() => { outbox.discard(item.key); close(); }) }, "Remove it")) }, "Remove …"))),
        ...others.map((id) => h("div", { class: "tray-item" }, h("b", { text: "An entry of another infusion was not saved." }), h("a", { class: "key", href: `/bedside?infusion=${encodeURIComponent(id)}`, target: "_self" }, "Look at it there")))));
  };
}

const SAID = ["name", "reason", "text", "item", "answer", "note", "whom", "meaning", "how"]; // of an event's detail, in words

const measureOf = (key, pad) => pad?.measures?.find((one) => one.key === key);

export const shortName = (key, pad) => measureOf(key, pad)?.short || measureOf(key, pad)?.label || key;

// A value that is not on the server yet: "SYS 190", "Dissociation 3 marked".
export function valueWords({ measure: key, value }, pad) {
  const measure = measureOf(key, pad);
  const word = measure?.options.find((option) => option.value === value)?.word ?? "";
  return `${shortName(key, pad)} ${measure ? value.toFixed(measure.decimals) : value} ${word}`.trim();
}

// What an entry says, for one that is not on the server yet.
export const wordsOf = (body, pad) => partsOf(body, pad).join(" · ") || "Entry";

function partsOf(body, pad) {
  const parts = (body.readings ?? []).map((reading) => valueWords(reading, pad));
  parts.push(...(body.not_done ?? []).map((one) => `${shortName(one.measure, pad)} not done (${one.reason})`));
  if (body.event) parts.push([pad?.event_words?.[body.event.kind] ?? body.event.kind, ...SAID.map((part) => body.event.detail?.[part])].filter(Boolean).join(": "));
  if (body.acknowledgement) parts.push(`Acknowledged: ${body.acknowledgement.done}`);
  if (body.withdraws) parts.push("Withdrawal");
  if (body.corrects) parts.unshift("Correction:");
  return parts;
}
