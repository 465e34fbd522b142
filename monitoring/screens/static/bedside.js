// The bedside screen: one infusion, everything about it, and the pad.

import { beforeTab } from "./before.js";
import { banners, connection, themeKey } from "./bar.js";
import { careTab, clocksKey, emergencyKeys, restChanged } from "./care.js";
import { carried } from "./carried.js";
import { chart } from "./chart.js";
import * as clock from "./clock.js";
import { isolated } from "./directions.js";
import { doseStrip } from "./dose_strip.js";
import { describe, h, openSheet, put, redraw, resting, uuid } from "./element.js";
import { entryList, tray } from "./entries.js";
import { flagRows } from "./flags.js";
import { leavingTab } from "./leaving.js";
import { follow } from "./kept.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";
import { entryPad } from "./pad.js";
import { pinPanel } from "./pin.js";
import { ratings } from "./ratings.js";
import { sheets } from "./sheets.js";
import { signingTab } from "./signing.js";
import { holding, stands } from "./stands.js";
import { steps } from "./steps.js";
import { notTaken } from "./taps.js";
import { undoBar } from "./undo.js";
import "./way_out.js";

const MARK = { caution: "▲", critical: "■" };
const PUMP_RESTS_MS = 1500; // after a tap on one of its keys
const A_MINUTE_MS = 60000; // ended so long before the plan is early
const PUMP_CHANGED_MS = 800; // after its keys have changed, whoever changed them
const SEEN_HOLDS_MS = 5 * 60000; // "seen at" chosen longer ago than this is asked for anew
// What a person saw at a time of its own; everything else in the course of care is done when it is tapped.
const SEEN_THEN = ["effect", "medicine", "note", "rate", "called", "informed", "help", "over", "start", "pause", "resume", "end", "stop", "close", "cancel"];
const NO_WORDS = { called: [], informed: [], effect_actions: [], medicine_reasons: [], missing_reasons: [], rapid_minutes: 0 };

export function mount(root, { infusion, pins }) {
  if (root.screen?.infusion === infusion) return root.screen.draw();
  root.screen?.leave();
  root.screen = bedside(root, infusion, pins);
  return undefined;
}

