// While somebody is looked after: the clocks that run and what closes them, effects, who was called or told, how much was
// given; and the strip of keys for an emergency. Counting is done here, from the server's time.

import * as clock from "./clock.js";
import { groupedRows, section } from "./before.js";
import { describe, h, keyed, once, put, redraw } from "./element.js";
import { choices, ownWords } from "./fields.js";

const upper = (word) => word.charAt(0).toUpperCase() + word.slice(1);
const SHORT = { paused: "Paused", repeat: "Repeat", recheck: "Re-check", called: "Called", help: "Help called", rapid: "Rapid set" };
const CLOSES = { called: "Is here", help: "Help is here", rapid: "Rapid sets over" }; // what is tapped when it is over
const FIRST = ["help", "rapid"]; // before what is only due

export const countedWords = (one) => (one.due_at ? clock.until(Date.parse(one.due_at)) : clock.minutesAndSeconds(clock.now() - Date.parse(one.since)));
const isDue = (one) => Boolean(one.due_at) && Date.parse(one.due_at) <= clock.now();
const urgency = (one) => (FIRST.includes(one.kind) ? FIRST.indexOf(one.kind) : one.due_at ? Date.parse(one.due_at) : 1e15 + Date.parse(one.since));

// What the keys of an emergency stand for now, and which clocks there are to close: a key that came or changed rests.
export function restChanged(host) {
  const running = host.care()?.clocks;
  if (!running) return;
  for (const kind of FIRST) host.rests.stands(kind, running.find((one) => one.kind === kind && one.entry)?.entry ?? "");
  host.rests.stands("clocks", runningClocks(host).filter((one) => CLOSES[one.kind] && one.entry).map((one) => one.entry).join());
}

// The clocks that run, the most urgent first.
export const runningClocks = (host) => [...(host.care()?.clocks ?? [])].sort((a, b) => urgency(a) - urgency(b));

// The key at the end of the flags: always there, always as large, with the most urgent clocks on it.
export function clocksKey(host, open) {
  const lines = h("span", { class: "clock-lines" });
  const more = h("span", { class: "clock-more" });
  const key = h("button", { class: "key clocks-key", type: "button", "aria-label": "Clocks", onclick: open }, lines, more);
  function draw() {
    const running = runningClocks(host);
    const shown = running.slice(0, 2);
    redraw(lines, shown.map((one) => [one.key, one.kind]), () =>
      shown.length ? shown.map((one) => h("span", { class: "clock-line" }, h("span", { text: SHORT[one.kind] ?? one.label }), h("b"))) : h("span", { class: "hint", text: "no clocks" }),
    );
    shown.forEach((one, n) => {
      put(lines.children[n].lastChild, countedWords(one).replace(/^due (.*) ago$/, "+$1"));
      lines.children[n].classList.toggle("due", isDue(one));
    });
    put(more, running.length > shown.length ? `+${running.length - shown.length}` : "");
    const words = running.map((one) => one.label).join(", ") || "none running";
    describe(key, "aria-description", words);
  }
  return { node: key, draw };
}

