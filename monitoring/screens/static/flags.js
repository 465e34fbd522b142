// What the team should look at: a row for each open flag and each event that does not fit, worst first.

import * as clock from "./clock.js";
import { h, once, openSheet, redraw } from "./element.js";
import { shortName, valueWords } from "./entries.js";
import { worst } from "./stands.js";

// host: the bedside's doc(), held(), asOf(), event(), mark(), mayRecord(). ask.acknowledge(flag) and ask.correct(entry) open sheets.
export function flagRows(host, place, ask, sheetPlace) {
  const { doc } = host;
  // Announced apart from the list, so that a redrawn list is not read again.
  const polite = h("div", { class: "unseen", "aria-live": "polite" });
  const assertive = h("div", { class: "unseen", "aria-live": "assertive" });
  let announced = null;
  const recording = () => !doc().course.read_only && host.mayRecord();

  // What the tablet holds and judged itself, then what the server told: of each level what waits comes first.
  function rowsOf(may) {
    const d = doc();
    const told = d.flags.filter((flag) => flag.open).map((flag) => ({ level: flag.level, node: flagRow(flag, may) }));
    const unsent = waits().map((one) => ({ level: one.level, node: waitingRow(one) }));
    const of = (rows, level) => rows.filter((row) => row.level === level).map((row) => row.node);
    const rest = d.conflicts.map((conflict) => conflictRow(conflict, may));
    return ["critical", "caution"].flatMap((level) => [...of(unsent, level), ...of(told, level)]).concat(rest);
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

  function waitingRow({ level, values, words, seen }) {
    return h(
      "li",
      { class: `flag ${level} new waiting` },
      h("span", { class: "mark", role: "img", "aria-label": level, text: host.mark(level) }),
      h("div", { class: "flag-words" }, h("b", { text: values }), h("span", { text: `${level}, out of range, not yet sent · seen ${seen} · ${words}` })),
    );
  }

  function draw() {
    const d = doc();
    const open = d.flags.filter((flag) => flag.open);
    const may = recording();
    const unsent = waits();
    const then = host.asOf();
    redraw(place, [open, unsent, d.quiet, d.conflicts, may, then], () => {
      const rows = rowsOf(may);
      const beside = then ? 1 : 2; // while the connection is lost, that stands in this row too
      const list = h("ul", { class: `flags n${Math.min(rows.length, then ? 1 : 3)}`, "aria-label": "Flags" }, ...rows);
      const hidden = rows.length - beside;
      return [list, rows.length ? null : h("p", { class: "quiet-line", text: then ? `A${then.slice(1)}: ${d.quiet}` : d.quiet }), rows.length > 1 ? h("button", { class: "key more-flags", type: "button", "aria-label": `All ${rows.length} flags`, onclick: all }, h("b", { text: hidden > 0 ? `+${hidden}` : "⌄" }), hidden > 0 ? "more" : "all") : null];
    });
    tick();
    const told = [...open, ...unsent.map((one) => ({ key: one.id, level: one.level, headline: `${one.values}, not yet sent` }))];
    const keys = new Set(told.map((flag) => `${flag.key} ${flag.level}`));
    for (const [level, region] of [["critical", assertive], ["caution", polite]]) {
      const fresh = told.filter((flag) => flag.level === level && announced && !announced.has(`${flag.key} ${flag.level}`));
      if (fresh.length) region.textContent = fresh.map((flag) => `${flag.level}: ${flag.headline}`).join(". ");
    }
    announced = keys;
  }

  function tick() {
    place.querySelectorAll(".repeat-clock").forEach((node) => {
      node.textContent = `repeat ${clock.until(Date.parse(node.dataset.due))}`;
    });
  }

  function flagRow(flag, may) {
    const repeat = () => host.event("repeat", { measure: flag.measure, due_at: clock.iso(clock.now() + doc().pad.repeat_minutes * 60000) });
    return h(
      "li",
      { class: `flag ${flag.level} ${flag.needs_acknowledgement ? "new" : "seen"}` },
      h("span", { class: "mark", role: "img", "aria-label": flag.level, text: host.mark(flag.level) }),
      h("div", { class: "flag-words" }, h("b", { text: flag.headline }), h("span", { text: [host.asOf(), flag.receipt].filter(Boolean).join(" · ") })),
      may && flag.offer_repeat && !flag.repeat_due_at ? h("button", { class: "key repeat", type: "button", onclick: once(repeat) }, `Repeat in ${doc().pad.repeat_minutes} min`) : null,
      flag.repeat_due_at ? h("span", { class: "repeat-clock", "data-due": flag.repeat_due_at }) : null,
      may && flag.needs_acknowledgement ? h("button", { class: "key acknowledge", type: "button", "aria-label": "Acknowledge", "aria-description": flag.headline, onclick: () => ask.acknowledge(flag) }, "Acknowledge …") : h("span", { class: "ack", text: flag.acknowledged || "not acknowledged" }),
    );
  }

  // An event that does not fit what was recorded: kept, and for a person to put right.
  function conflictRow({ entry, sentence }, may) {
    const found = doc().entries.find((one) => one.id === entry);
    return h(
      "li",
      { class: "flag caution new" },
      h("span", { class: "mark", role: "img", "aria-label": "caution", text: host.mark("caution") }),
      h("div", { class: "flag-words" }, h("b", { text: sentence }), h("span", { text: "kept, changes nothing · to be corrected or withdrawn" })),
      may && found ? h("button", { class: "key", type: "button", onclick: () => ask.correct(found) }, "Put right …") : null,
    );
  }

  function all() {
    const may = recording();
    openSheet(sheetPlace, "Flags, worst first", (close) => h("ul", { class: "all-flags", "aria-label": "All flags", onclick: (e) => e.target.closest("button") && close() }, ...rowsOf(may)));
  }

  return { node: place, draw, tick, regions: [polite, assertive] };
}
