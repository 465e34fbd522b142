// What the team should look at: a row for each open flag and each event that does not fit, worst first.

import * as clock from "./clock.js";
import { h, once, openSheet, redraw } from "./element.js";

// host: the bedside's doc(), event(), mark(), mayRecord(). ask.acknowledge(flag) and ask.correct(entry) open sheets.
export function flagRows(host, place, ask, sheetPlace) {
  const { doc } = host;
  // Announced apart from the list, so that a redrawn list is not read again.
  const polite = h("div", { class: "unseen", "aria-live": "polite" });
  const assertive = h("div", { class: "unseen", "aria-live": "assertive" });
  let announced = null;
  const recording = () => !doc().course.read_only && host.mayRecord();

  function draw() {
    const d = doc();
    const open = d.flags.filter((flag) => flag.open);
    const may = recording();
    redraw(place, [open, d.quiet, d.conflicts, may], () => {
      const rows = [...open.map((flag) => flagRow(flag, may)), ...d.conflicts.map((conflict) => conflictRow(conflict, may))];
      const list = h("ul", { class: `flags n${Math.min(rows.length, 3)}`, "aria-label": "Flags" }, ...rows);
      const hidden = rows.length - 2;
      return [list, rows.length ? null : h("p", { class: "quiet-line", text: d.quiet }), rows.length > 1 ? h("button", { class: "key more-flags", type: "button", "aria-label": `All ${rows.length} flags`, onclick: all }, h("b", { text: hidden > 0 ? `+${hidden}` : "⌄" }), hidden > 0 ? "more" : "all") : null];
    });
    tick();
    const keys = new Set(open.map((flag) => `${flag.key} ${flag.level}`));
    for (const [level, region] of [["critical", assertive], ["caution", polite]]) {
      const fresh = open.filter((flag) => flag.level === level && announced && !announced.has(`${flag.key} ${flag.level}`));
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
      h("div", { class: "flag-words" }, h("b", { text: flag.headline }), h("span", { text: flag.receipt })),
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
    const rows = doc().flags.filter((flag) => flag.open).map((flag) => flagRow(flag, may));
    openSheet(sheetPlace, "Flags, worst first", (close) =>
      h("ul", { class: "all-flags", "aria-label": "All flags", onclick: (e) => e.target.closest("button") && close() }, ...rows, ...doc().conflicts.map((conflict) => conflictRow(conflict, may))));
  }

  return { node: place, draw, tick, regions: [polite, assertive] };
}
