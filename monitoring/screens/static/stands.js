// Where an infusion stands, with what still waits in this tablet: pump events entered without a connection count.

import * as clock from "./clock.js";
import { judged } from "./judging.js";
import * as outbox from "./outbox.js";

const NEXT_PHASE = {
  start: { planned: "infusing" },
  pause: { infusing: "paused" },
  resume: { paused: "infusing" },
  end: { infusing: "recovery", paused: "recovery" },
  stop: { infusing: "recovery", paused: "recovery" },
};

// The entries of this infusion that are not in the document yet: those just saved, and those that wait in this tablet.
export function waitingHere(doc) {
  const items = [...outbox.saved(), ...outbox.waiting()];
  return items.filter((item) => item.infusion === doc.id && !doc.entries.some((entry) => entry.id === item.body.id));
}

const RANK = { caution: 1, critical: 2 };
export const worst = (levels) => levels.filter(Boolean).sort((a, b) => RANK[b] - RANK[a])[0] ?? null;

// What this tablet itself knows beyond its document, judged by the document's limits: {items, levels, values, strip}.
// `items`: what waits; `levels`: by entry and measure, see judging.js; `values` and `strip`: as in the document, with what
// waits in the place of what is older. What waits is marked `waiting`.
let known = { doc: null };
export function holding(doc) {
  const items = waitingHere(doc);
  const key = items.map((item) => item.key).join(" ");
  if (known.doc !== doc || known.key !== key) known = { doc, key, ...withWaiting(doc, items) };
  return known;
}

function withWaiting(doc, items) {
  if (!items.length) return { items, levels: {}, values: doc.values, strip: doc.strip };
  const undone = undoneIn(items);
  const { levels, latest } = judged(doc.limits, items.map((item) => item.body).filter((body) => !undone.has(body.id)));
  const decimals = Object.fromEntries(doc.pad.measures.map((measure) => [measure.key, measure.decimals]));
  const waits = new Set(items.map((item) => item.body.id));
  const values = { ...doc.values };
  for (const [measure, { id, at, value }] of Object.entries(latest)) {
    if (!waits.has(id) || decimals[measure] === undefined) continue;
    const level = levels[id]?.[measure]?.level ?? null;
    values[measure] = { text: value.toFixed(decimals[measure]), value, at: clock.iso(at), level, stale_after: doc.strip[0].stale_after, waiting: true };
  }
  return { items, levels, values, strip: doc.strip.map((tile) => tileOf(tile, values)) };
}

function tileOf(tile, values) {
  const shown = tile.keys.map((key) => values[key]);
  if (!shown.some((value) => value?.waiting)) return tile;
  const there = shown.filter(Boolean);
  const at = clock.iso(Math.min(...there.map((value) => Date.parse(value.at))));
  return { ...tile, text: shown.map((value) => value?.text ?? "—").join("/"), at, level: worst(there.map((value) => value.level)), waiting: true };
}

// The ids of what was undone and not told to the server yet.
export const undoneIn = (items) => new Set(items.map(({ body }) => body.withdraws).filter(Boolean));

// {phase, infused [ms], started [ms], ended [ms]}
export function stands(doc) {
  const { course, now } = doc;
  const items = waitingHere(doc);
  const undone = undoneIn(items);
  const waits = items.filter(({ body }) => body.event && !body.corrects && !undone.has(body.id)).map(({ body }) => ({ kind: body.event.kind, when: Date.parse(body.observed_at) }));
  if (doc.entries.some((entry) => undone.has(entry.id) && entry.event && NEXT_PHASE[entry.event.kind])) {
    const told = doc.entries.filter((entry) => entry.event && !entry.state && !undone.has(entry.id)).map((entry) => ({ kind: entry.event.kind, when: Date.parse(entry.observed_at) }));
    return walked({ phase: "planned", infused: 0, started: null, ended: null }, 0, [...told, ...waits].sort((a, b) => a.when - b.when));
  }
  const instant = (iso) => (iso ? Date.parse(iso) : null);
  const at = { phase: course.phase, infused: (course.infusion_seconds ?? 0) * 1000, started: instant(course.started_at), ended: instant(course.ended_at) };
  return walked(at, Date.parse(now), waits);
}

// Where an infusion that stood so at `last` [ms] stands now, after these events ({kind, when [ms]}, in their order).
function walked(at, last, events) {
  for (const { kind, when } of events) {
    const onward = NEXT_PHASE[kind]?.[at.phase];
    if (!onward) continue;
    if (at.phase === "infusing") at.infused += when - last;
    if (onward === "infusing") at.started ??= when;
    if (onward === "recovery") at.ended = when;
    last = when;
    at.phase = onward;
  }
  if (at.phase === "infusing") at.infused += clock.now() - last;
  return at;
}
