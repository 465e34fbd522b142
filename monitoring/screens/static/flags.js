// What the team should look at: a card for each open flag and each event that does not fit. The first card, the worst, stands
// still; the others scroll beside or below it. A card keeps its place while somebody is at the cards.

import * as clock from "./clock.js";
import { isolated } from "./directions.js";
import { arrange, describe, h, once, openSheet, put } from "./element.js";
import { shortName, valueWords } from "./entries.js";
import { worst } from "./stands.js";

const SETTLED_MS = 4000; // after the last touch the cards may take other places
const MOVED_MS = 800; // cards that have just changed places take no tap: another may have come to lie under a finger
const IN_VIEW = 2; // cards

// The keys of the cards in their order, of those now open, the worst first. While somebody is at them (`held`) each keeps its
// place, also one that is over, and what is new comes after them.
export function placed(before, open, held) {
  return held ? [...before, ...open.filter((key) => !before.includes(key))] : open;
}

// A flag that somebody has seen, or whose values are withdrawn, is listed without colour.
const isQuiet = (flag) => flag.withdrawn || !flag.needs_acknowledgement;

// host: the bedside's doc(), held(), asOf(), event(), mark(), mayRecord(), say(). ask.acknowledge(flag) and ask.correct(entry) open
// sheets.
export function flagRows(host, place, ask, sheetPlace) {
  const { doc } = host;
  // Announced apart from the list, so that a redrawn list is not read again.
  const polite = h("div", { class: "unseen", "aria-live": "polite" });
  const assertive = h("div", { class: "unseen", "aria-live": "assertive" });
  const rest = h("div", { class: "flag-rest" });
  const list = h("div", { class: "flags", role: "list", "aria-label": "Flags" });
  const quietLine = h("p", { class: "quiet-line" });
  const more = h("button", { class: "key more-flags", type: "button", onclick: all }, h("b"), h("span"));
  place.append(list, quietLine, more);
  let announced = null;
  let order = [];
  let cards = new Map(); // by key: {facts, shown, node}; only those that changed are made anew
  let touchedAt = -Infinity;
  let movedAt = -Infinity;
  let asking = null; // the sheet that asks what was done about one of them
  const recording = () => !doc().course.read_only && host.mayRecord();

  const touch = () => (touchedAt = performance.now());
  for (const kind of ["pointerdown", "focusin"]) place.addEventListener(kind, touch);
  list.addEventListener("click", (event) => {
    if (!resting() || event.detail === 0) return; // a keyboard's has its focus where it is shown
    event.stopPropagation();
    host.say("The flags have just changed places: nothing was taken. Tap again.", "caution");
  }, true);

  const acknowledge = (flag) => {
    asking = ask.acknowledge(flag);
  };

  function held() {
    if (asking && !asking.isConnected) {
      asking = null;
      touch();
    }
    return Boolean(asking) || performance.now() - touchedAt < SETTLED_MS;
  }

  // The entries that wait with values outside their ranges: {id, level, values, words, seen}.
  function waits() {
    const { items, levels } = host.held();
    return items.filter(({ body }) => levels[body.id]).map(({ body }) => {
      const outside = levels[body.id];
      const values = body.readings.filter((reading) => outside[reading.measure]);
      return {
        id: body.id,
        level: worst(Object.values(outside).map((one) => one.level)),
        values: values.map((reading) => valueWords(reading, doc().pad)).join(" · "),
        words: values.map(({ measure }) => `${shortName(measure, doc().pad)} ${outside[measure].words}`).join(", "),
        seen: clock.wallClock(Date.parse(body.observed_at), doc().clinic.zone),
      };
    });
  }

  // What is to be shown, by key, the worst first: {waiting}, {flag} or {conflict}. Of each level what this tablet holds and
  // judged itself comes before what the server told; last what is quiet.
  function found(flags) {
    const all = [
      ...waits().map((waiting) => [`waiting ${waiting.id}`, { waiting }]),
      ...flags.map((flag) => [flag.key, { flag }]),
      ...doc().conflicts.map((conflict) => [`conflict ${conflict.entry}`, { conflict }]),
    ];
    return new Map(["critical", "caution", ""].flatMap((level) => all.filter(([, facts]) => loudness(facts) === level)));
  }

  // What waited has been sent: a flag that rests on it takes its place.
  const takerOf = (key, open) => [...open].find(([other, { flag }]) => flag && !order.includes(other) && flag.seen.some((reading) => `waiting ${reading}`.startsWith(`${key}/`)))?.[0];

  // The level of what is to be looked at; "" for what is quiet.
  function loudness({ waiting, flag, conflict, over }) {
    if (over) return "";
    return waiting?.level ?? (conflict ? "caution" : isQuiet(flag) ? "" : flag.level);
  }

  function draw() {
    const d = doc();
    const may = recording();
    const flags = d.flags.filter((flag) => flag.open);
    const open = found(flags);
    const wanted = [...open.keys()];
    const then = host.asOf();
    order = order.map((key) => (open.has(key) ? key : (takerOf(key, open) ?? key)));
    const next = placed(order, wanted, held());
    if (order.some((key, n) => open.has(key) && next.indexOf(key) !== n)) movedAt = performance.now();
    order = next;
    const before = cards;
    cards = new Map(order.map((key) => {
      const former = before.get(key);
      const facts = open.get(key) ?? { ...former.facts, over: true }; // keeps its place: what it was is over
      const shown = JSON.stringify([facts, may, then]);
      return [key, former?.shown === shown ? former : { facts, shown, node: card(facts, may) }];
    }));
    lay([...cards.values()], then ? `A${then.slice(1)}: ${d.quiet}` : d.quiet, then ? 1 : IN_VIEW);
    showRest();
    tick();
    announce([...flags, ...waits().map((one) => ({ key: one.id, level: one.level, headline: `${one.values}, not yet sent` }))]);
  }

  const resting = () => performance.now() - movedAt < MOVED_MS;

  function showRest() {
    const text = String(resting());
    for (const key of list.querySelectorAll(".key")) if (key.getAttribute("aria-disabled") !== text) key.setAttribute("aria-disabled", text);
  }

  // `inView`: how many cards have room beside each other; while the connection is lost, that stands in this row too.
  function lay(shown, quiet, inView) {
    const focused = document.activeElement;
    const [first, ...others] = shown.map(({ node }) => node);
    list.className = inView < IN_VIEW ? "flags n2 single" : `flags n${Math.min(shown.length, IN_VIEW)}`;
    arrange(rest, others);
    arrange(list, first ? [first, ...(others.length ? [rest] : [])] : []);
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    quietLine.hidden = shown.length > 0;
    put(quietLine, quiet);
    const level = worst(shown.slice(inView).map(({ facts }) => loudness(facts))) ?? "";
    const hidden = shown.length - inView;
    more.hidden = shown.length < 2 && !shown.some(({ facts: { flag } }) => flag?.withdrawn && flag.needs_acknowledgement);
    more.className = `key more-flags ${level}`;
    describe(more, "aria-label", `All ${shown.length} flags`);
    put(more.firstChild, hidden > 0 ? `${level ? host.mark(level) : ""}+${hidden}` : "⌄");
    put(more.lastChild, hidden > 0 ? "more" : "all");
  }

  function announce(told) {
    const keys = new Set(told.map((flag) => `${flag.key} ${flag.level}`));
    for (const [level, region] of [["critical", assertive], ["caution", polite]]) {
      const fresh = told.filter((flag) => flag.level === level && announced && !announced.has(`${flag.key} ${flag.level}`));
      if (fresh.length) region.textContent = isolated(fresh.map((flag) => `${flag.level}: ${flag.headline}`).join(". "));
    }
    announced = keys;
  }

  function tick() {
    place.querySelectorAll(".repeat-clock").forEach((node) => {
      put(node, `repeat ${clock.until(Date.parse(node.dataset.due))}`);
    });
  }

  function card({ waiting, flag, conflict, over = false }, may, whole = false) {
    if (waiting) return waitingCard(waiting, over);
    return conflict ? conflictCard(conflict, may && !over, over) : flagCard(flag, may && !over, { over, whole });
  }

  function waitingCard({ level, values, words, seen }, over) {
    return h(
      "div",
      { class: `flag ${level} ${over ? "quiet" : "new"} waiting`, role: "listitem" },
      h("span", { class: "mark", role: "img", "aria-label": level, text: host.mark(level) }),
      h("div", { class: "flag-words" }, h("b", { text: values }), h("span", { text: `${level}, out of range, ${over ? "sent now" : "not yet sent"} · seen ${seen} · ${words}` })),
    );
  }

  // `whole`: in the list of all, where what is withdrawn can be acknowledged too.
  function flagCard(flag, may, { over = false, whole = false } = {}) {
    const repeat = () => host.event("repeat", { measure: flag.measure, due_at: clock.iso(clock.now() + doc().pad.repeat_minutes * 60000) });
    const quiet = over || isQuiet(flag);
    const key = may && flag.needs_acknowledgement && (whole || !flag.withdrawn);
    const answer = over ? "over" : flag.acknowledged || (flag.withdrawn && flag.needs_acknowledgement && may ? "acknowledge it under “All”" : "not acknowledged");
    return h(
      "div",
      { class: `flag ${flag.level} ${quiet ? "quiet" : "new"}`, role: "listitem", tabindex: may ? null : "0" }, // to be read without keys, too
      h("span", { class: "mark", role: "img", "aria-label": flag.level, text: host.mark(flag.level) }),
      h("div", { class: "flag-words" }, h("b", { text: flag.headline }), h("span", { text: [host.asOf(), flag.receipt].filter(Boolean).join(" · ") })),
      may && flag.offer_repeat && !flag.repeat_due_at ? h("button", { class: "key repeat", type: "button", onclick: once(repeat) }, `Repeat in ${doc().pad.repeat_minutes} min`) : null,
      flag.repeat_due_at && !over ? h("span", { class: "repeat-clock", "data-due": flag.repeat_due_at }) : null,
      key ? h("button", { class: "key acknowledge", type: "button", "aria-label": "Acknowledge", "aria-description": flag.headline, onclick: () => acknowledge(flag) }, "Acknowledge …") : h("span", { class: "ack", text: answer }),
    );
  }

  // An event that does not fit what was recorded: kept, and for a person to put right.
  function conflictCard({ entry, sentence }, may, over = false) {
    const found = doc().entries.find((one) => one.id === entry);
    return h(
      "div",
      { class: `flag caution ${over ? "quiet" : "new"}`, role: "listitem" },
      h("span", { class: "mark", role: "img", "aria-label": "caution", text: host.mark("caution") }),
      h("div", { class: "flag-words" }, h("b", { text: sentence }), h("span", { text: "kept, changes nothing · to be corrected or withdrawn" })),
      may && found ? h("button", { class: "key", type: "button", onclick: () => ask.correct(found) }, "Put right …") : null,
    );
  }

  function all() {
    const may = recording();
    const rows = [...found(doc().flags.filter((flag) => flag.open)).values()].map((facts) => card(facts, may, true));
    openSheet(sheetPlace, "Flags, worst first", (close) => h("div", { class: "all-flags", role: "list", "aria-label": "All flags", onclick: (e) => e.target.closest("button") && close() }, ...rows));
  }

  // `tick`: also what may take its right place again once nobody is at the cards.
  return { node: place, draw, tick: () => (doc() ? draw() : undefined), regions: [polite, assertive] };
}
