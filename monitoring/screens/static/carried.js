// What the next entries carry besides what is typed: that they are written down from paper, each with its own time; or that they
// are added to a closed record, as a late entry with its own time or an addendum. A strip above the pad says so as long as it holds.

import * as clock from "./clock.js";
import { h, redraw } from "./element.js";
import { dayAndTime } from "./fields.js";

// zone(): the clinic's; changed() is called when something else holds.
export function carried(zone, changed) {
  let paper = false;
  let amendment = "";
  const day = h("input", { type: "date", "aria-label": "Date of this entry" });
  const time = h("input", { type: "time", "aria-label": "Time of this entry" });
  const node = h("div", { class: "at-mode" });

  const LATE = "late entry"; // it was seen then: it is told when
  const timed = () => paper || amendment === LATE;

  const end = () => {
    paper = false;
    amendment = "";
    time.value = "";
    changed();
  };

  return {
    node,
    amendment: () => amendment,
    paper: () => paper,
    fromPaper() {
      paper = true;
      day.value = clock.day(clock.now(), zone());
      changed();
      time.focus();
    },
    amend(kind) {
      amendment = amendment === kind ? "" : kind;
      if (amendment === LATE && !paper) day.value = clock.day(clock.now(), zone());
      changed();
      if (amendment === LATE) time.focus();
    },
    // What an entry gets, or {wrong} when its time has still to be given.
    take() {
      const found = amendment ? { amendment } : {};
      if (!timed()) return found;
      const at = dayAndTime(day.value, time.value, zone());
      if (at.wrong) return { wrong: `${paper ? "Transcribing from paper" : "Late entry"}: ${at.wrong}` };
      return { ...found, ...(paper ? { source: "paper" } : {}), observed_at: clock.iso(at.at) };
    },
    // It was saved: the next one from paper needs a time of its own, and a mark holds for one entry.
    saved() {
      time.value = "";
      amendment = "";
    },
    draw() {
      redraw(node, [paper, amendment], () => {
        if (!paper && !amendment) return [];
        return h("div", { class: "mode", role: "group", "aria-label": paper ? "Transcribing from paper" : "Next entry" },
          h("b", { text: [paper ? "Transcribing from paper" : "", amendment ? `Next entry: ${amendment}` : ""].filter(Boolean).join(" · ") }),
          timed() ? h("span", { class: "hint", text: paper ? "date and time of each entry" : "when it was seen" }) : null,
          timed() ? day : null,
          timed() ? time : null,
          h("button", { class: "key", type: "button", onclick: end }, paper ? "Done" : "Not now"));
      });
    },
  };
}
