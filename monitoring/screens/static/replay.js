// The chart of one infusion on its review, and in a replay what the live screen showed at that moment: drawn from the
// same document by the same parts, with the clock standing still. Nothing here is live, and nothing can be recorded.

import { chart } from "./chart.js";
import { age, minutesAndSeconds } from "./clock.js";
import { doseStrip } from "./dose_strip.js";
import { h, redraw } from "./element.js";
import { followTheme } from "./theme.js";

const MARK = { caution: "▲", critical: "■" };

// data: {document, replay, minute, heading}; the document is that of the bedside, without what only its keys need.
export function mount(root, data) {
  followTheme();
  keepInAddress(data.minute);
  root.replay ??= replay(root);
  root.replay(data);
}

// The replayed minute stands in the address, so that it can be sent on; stepping through it leaves no trail behind Back.
function keepInAddress(minute) {
  const address = new URL(location.href);
  if (!address.pathname.endsWith("/review")) return;
  if (minute === null) address.searchParams.delete("minute");
  else address.searchParams.set("minute", minute);
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

function replay(root) {
  const place = Object.fromEntries(["head", "clock", "flags", "values", "more"].map((name) => [name, h("div", { class: `at-${name}` })]));
  const plot = chart("Chart of this infusion; the same values can be read in the table of values");
  const strip = doseStrip();
  root.replaceChildren(place.head, place.clock, place.flags, place.values, plot.node, strip.node, place.more);
  return ({ document: doc, replay: replaying, heading }) => {
    root.classList.toggle("replaying", replaying);
    const facts = replaying ? doc : null;
    redraw(place.head, [heading, facts?.who, facts?.infusion, facts?.oxygen], () => head(doc, heading, replaying));
    redraw(place.clock, facts && [facts.now, facts.course, facts.slots, facts.next], () => facts && clockRow(facts));
    redraw(place.flags, facts && [facts.flags, facts.conflicts, facts.quiet, facts.notes], () => facts && flagRows(facts));
    redraw(place.values, facts && [facts.strip, facts.now], () => facts && values(facts));
    redraw(place.more, facts && [facts.care.clocks, facts.care.effects, facts.latest, facts.now], () => facts && more(facts));
    plot.draw(doc.figure);
    strip.draw(doc);
  };
}

function head(doc, heading, replaying) {
  return h("div", { class: "replay-head" },
    h("b", { text: heading }),
    replaying ? h("span", { text: `${doc.who.chair} · ${doc.who.line} · ${doc.infusion.which} · ${doc.infusion.dose} · oxygen: ${doc.oxygen}` }) : null);
}

function clockRow(doc) {
  const { course, next } = doc;
  const now = Date.parse(doc.now);
  const planned = minutesAndSeconds(course.planned_seconds * 1000);
  let big = "—";
  let small = "before the start";
  if (course.started_at) {
    const infused = (course.infusion_seconds ?? 0) * 1000;
    const over = infused - course.planned_seconds * 1000;
    big = minutesAndSeconds(infused);
    small = over > 0 && course.phase === "infusing" ? `of ${planned} · over by ${minutesAndSeconds(over)}` : `of ${planned}`;
    if (course.ended_at) {
      big = `+${minutesAndSeconds((course.closed_at ? Date.parse(course.closed_at) : now) - Date.parse(course.ended_at))}`;
      small = `after the end · infused ${minutesAndSeconds(infused)}`;
    }
  }
  const elapsed = course.started_at ? `elapsed ${minutesAndSeconds((course.closed_at ? Date.parse(course.closed_at) : now) - Date.parse(course.started_at))}` : "";
  const wait = next ? Date.parse(next.at) - now : 0;
  const due = !next ? "" : next.state === "overdue" ? `▲ overdue by ${minutesAndSeconds(-wait)}` : wait <= 0 ? `due ${minutesAndSeconds(-wait)} ago` : minutesAndSeconds(wait);
  const given = course.started_at && !doc.care.dose.hidden ? `given ${course.given_mg.toFixed(1)} mg${course.bag_empty ? " · bag empty" : ""}` : "";
  return h("div", { class: "replay-clock" },
    h("div", { class: "phase" }, h("b", { class: course.phase, text: course.word }), h("span", { text: elapsed })),
    h("b", { class: "big", text: big }),
    h("span", { class: "of" }, small, given ? h("br") : null, given),
    h("ol", { class: "slots", "aria-label": "Vital signs by slot" }, ...doc.slots.map((slot) =>
      h("li", { class: `slot ${slot.state}${slot.not_done.length ? " hollow" : ""}${slot.milestone ? " milestone" : ""}`, title: slot.words, "aria-label": slot.words }, h("i"), h("span", { text: slot.minute })))),
    next ? h("div", { class: "next-due" }, h("span", { text: next.state === "overdue" || wait <= 0 ? "vitals" : "next vitals in" }), h("b", { class: next.state === "overdue" ? "caution" : wait <= 0 ? "due" : "", text: due })) : null);
}

function flagRows(doc) {
  const open = doc.flags.filter((flag) => flag.open);
  const rows = [
    ...open.map((flag) => row(flag.level, flag.needs_acknowledgement && !flag.withdrawn, flag.headline, flag.receipt, flag.acknowledged || "not acknowledged")),
    ...doc.conflicts.map(({ sentence }) => row("caution", true, sentence, "kept, changes nothing · to be corrected or withdrawn", "")),
  ];
  const notes = doc.notes.map((note) => h("p", { class: "replay-note", text: `▲ ${note}` }));
  return [...notes, rows.length ? h("ul", { class: "replay-flags", "aria-label": "Flags" }, ...rows) : h("p", { class: "replay-quiet", text: doc.quiet })];
}

function row(level, fresh, headline, receipt, answer) {
  return h("li", { class: `flag ${level} ${fresh ? "new" : "quiet"}` },
    h("span", { class: "mark", role: "img", "aria-label": level, text: MARK[level] }),
    h("div", { class: "flag-words" }, h("b", { text: headline }), h("span", { text: receipt })),
    h("span", { class: "ack", text: answer }));
}

function values(doc) {
  const now = Date.parse(doc.now);
  return h("ul", { class: "values", "aria-label": "Last values then" }, ...doc.strip.map((item) => {
    const old = item.at ? now - Date.parse(item.at) : null;
    const stale = old !== null && !doc.course.read_only && old > item.stale_after * 1000;
    const words = old === null ? "none yet" : age(old).replace(/( h .*) ago$/, "$1");
    return h("li", { class: `value ${item.level ?? ""} ${stale ? "stale" : ""}` },
      h("span", { class: "value-name", text: stale ? `${item.label.split(" ")[0]} · stale` : item.label }),
      h("b", { text: item.text || "—" }),
      h("span", { class: "value-age", text: `${item.level ? `${MARK[item.level]} ` : ""}${words}` }));
  }));
}

// The clocks that ran, effects without an end, and the entry that was on top of the list.
function more(doc) {
  const now = Date.parse(doc.now);
  const clocks = doc.care.clocks.map((one) => {
    const wait = one.due_at ? Date.parse(one.due_at) - now : null;
    const due = wait === null ? "" : wait > 0 ? `, due in ${minutesAndSeconds(wait)}` : `, due ${minutesAndSeconds(-wait)} ago`;
    return `${one.label} ${minutesAndSeconds(now - Date.parse(one.since))}${due}`;
  });
  const effects = doc.care.effects.filter((one) => !one.over).map((one) => `${one.name}, no end recorded`);
  const lines = [["Running", clocks.join(" · ") || "no clocks"], ["Effects", effects.join(" · ")], ["Last entry", doc.latest], ["Responsible", doc.care.responsible.name]];
  return h("dl", { class: "replay-more" }, ...lines.filter(([, text]) => text).map(([name, text]) => h("div", {}, h("dt", { text: name }), h("dd", { text }))));
}