// host: the bedside's doc(), care(), event(), record(), words(), mayRecord(), sheet(). ask.effect() opens the sheet of effects.
export function careTab(host, ask) {
  const clocks = h("ul", { class: "rows", "aria-label": "Running clocks" });
  const eachClock = keyed(clocks);
  const noClock = h("p", { class: "hint", text: "No clock runs." });
  const effects = h("ul", { class: "rows", "aria-label": "Effects" });
  const eachEffect = keyed(effects);
  const noEffect = h("p", { class: "hint", text: "No effect recorded." });
  const calls = h("div");
  const given = h("div");
  const responsible = h("div");
  const news2 = h("div");
  const parts = { news2: section("NEWS2", news2) };
  const node = h("div", { class: "step" },
    section("Clocks", clocks, noClock), section("Effects", effects, noEffect), section("Called and informed", calls),
    section("Dose", given), parts.news2, section("Responsible nurse", responsible));

  const over = (entry, how) => host.event("over", { of: entry, ...(how ? { how } : {}) });

  function closing(one) {
    if (!host.mayRecord()) return null;
    if (one.kind === "paused") return host.pumpKey("Pump resumed", "resume");
    if (!one.entry) return null;
    const label = CLOSES[one.kind];
    if (label) return host.rests.key("clocks", label, () => over(one.entry), { "aria-description": one.label });
    if (one.kind === "recheck") return h("button", { class: "key", type: "button", "aria-description": one.label, onclick: () => host.sheet(`${one.label} not taken, because:`, (shut) => choices(host.doc().pad.not_done_reasons, (reason) => over(one.entry, reason) && shut()), (shut) => ownWords("Another reason", (reason) => over(one.entry, reason) && shut())) }, "Not taken …");
    return null;
  }

  function clockRow() {
    const label = h("span", { class: "row-label" });
    const time = h("b", { class: "row-time" });
    const act = h("span", { class: "row-act" });
    const row = h("li", { class: "row" }, label, time, act);
    return {
      node: row,
      draw(one) {
        put(label, one.label);
        put(time, countedWords(one));
        row.classList.toggle("due", isDue(one));
        redraw(act, [one.kind, one.entry, host.mayRecord()], () => closing(one) ?? h("span", { class: "hint", text: one.kind === "repeat" ? "closed by its next value" : "closed by the next set" }));
      },
    };
  }

  function effectRow() {
    const label = h("span", { class: "row-label" });
    const act = h("span", { class: "row-act" });
    const row = h("li", { class: "row" }, label, act);
    return {
      node: row,
      draw(one) {
        const when = one.minute === null || one.minute === undefined || one.minute === "" ? "" : String(one.minute).startsWith("min") ? one.minute : `from minute ${one.minute}`;
        redraw(label, [one, when], () => [h("b", { text: one.name }), ` ${[one.severity, one.action, when, one.over].filter(Boolean).join(" · ")}`]);
        redraw(act, [one.entry, one.over, host.mayRecord()], () => (one.over || !host.mayRecord() ? null : h("button", { class: "key", type: "button", "aria-description": one.name, onclick: once(() => over(one.entry)) }, "Resolved")));
      },
    };
  }

  const inform = (whom) => host.sheet(`${upper(whom)} informed`, (shut) => h("button", { class: "key primary", type: "button", onclick: once(() => host.event("informed", { whom }) && shut()) }, "Save"), (shut) => ownWords("About what, if you like", (about) => host.event("informed", { whom, about }) && shut()));

  function drawClocks() {
    const running = runningClocks(host);
    eachClock(running, (one) => one.key, clockRow);
    noClock.hidden = running.length > 0;
  }

  function draw() {
    const facts = host.care();
    const may = host.mayRecord() && !host.doc().course.read_only;
    drawClocks();
    const found = facts?.effects ?? [];
    eachEffect([...found.filter((one) => !one.over), ...found.filter((one) => one.over)], (one) => one.entry, effectRow);
    noEffect.hidden = found.length > 0;
    const { called, informed } = host.words();
    redraw(calls, [called, informed, may], () =>
      !may ? h("p", { class: "hint", text: "Recorded calls stand among the entries." }) :
      h("div", { class: "choices" },
        ...called.map((whom) => host.rests.key(`called ${whom}`, `${upper(whom)} called`, () => host.event("called", { whom }))),
        h("button", { class: "key", type: "button", onclick: () => host.sheet("Somebody else called", (shut) => ownWords("Whom", (whom) => host.event("called", { whom }) && shut())) }, "Another called …"),
        ...informed.map((whom) => h("button", { class: "key", type: "button", onclick: () => inform(whom) }, `${upper(whom)} informed …`)),
        h("button", { class: "key", type: "button", onclick: () => host.sheet("Informed: whom?", (shut) => ownWords("Whom", (whom) => host.event("informed", { whom }) && shut())) }, "Another informed …")));
    const dose = facts?.dose ?? {};
    redraw(given, [dose.hidden, dose.ordered, dose.planned, dose.given, dose.remaining, dose.drawn, dose.wasted, dose.reconciled], () =>
      dose.hidden
        ? h("p", { class: "hint", text: "A second person works the dose out: until then no result is shown here." })
        : [h("dl", { class: "facts" }, ...["ordered", "planned", "given", "remaining", "drawn", "wasted"].filter((part) => dose[part]).map((part) => h("div", {}, h("dt", { text: part }), h("dd", { text: dose[part] })))),
           dose.reconciled ? h("p", { text: dose.reconciled }) : null]);
    parts.news2.hidden = !facts?.news2;
    redraw(news2, facts?.news2 ?? null, () => news2Words(facts?.news2));
    redraw(responsible, [facts?.responsible, may], () => [
      h("p", { class: "held" }, h("b", { text: facts?.responsible?.name ?? "not recorded" }), h("span", { text: facts?.responsible?.since ? `since ${clock.told(Date.parse(facts.responsible.since), host.doc().clinic.zone)}` : "" })),
      h("a", { class: "key", href: `/handover?infusion=${encodeURIComponent(host.infusion)}`, target: "_self" }, "Handover …"),
    ]);
  }

  return {
    key: "care",
    label: "Care",
    node,
    draw,
    tick: drawClocks,
    status() {
      const facts = host.care();
      const parts = [[(facts?.clocks ?? []).length, "clock"], [(facts?.effects ?? []).filter((one) => !one.over).length, "effect"]];
      return parts.filter(([count]) => count).map(([count, word]) => `${count} ${word}${count === 1 ? "" : "s"}`).join(" · ");
    },
  };
}

