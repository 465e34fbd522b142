// What the next entries carry besides what is typed: that they are written down from paper, each with its own time; or that they
// are added to a closed record, as a late entry with its own time or an addendum. A strip above the chart says so as long as it holds.

import * as clock from "./clock.js";
import { h, redraw } from "./element.js";
import { spanOf, timeFields } from "./moments.js";

// doc(): of the infusion; changed() is called when something else holds.
export function carried(doc, changed) {
  let paper = false;
  let amendment = "";
  const fields = timeFields({ time: "Time of this entry", day: "Date of this entry" }, () => spanOf(doc()), clock.now);
  const node = h("div", { class: "at-mode" });

  const LATE = "late entry"; // it was seen then: it is told when. So is an addendum, but for what is said or done now
  const timed = (body = null) => paper || amendment === LATE || (amendment !== "" && !doc().pad.may_come_after.includes(body?.event?.kind));

  const end = () => {
    paper = false;
    amendment = "";
    fields.show();
    changed();
  };

  return {
    node,
    amendment: () => amendment,
    paper: () => paper,
    fromPaper() {
      paper = true;
      fields.show();
      changed();
      fields.time.focus();
    },
    amend(kind) {
      amendment = amendment === kind ? "" : kind;
      if (amendment && !paper) fields.show();
      changed();
      if (amendment === LATE) fields.time.focus();
    },
    // What an entry gets, or {wrong} when its time has still to be given.
    take(body) {
      const found = amendment ? { amendment } : {};
      if (!timed(body)) return found;
      const at = fields.read();
      const of = paper ? "Transcribing from paper" : amendment === LATE ? "Late entry" : "Addendum";
      if (at.wrong) return { wrong: `${of}: ${at.wrong}` };
      const { opened, zone } = spanOf(doc());
      if (!paper && at.at < opened) return { wrong: `${of}: ${clock.told(at.at, zone)} is before this infusion was opened at ${clock.told(opened, zone)}: write it down with From paper.` };
      return { ...found, ...(paper ? { source: "paper" } : {}), observed_at: clock.iso(at.at) };
    },
    // It was saved: the next one from paper needs a time of its own, and a mark holds for one entry.
    saved() {
      fields.show();
      amendment = "";
    },
    draw() {
      redraw(node, [paper, amendment], () => {
        if (!paper && !amendment) return [];
        return h("div", { class: "mode", role: "group", "aria-label": paper ? "Transcribing from paper" : "Next entry" },
          h("b", { text: [paper ? "Transcribing from paper" : "", amendment ? `Next entry: ${amendment}` : ""].filter(Boolean).join(" · ") }),
          timed() ? h("span", { class: "hint", text: paper ? "date and time of each entry" : amendment === LATE ? "when it was seen" : "when it was seen; a note needs no time" }) : null,
          timed() ? [fields.day, fields.time, fields.which] : null,
          h("button", { class: "key", type: "button", onclick: end }, paper ? "Done" : "Not now"));
      });
    },
  };
}
