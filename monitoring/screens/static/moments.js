// Clock times that people type, made into moments of one infusion: a day and a minute of it, or words why there is none.

import * as clock from "./clock.js";
import { h, redraw } from "./element.js";

const MINUTE = 60000;
const DAY = 86400000;
const MOST_DAYS = 400; // that an infusion left open is looked through

const shown = (at, zone) => `${clock.day(at, zone)} ${clock.fieldClock(at, zone)}`;
const toMinute = (at) => Math.floor(at / MINUTE) * MINUTE;

// Every moment at which the clinic's calendar and clocks showed this ("2026-11-23", "10:42"): none in an hour that was
// skipped, two in one that came twice.
export function momentsOf(day, time, zone) {
  const read = Date.parse(`${day}T${time}:00Z`);
  if (Number.isNaN(read)) return [];
  const offsets = [read - DAY, read, read + DAY].map((at) => Date.parse(`${shown(at, zone).replace(" ", "T")}:00Z`) - toMinute(at));
  return [...new Set(offsets.map((offset) => read - offset))].filter((at) => shown(at, zone) === `${day} ${time}`).sort((a, b) => a - b);
}

// The moment of an infusion that a clock time means: of those from `from` until `until` [ms] the one nearest to `near`.
// `day`: of that day only. {at}, or {wrong}, or {wrong, twice: [first, second]} where the clocks showed it twice.
export function momentOf(time, { zone, from, until, near, day = "" }) {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) return { wrong: "The time of this entry is empty: expected hours and minutes, such as 10:42." };
  const days = day ? [day] : daysOf(from, until, zone);
  const known = days.map((one) => momentsOf(one, time, zone));
  const within = known.flat().filter((at) => at >= toMinute(from) && at <= until);
  if (!within.length) return { wrong: outside(time, known, { zone, from, until, day }) };
  const at = within.reduce((best, one) => (Math.abs(one - near) < Math.abs(best - near) ? one : best));
  const twice = within.filter((one) => shown(one, zone) === shown(at, zone));
  if (twice.length > 1) return { wrong: `${time} came twice that night, when the clocks were put back: choose which.`, twice };
  return { at };
}

// The days of the clinic's calendar from one moment to another, the latest first where there are too many.
function daysOf(from, until, zone) {
  const found = new Set();
  for (let at = until; at > from && found.size < MOST_DAYS; at -= DAY / 2) found.add(clock.day(at, zone));
  return [...found.add(clock.day(from, zone))];
}

function outside(time, known, { zone, from, until, day }) {
  const told = (at) => clock.told(at, zone);
  if (known.some((moments) => !moments.length)) return `${time} was not shown by the clinic's clocks${day ? " that day" : ""}: expected another time.`;
  const now = clock.now();
  const later = [known.flat(), day ? [] : momentsOf(clock.day(until + DAY, zone), time, zone)].flat().find((at) => at > until);
  if (until >= toMinute(now) && later && (day || later - until < DAY / 2)) return `${day ? told(later) : time} is in the future: it is ${told(now)} now.`;
  return `${day ? told(known.flat()[0]) : time} does not lie within this infusion: expected ${told(from)} to ${told(until)}.`;
}

// When something of this infusion can have been seen [ms], as the server says; and when it was opened.
export function spanOf(doc) {
  const { seen_from: from, seen_until: until, opened_at: opened } = doc.course;
  return { zone: doc.clinic.zone, from: Date.parse(from), until: Math.min(clock.now(), until ? Date.parse(until) : Infinity), opened: toMinute(Date.parse(opened)) };
}

// Fields for a time and its day. The day follows from the time until somebody chooses another; where the clocks showed a
// time twice, it is asked which. span(): as of `spanOf`; near(): the moment that is meant where several are possible.
export function timeFields(labels, span, near) {
  const time = h("input", { type: "time", "aria-label": labels.time });
  const day = h("input", { type: "date", "aria-label": labels.day });
  const which = h("span", { class: "which", role: "group", "aria-label": "Which of the two" });
  let chosenDay = "";
  let chosen = null; // of two moments that look alike

  const found = () => {
    const meant = momentOf(time.value, { ...span(), near: near(), day: chosenDay });
    return meant.twice && chosen !== null ? { at: meant.twice[chosen] } : meant;
  };
  const draw = () => {
    const meant = momentOf(time.value, { ...span(), near: near(), day: chosenDay });
    const at = meant.at ?? meant.twice?.[0];
    if (at !== undefined) day.value = clock.day(at, span().zone);
    redraw(which, [Boolean(meant.twice), chosen], () => !meant.twice ? [] : ["before", "after"].map((word, n) =>
      h("button", { class: "key", type: "button", "aria-pressed": String(chosen === n), onclick: () => { chosen = n; draw(); } }, `${word} the clocks went back`)));
  };
  time.addEventListener("input", () => { chosen = null; draw(); });
  day.addEventListener("input", () => { chosenDay = day.value; chosen = null; draw(); });

  return {
    time,
    day,
    which,
    read: found,
    // Shows this moment, or no time on the day of `near`.
    show(at = null) {
      chosenDay = "";
      chosen = null;
      time.value = at === null ? "" : clock.fieldClock(at, span().zone);
      day.value = clock.day(at ?? Math.min(near(), span().until), span().zone);
      draw();
    },
  };
}