// The score in the colours of its own chart, always with its words; it stands beside the flags and never in their place.
export function news2Words(found) {
  if (!found) return null;
  const score = h("b", { text: found.total === null || found.total === undefined ? "incomplete" : String(found.total) });
  if (found.colour) {
    score.style.background = found.colour;
    score.style.color = "#14100a";
  }
  return [
    h("p", { class: "news2" }, score, h("span", { text: [found.words, found.missing?.length ? `missing: ${found.missing.join(", ")}` : ""].filter(Boolean).join(" · ") })),
    h("p", { class: "hint", text: [found.note, found.source].filter(Boolean).join(" ") }),
  ];
}

// The keys of an emergency, each one tap, in the place of the quick keys until "Back".
export function emergencyKeys(host, ask, back) {
  const running = (kind) => (host.care()?.clocks ?? []).find((one) => one.kind === kind && one.entry);
  const { called, rapid_minutes: every } = host.words();
  const key = (label, act, kind = "") => h("button", { class: `key ${kind}`, type: "button", onclick: once(act) }, label);
  const [help, rapid] = [running("help"), running("rapid")];
  const whom = called[0] ?? "Clinician";
  return h("div", { class: "quick emergency", role: "group", "aria-label": "Emergency" },
    help ? host.rests.key("help", "Help is here", () => host.event("over", { of: help.entry })) : host.rests.key("help", "Help called", () => host.event("help", {})),
    key("Oxygen given …", () => ask.oxygenGiven()),
    rapid ? host.rests.key("rapid", "Rapid sets over", () => host.event("over", { of: rapid.entry })) : every > 0 ? host.rests.key("rapid", every === 1 ? "Sets every minute" : `Sets every ${every} min`, () => host.event("rapid", { every_minutes: every })) : null,
    host.rests.key(`called ${whom}`, `${upper(whom)} called`, () => host.event("called", { whom })),
    key("Medicine …", () => ask.medicine()),
    key("Note", () => ask.note()),
    key("Back", back, "quiet"));
}