function bedside(root, infusion, pins) {
  const doc = () => live.current().document;
  const me = () => live.current().me;
  let seenAt = null; // {ms, reason, set}: an earlier moment for the next entry, why it is told so late, and when it was chosen
  let pad = null;
  let rates = null;
  let lastMe = null;
  let pumpRestsUntil = 0;
  let pumpPhase = null; // which keys the pump has now
  let pumpAsk = null; // {close, phase}: what is asked after a tap on one of them

  const place = Object.fromEntries(["banners", "top", "clock", "values", "flags", "quick", "tray"].map((name) => [name, h("div", { class: `at-${name}` })]));
  const plot = chart("Chart of this infusion; the same values can be read as a table");
  const strip = doseStrip();
  const loud = h("div", { class: "loud" });
  const padPlace = h("div", { class: "at-pad" });
  const said = h("p", { class: "toast", role: "status", hidden: true });
  const sheetPlace = () => padPlace.querySelector(".sheet-place") ?? padPlace;
  const marked = carried(doc, () => draw());

  // Under whose name an entry is kept: while only the connection is lost, the last who was signed in here.
  const author = () => (live.current().signedOut || me() === null ? null : (me() ?? lastMe));
  const mayRecord = (who) => who?.may_record !== false;

  const host = {
    infusion,
    pins,
    get protocol() {
      return doc().pad;
    },
    latest: (measure) => doc() && holding(doc()).values[measure],
    lacking: () => doc()?.lacking ?? "",
    timeOf: (ms) => clock.told(ms, doc().clinic.zone),
    doc,
    me: () => me() ?? lastMe,
    mayRecord: () => mayRecord(me()),
    care: () => doc()?.care ?? null,
    words: () => ({ ...NO_WORDS, ...doc()?.care?.words }),
    staff: () => doc()?.care?.staff ?? [],
    stands: () => stands(doc()),
    held: () => holding(doc()),
    // As of when all is that came from the server, in words; "" while it is live.
    asOf: () => (live.asOf() === null ? "" : `as of ${clock.wallClock(live.asOf(), doc().clinic.zone, true)}`),
    hasDraft: () => pad?.hasDraft() ?? false,
    mark: (level) => MARK[level],
    rests: resting(),
    newId: uuid,
    undone: (id) => undo.undone(id),
    sheet: (title, ...content) => openSheet(sheetPlace(), title, ...content),
    pumpKey: (label, kind) => pumpKey(label, kind),
    leave: () => leaving.leave(),
    redraw: () => draw(),
    fromPaper: () => marked.fromPaper(),
    amend: (kind) => marked.amend(kind),
    amendment: () => marked.amendment(),
    seen(ms, reason = "") {
      seenAt = ms === null ? null : { ms, reason, set: clock.now() };
      draw();
    },
    seenText: () => (seenAt ? `seen ${clock.told(seenAt.ms, doc().clinic.zone)}, ${clock.age(clock.now() - seenAt.ms)}` : ""),
    say: tell,
    event: (kind, detail) => host.record(kind, detail),
    // An event of the course of care. `id` and `attestations` where it was signed by PIN.
    record(kind, detail, { id = uuid(), attestations = [] } = {}) {
      const entry = host.entry("event", id, !SEEN_THEN.includes(kind));
      return host.put({ ...entry, event: { kind, detail }, ...(attestations.length ? { attestations } : {}) });
    },
    entry(kind, id, atOnce = false) {
      const tapped = clock.now();
      const observed = seenAt && !atOnce ? seenAt.ms : tapped;
      return {
        id,
        kind,
        observed_at: clock.iso(observed),
        tapped_at: clock.iso(tapped),
        clock: clock.source(),
        sign_in: author()?.sign_in ?? "",
        readings: [],
        not_done: [],
        event: null,
        acknowledgement: null,
        corrects: null,
        withdraws: null,
        reason: seenAt && !atOnce ? seenAt.reason : "",
      };
    },
    // Keeps the entry in this browser and sends it. Returns whether it is kept.
    put(body) {
      const who = author();
      if (!who) {
        tell("Nobody is signed in on this tablet: tap Sign in first. What you typed is kept.", "caution");
        return false;
      }
      if (!mayRecord(who)) {
        tell(`${who.name}, ${who.role}, may look and not record: somebody who may has to sign in. What you typed is kept.`, "caution");
        return false;
      }
      const isNew = !body.corrects && body.kind !== "withdrawal" && body.kind !== "acknowledgement";
      const more = isNew ? marked.take(body) : {};
      if (more.wrong) {
        tell(more.wrong, "caution");
        return false;
      }
      try {
        outbox.put(infusion, who.name, { ...body, ...more });
      } catch {
        tell("This tablet's storage is full, so this entry was not taken. What you typed is still here.", "critical");
        return false;
      }
      if (isNew) marked.saved();
      undo.kept(body);
      if (seenAt && (body.corrects || body.observed_at === clock.iso(seenAt.ms))) seenAt = null;
      draw();
      return true;
    },
  };
  const undo = undoBar(host);
  plot.node.append(undo.node);
  const left = h("div", { class: "left" });
  const ask = sheets(host, sheetPlace, left, plot);
  const event = host.event;
  const flags = flagRows(host, h("div", { class: "flags-place" }), ask, padPlace);
  const list = entryList(host, (entry) => ask.correct(entry));
  const drawTray = tray(host, place.tray, ask.open);
  const before = beforeTab(host, sheetPlace, () => askStartReason());
  const care = careTab(host, ask);
  const leaving = leavingTab(host, sheetPlace);
  const tabs = steps([{ key: "entries", label: "Entries", node: list.node, draw: list.draw, status: () => "" }, before, care, leaving, signingTab(host, sheetPlace)], stepped);
  const running = clocksKey(host, () => tabs.open("care"));
  place.flags.append(loud, flags.node, running.node);
  // Whatever comes, goes or changes its height stands between the flags and the keys: it moves none of them.
  left.append(place.values, marked.node, plot.node, strip.node, place.tray, tabs.node, place.quick);
  const screen = h("main", { class: "bedside", "aria-label": "Bedside" }, place.top, place.clock, place.flags, place.banners, left, padPlace, said, ...flags.regions);
  root.replaceChildren(screen);

  // While a step is open the chart gives it height.
  function stepped(key) {
    left.classList.toggle("stepping", key !== "entries");
  }

  function askStartReason() {
    const start = doc().entries.find((entry) => entry.event?.kind === "start" && entry.can_correct);
    if (start) ask.startReason(start);
  }

  let tellTimer;
  function tell(text, level = "") {
    said.textContent = isolated(text);
    said.className = `toast ${level}`;
    said.hidden = false;
    clearTimeout(tellTimer);
    tellTimer = setTimeout(() => (said.hidden = true), 7000);
  }

  // The first tap records the minute; the reason may follow.
  // Then the pump's keys rest for a moment, all of them, and again when they change: another comes to lie under a finger.
  function pumpKey(label, kind, reasons) {
    return h(
      "button",
      {
        class: `key pump ${kind}`,
        type: "button",
        "aria-disabled": String(performance.now() < pumpRestsUntil),
        onclick: (event) => {
          if (performance.now() < pumpRestsUntil) {
            notTaken(event, "Not taken: the pump's keys have just changed. Wait a moment, then tap.");
            return;
          }
          pumpRestsUntil = performance.now() + PUMP_RESTS_MS;
          const entry = host.entry("event", uuid());
          if (!host.put({ ...entry, event: { kind, detail: {} } })) return;
          if (reasons?.length) askAbout(() => ask.addReason(entry, kind, reasons, `${label}: recorded. A reason, if you like:`));
          if (kind === "end") askWhetherEarly(entry);
          if (kind === "start" && host.care()?.before?.missing?.length) ask.startReason(entry);
        },
      },
      label,
    );
  }

  // What is asked about the pump is true for the phase it led to: where another follows, it is closed.
  function askAbout(open) {
    pumpAsk = { close: open(), phase: host.stands().phase };
  }

  function askWhetherEarly(entry) {
    const { infused } = host.stands();
    const planned = doc().course.planned_seconds * 1000;
    if (planned - infused < A_MINUTE_MS) return;
    askAbout(() => ask.endedEarly(entry, doc().pad.stop_reasons, `${clock.minutesAndSeconds(infused)} of ${clock.minutesAndSeconds(planned)}`));
  }

  async function switchSheet() {
    let staff;
    try {
      staff = await live.staffHere();
    } catch {
      tell("Not connected: nobody can be signed in now. Entries go on under the name shown.", "caution");
      return;
    }
    openSheet(padPlace, "Who is at the chair?", (close) => pinPanel(staff, pins, (person) => {
      close();
      live.current().me = person;
      outbox.signedIn();
      live.reconnect();
      draw();
      tell(`${person.name} is signed in. What was typed and what waits is kept.`);
    }));
  }

  // ---- parts --------------------------------------------------------------------------------------------------
  function drawTop() {
    const d = doc();
    const who = me();
    redraw(place.top, [d.who, d.infusion, d.course.read_only, who?.name, lastMe?.name], () => [
      h("a", { class: "pill link", href: "/board", target: "_self", "aria-label": "Board" }, "‹ Board"),
      h("span", { class: "pill chair", text: d.who.chair }),
      h("h1", { class: "patient" }, h("b", { class: d.who.name.length > 30 ? "long" : "", title: d.who.name, text: d.who.name }), h("span", { text: d.who.line })),
      h("span", { class: "pill plan" }, h("b", { text: d.infusion.which }), ...d.infusion.dose.split(" · ").map((part) => h("span", { text: part })), h("span", { class: "given" })),
      connection(),
      d.course.read_only
        ? h("a", { class: "pill link", href: `/review?infusion=${encodeURIComponent(infusion)}`, target: "_self" }, "Review")
        : h("a", { class: "pill link round", href: `/handover?infusion=${encodeURIComponent(infusion)}`, target: "_self", "aria-label": "Handover", title: "Handover" }, "⇄"),
      themeKey(() => plot.redrawn()),
      h("button", { class: "pill switch", type: "button", "aria-label": who ? `${who.name}, switch` : "Sign in", onclick: switchSheet }, who ? `${who.name} · switch` : "Sign in"),
    ]);
  }

  function drawClock() {
    const d = doc();
    const { course } = d;
    const now = clock.now();
    const at = host.stands();
    const planned = clock.minutesAndSeconds(course.planned_seconds * 1000);
    let big = "—";
    let small = "before the start";
    if (at.started !== null) {
      big = clock.minutesAndSeconds(at.infused);
      const over = at.infused - course.planned_seconds * 1000;
      small = over > 0 && at.phase === "infusing" ? `of ${planned} · over by ${clock.minutesAndSeconds(over)}` : `of ${planned}`;
      if (at.ended !== null) {
        const until = course.closed_at ? Date.parse(course.closed_at) : now;
        big = `+${clock.minutesAndSeconds(until - at.ended)}`;
        small = `after the end · infused ${clock.minutesAndSeconds(at.infused)}`;
      }
    }
    const elapsed = at.started !== null ? `elapsed ${clock.minutesAndSeconds((course.closed_at ? Date.parse(course.closed_at) : now) - at.started)}` : "";
    const given = place.top.querySelector(".given");
    const milligrams = Math.min(course.bag_mg, course.given_mg + (course.mg_per_minute * (at.infused - (course.infusion_seconds ?? 0) * 1000)) / 60000);
    if (given) {
      const shown = at.started !== null && !d.care?.dose?.hidden;
      put(given, shown ? `given ${milligrams.toFixed(1)} mg${course.bag_empty ? " · bag empty" : ""}` : "");
      describe(given, "title", shown ? course.bag_empty : "");
    }
    const next = d.next;
    let due = "";
    let dueClass = "";
    if (next) {
      const wait = Date.parse(next.at) - now;
      dueClass = next.state === "overdue" ? "caution" : wait <= 0 ? "due" : "";
      due = next.state === "overdue" ? `▲ overdue by ${clock.minutesAndSeconds(-wait)}` : wait <= 0 ? `due ${clock.minutesAndSeconds(-wait)} ago` : clock.minutesAndSeconds(wait);
    }
    if (pumpAsk && pumpAsk.phase !== at.phase) {
      pumpAsk.close();
      pumpAsk = null;
    }
    const word = at.phase === course.phase ? course.word : `${at.phase}, waiting`;
    redraw(place.clock, [at.phase, word, d.slots, course.read_only, mayRecord(me())], () => [
      h("div", { class: "phase" }, h("b", { class: at.phase, text: word }), h("span", { class: "elapsed" })),
      h("b", { class: "big", role: "timer", "aria-label": "Infusion time" }),
      h("span", { class: "of" }),
      h("ol", { class: "slots", "aria-label": "Vital signs by slot" }, ...d.slots.map((slot) =>
        h("li", { class: `slot ${slot.state}${slot.not_done.length ? " hollow" : ""}${slot.milestone ? " milestone" : ""}`, title: slot.words, "aria-label": slot.words }, h("i"), h("span", { text: slot.minute })))),
      h("div", { class: "next-due" }, h("span", { text: next ? "next vitals in" : "" }), h("b")),
      h("div", { class: "pumps", role: "group", "aria-label": "Pump, for the record" }, ...pumpKeys(at.phase)),
    ]);
    const fill = (selector, text, cls) => {
      const node = place.clock.querySelector(selector);
      if (!node) return;
      put(node, text);
      if (cls !== undefined) node.className = cls;
    };
    for (const key of screen.querySelectorAll(".pump")) key.setAttribute("aria-disabled", String(performance.now() < pumpRestsUntil));
    host.rests.show(screen);
    fill(".big", big);
    fill(".of", small);
    fill(".elapsed", elapsed);
    fill(".next-due b", due, dueClass);
    fill(".next-due span", !next ? "" : dueClass === "caution" ? "vital signs" : dueClass ? "vitals" : "next vitals in");
  }

  function pumpKeys(phase) {
    const p = doc().pad;
    if (pumpPhase !== null && pumpPhase !== phase) pumpRestsUntil = Math.max(pumpRestsUntil, performance.now() + PUMP_CHANGED_MS);
    pumpPhase = phase;
    if (doc().course.read_only || !mayRecord(me())) return [];
    const more = h("button", { class: "key more", type: "button", "aria-label": "More", onclick: () => ask.more(phase) }, "⋯");
    switch (phase) {
      case "planned":
        return [pumpKey("Pump started", "start"), more];
      case "infusing":
        return [pumpKey("Pump paused", "pause", p.pause_reasons), pumpKey("Pump stopped", "stop", p.stop_reasons), pumpKey("Infusion ended", "end"), more];
      case "paused":
        return [pumpKey("Pump resumed", "resume"), pumpKey("Pump stopped", "stop", p.stop_reasons), pumpKey("Infusion ended", "end"), more];
      default:
        return phase === "recovery" ? [more] : [];
    }
  }

  function drawValues() {
    const d = doc();
    const now = clock.now();
    const facts = host.held().strip.map((item) => {
      const old = item.at ? now - Date.parse(item.at) : null;
      return { ...item, age: old === null ? "" : clock.age(old).replace(/( h .*) ago$/, "$1"), stale: old !== null && !d.course.read_only && old > item.stale_after * 1000 };
    });
    redraw(place.values, facts, () =>
      h("ul", { class: "values", "aria-label": "Last values" }, ...facts.map((item) =>
        h("li", { class: `value ${item.level ?? ""} ${item.stale ? "stale" : ""} ${item.waiting ? "waiting" : ""}` },
          h("span", { class: "value-name", text: item.stale ? `${item.label.split(" ")[0]} · stale` : item.label }),
          h("b", { text: item.text || "—" }),
          h("span", { class: "value-age" }, !item.at ? "none yet" : `${item.level ? `${MARK[item.level]} ` : ""}${item.waiting ? "not sent" : item.age}`)))));
  }

  let emergency = false;
  const turn = (on) => {
    emergency = on;
    drawQuick();
    place.quick.querySelector("button")?.focus({ preventScroll: true });
  };

  function drawQuick() {
    const d = doc();
    const may = mayRecord(me());
    const closed = d.course.read_only && !marked.amendment();
    if (emergency && !closed && may) {
      const began = (host.care()?.clocks ?? []).filter((one) => ["help", "rapid"].includes(one.kind)).map((one) => one.key);
      redraw(place.quick, ["emergency", began, host.words()], () => emergencyKeys(host, ask, () => turn(false)));
      return;
    }
    redraw(place.quick, [d.pad.quick_effects, closed, d.oxygen, host.seenText(), may], () =>
      closed || !may ? [h("div", { class: "quick" }, may ? h("button", { class: "key", type: "button", onclick: ask.note }, "Note") : null, h("button", { class: "key", type: "button", onclick: ask.view }, "View …"))] :
      h("div", { class: "quick all", role: "group", "aria-label": "Record" },
        ...d.pad.quick_effects.slice(0, 1).map((name) => h("button", { class: "key", type: "button", onclick: () => ask.effect(name) }, name)),
        h("button", { class: "key", type: "button", onclick: () => ask.effect() }, "Effect …"),
        h("button", { class: "key", type: "button", onclick: ask.medicine }, "Medicine …"),
        h("button", { class: "key", type: "button", onclick: ask.note }, "Note"),
        h("button", { class: "key", type: "button", onclick: () => ask.oxygen() }, `Oxygen: ${d.oxygen}`),
        h("button", { class: `key ${seenAt ? "on" : ""}`, type: "button", "aria-label": "Seen at", onclick: ask.seen }, seenAt ? host.seenText().replace("seen", "Seen") : "Seen at …"),
        h("button", { class: "key", type: "button", onclick: ask.view }, "View …"),
        h("button", { class: "key emergency-key", type: "button", onclick: () => turn(true) }, "Emergency")));
  }

  function drawPad() {
    const d = doc();
    const locked = (d.course.read_only && !marked.amendment()) || !mayRecord(me());
    if (locked && pad?.hasDraft()) return; // what is half typed is not taken away; saving it says what can be done
    const wanted = locked ? `none ${d.course.closed_words}` : d.pad.version;
    if (padPlace.dataset.pad !== wanted) {
      padPlace.dataset.pad = wanted;
      const sheet = padPlace.querySelector(".sheet"); // one that is open stays open, whatever the server tells
      screen.classList.toggle("read-only", locked);
      if (locked) {
        pad = rates = null;
        padPlace.replaceChildren(h("div", { class: "sheet-place" }, h("p", { class: "closed-note", text: d.course.closed_words || `${me()?.name ?? "This person"}, ${me()?.role ?? ""}, may look and not record.` })));
      } else {
        pad = entryPad(host);
        rates = ratings(host);
        padPlace.replaceChildren(pad.node, h("div", { class: "sheet-place" }, rates.node));
      }
      if (sheet) sheetPlace().append(sheet);
    }
    pad?.draw();
    rates?.draw();
  }

  function drawConnection() {
    const text = live.connectionText();
    for (const node of screen.querySelectorAll(".connection")) {
      put(node, text);
      node.dataset.state = live.current().connected ? (text === "live" ? "live" : "waiting") : "lost";
    }
    screen.classList.toggle("lost", live.asOf() !== null);
    if (doc()?.clinic) screen.style.setProperty("--as-of", JSON.stringify(host.asOf()));
    banners(place.banners, loud, { doc: doc(), me: me(), lastMe, zone: doc()?.clinic.zone, signIn: switchSheet });
  }

  function draw() {
    if (me()) lastMe = me();
    drawConnection();
    if (!doc()) {
      if (!screen.querySelector(".opening")) screen.append(h("p", { class: "opening", text: "Opening the infusion …" }));
      return;
    }
    screen.querySelector(".opening")?.remove();
    if (doc().type === "missing") {
      screen.replaceChildren(place.banners, h("p", { class: "opening" }, doc().sentence, " ", h("a", { href: "/board", target: "_self" }, "To the board")));
      return;
    }
    restChanged(host);
    drawTop();
    drawClock();
    flags.draw();
    running.draw();
    marked.draw();
    drawPad();
    drawValues();
    drawQuick();
    drawTray();
    strip.draw(doc());
    tabs.draw();
  }

  function tick() {
    if (!doc() || doc().type === "missing") return drawConnection();
    drawConnection();
    if (seenAt && clock.now() - seenAt.set > SEEN_HOLDS_MS * clock.rate()) {
      tell(`“Seen at ${clock.told(seenAt.ms, doc().clinic.zone)}” was chosen a while ago and is dropped: choose it again if it still holds.`, "caution");
      host.seen(null);
    }
    drawClock();
    drawValues();
    drawQuick();
    flags.tick();
    undo.tick();
    running.draw();
    tabs.tick();
    pad?.draw();
    rates?.draw();
    plot.moveNow();
    return undefined;
  }

  const stop = [
    live.onChange((what) => {
      if (what === "document" && doc().figure) plot.draw(doc().figure);
      draw();
    }),
    outbox.onChange(draw),
    follow(infusion),
  ];
  const timer = setInterval(tick, 500);
  live.open(`infusion=${encodeURIComponent(infusion)}`);
  if (doc()?.figure) plot.draw(doc().figure); // kept from before
  draw();
  return {
    infusion,
    draw,
    leave() {
      clearInterval(timer);
      stop.forEach((end) => end());
    },
  };
}
