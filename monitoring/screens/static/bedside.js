// The bedside screen: one infusion, everything about it, and the pad.

import { chart } from "./chart.js";
import * as clock from "./clock.js";
import { h, once, openSheet, redraw, uuid } from "./element.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";
import { entryPad, ratings } from "./pad.js";
import { pinPanel } from "./pin.js";
import { banners, connection, themeKey } from "./bar.js";
import { sheets } from "./sheets.js";

const MARK = { caution: "▲", critical: "■" };
const PUMP_RESTS_MS = 1500; // after a tap on one of its keys
const PUMP_CHANGED_MS = 800; // after its keys have changed, whoever changed them
const SEEN_HOLDS_MS = 5 * 60000; // "seen at" chosen longer ago than this is asked for anew
const NEXT_PHASE = {
  start: { planned: "infusing" },
  pause: { infusing: "paused" },
  resume: { paused: "infusing" },
  end: { infusing: "recovery", paused: "recovery" },
  stop: { infusing: "recovery", paused: "recovery" },
};

export function mount(root, { infusion, pins }) {
  if (root.screen?.infusion === infusion) return root.screen.draw();
  root.screen?.leave();
  root.screen = bedside(root, infusion, pins);
  return undefined;
}

function bedside(root, infusion, pins) {
  const doc = () => live.current().document;
  const me = () => live.current().me;
  let seenAt = null; // {ms, set}: an earlier moment for the next entry, and when it was chosen
  let pad = null;
  let rates = null;
  let lastMe = null;
  let pumpRestsUntil = 0;
  let pumpPhase = null; // which keys the pump has now

  const place = Object.fromEntries(
    ["banners", "top", "clock", "values", "flags", "quick", "entries", "tray"].map((name) => [name, h("div", { class: `at-${name}` })]),
  );
  const plot = chart("Chart of this infusion; the same values can be read as a table");
  const loud = h("div", { class: "loud" });
  plot.node.append(loud);
  const padPlace = h("div", { class: "at-pad" });
  const said = h("p", { class: "toast", role: "status", hidden: true });
  const left = h("div", { class: "left" }, place.values, plot.node, place.quick, place.tray, place.entries);
  const screen = h("main", { class: "bedside", "aria-label": "Bedside" }, place.banners, place.top, place.clock, place.flags, left, padPlace, said);
  root.replaceChildren(screen);

  // Announced apart from the list, so that a redrawn list is not read again.
  const polite = h("div", { class: "unseen", "aria-live": "polite" });
  const assertive = h("div", { class: "unseen", "aria-live": "assertive" });
  screen.append(polite, assertive);
  let announced = null;

  // Under whose name an entry is kept: while only the connection is lost, the last who was signed in here.
  const author = () => (live.current().signedOut || me() === null ? null : (me() ?? lastMe));
  const mayRecord = (who) => who?.may_record !== false;

  const host = {
    infusion,
    get protocol() {
      return doc().pad;
    },
    latest: (measure) => doc()?.values[measure],
    lacking: () => (doc()?.lacking ? ` · ${doc().lacking}` : ""),
    timeOf: (ms) => clock.wallClock(ms, doc().clinic.zone),
    doc,
    mark: (level) => MARK[level],
    seen(ms) {
      seenAt = ms === null ? null : { ms, set: clock.now() };
      draw();
    },
    seenText: () => (seenAt ? `seen ${clock.wallClock(seenAt.ms, doc().clinic.zone)}, ${clock.age(clock.now() - seenAt.ms)}` : ""),
    say: tell,
    event: (kind, detail) => event(kind, detail),
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
        reason: "",
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
      try {
        outbox.put(infusion, who.name, body);
      } catch {
        tell("This tablet's storage is full, so this entry was not taken. What you typed is still here.", "critical");
        return false;
      }
      if (body.kind !== "withdrawal" && body.kind !== "acknowledgement") seenAt = null;
      draw();
      return true;
    },
  };
  const sheetPlace = () => padPlace.querySelector(".sheet-place") ?? padPlace;
  const ask = sheets(host, sheetPlace, left, plot);
  const event = (kind, detail = {}) => host.put({ ...host.entry("event", uuid(), kind === "repeat" || kind === "move"), event: { kind, detail } });

  let tellTimer;
  function tell(text, level = "") {
    said.textContent = text;
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
        onclick: () => {
          if (performance.now() < pumpRestsUntil) return;
          pumpRestsUntil = performance.now() + PUMP_RESTS_MS;
          const entry = host.entry("event", uuid());
          if (!host.put({ ...entry, event: { kind, detail: {} } })) return;
          if (reasons?.length) ask.addReason(entry, kind, reasons, `${label}: recorded. A reason, if you like:`);
        },
      },
      label,
    );
  }

  async function switchSheet() {
    let staff = [];
    try {
      ({ staff } = await (await fetch("/api/me", { credentials: "same-origin" })).json());
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
    redraw(place.top, [d.who, d.infusion, who?.name, lastMe?.name], () => [
      h("a", { class: "pill link", href: "/board", target: "_self", "aria-label": "Board" }, "‹ Board"),
      h("span", { class: "pill chair", text: d.who.chair }),
      h("h1", { class: "patient" }, h("b", { class: d.who.name.length > 30 ? "long" : "", title: d.who.name, text: d.who.name }), h("span", { text: d.who.line })),
      h("span", { class: "pill plan", text: d.infusion.which }),
      h("span", { class: "pill plan" }, ...d.infusion.dose.split(" · ").map((part) => h("span", { text: part })), h("span", { class: "given" })),
      connection(),
      themeKey(() => plot.redrawn()),
      h("button", { class: "pill switch", type: "button", "aria-label": who ? `${who.name}, switch` : "Sign in", onclick: switchSheet }, who ? `${who.name} · switch` : "Sign in"),
    ]);
  }

  function drawClock() {
    const d = doc();
    const { course } = d;
    const now = clock.now();
    const at = stands();
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
    const milligrams = course.given_mg + (course.mg_per_minute * (at.infused - (course.infusion_seconds ?? 0) * 1000)) / 60000;
    if (given) given.textContent = at.started !== null ? `given ${milligrams.toFixed(1)} mg` : "";
    const next = d.next;
    let due = "";
    let dueClass = "";
    if (next) {
      const wait = Date.parse(next.at) - now;
      dueClass = next.state === "overdue" ? "caution" : wait <= 0 ? "due" : "";
      due = next.state === "overdue" ? `▲ overdue ${clock.minutesAndSeconds(-wait)}` : wait <= 0 ? `due since ${clock.minutesAndSeconds(-wait)}` : clock.minutesAndSeconds(wait);
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
    const put = (selector, text, cls) => {
      const node = place.clock.querySelector(selector);
      if (!node) return;
      if (node.textContent !== text) node.textContent = text;
      if (cls !== undefined) node.className = cls;
    };
    for (const key of place.clock.querySelectorAll(".pump")) key.setAttribute("aria-disabled", String(performance.now() < pumpRestsUntil));
    put(".big", big);
    put(".of", small);
    put(".elapsed", elapsed);
    put(".next-due b", due, dueClass);
    put(".next-due span", !next ? "" : dueClass === "caution" ? "vital signs" : dueClass ? "vitals" : "next vitals in");
  }

  // Where the infusion stands, with what still waits in this tablet: pump events entered without a connection count here.
  function stands() {
    const { course, now } = doc();
    const instant = (iso) => (iso ? Date.parse(iso) : null);
    const at = { phase: course.phase, infused: (course.infusion_seconds ?? 0) * 1000, started: instant(course.started_at), ended: instant(course.ended_at) };
    let last = Date.parse(now);
    for (const { body, infusion: whose } of outbox.waiting()) {
      const onward = whose === infusion && body.event && !body.corrects ? NEXT_PHASE[body.event.kind]?.[at.phase] : null;
      if (!onward || doc().entries.some((entry) => entry.id === body.id)) continue;
      const when = Date.parse(body.observed_at);
      if (at.phase === "infusing") at.infused += when - last;
      if (onward === "infusing") at.started ??= when;
      if (onward === "recovery") at.ended = when;
      last = when;
      at.phase = onward;
    }
    if (at.phase === "infusing") at.infused += clock.now() - last;
    return at;
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
    const facts = d.strip.map((item) => {
      const old = item.at ? now - Date.parse(item.at) : null;
      return { ...item, age: old === null ? "" : clock.age(old), stale: old !== null && !d.course.read_only && old > item.stale_after * 1000 };
    });
    redraw(place.values, facts, () =>
      h("ul", { class: "values", "aria-label": "Last values" }, ...facts.map((item) =>
        h("li", { class: `value ${item.level ?? ""} ${item.stale ? "stale" : ""}` },
          h("span", { class: "value-name", text: item.stale ? `${item.label.split(" ")[0]} · stale` : item.label }),
          h("b", { text: item.text || "—" }),
          h("span", { class: "value-age" }, !item.at ? "none yet" : `${item.level ? `${MARK[item.level]} ` : ""}${item.age}`)))));
  }

  function drawFlags() {
    const d = doc();
    const open = d.flags.filter((flag) => flag.open);
    const now = clock.now();
    const recording = !d.course.read_only && mayRecord(me());
    redraw(place.flags, [open, d.quiet, d.conflicts, recording], () => {
      const rows = [...open.map((flag) => flagRow(flag, recording)), ...d.conflicts.map((conflict) => conflictRow(conflict, recording))];
      const list = h("ul", { class: `flags n${Math.min(rows.length, 3)}`, "aria-label": "Flags" }, ...rows);
      const hidden = rows.length - 2;
      return [list, rows.length ? null : h("p", { class: "quiet-line", text: d.quiet }), rows.length > 1 ? h("button", { class: "key more-flags", type: "button", "aria-label": `All ${rows.length} flags`, onclick: allFlags }, h("b", { text: hidden > 0 ? `+${hidden}` : "⌄" }), hidden > 0 ? "more" : "all") : null];
    });
    place.flags.querySelectorAll(".repeat-clock").forEach((node) => {
      const wait = Date.parse(node.dataset.due) - clock.now();
      node.textContent = wait > 0 ? `repeat in ${clock.minutesAndSeconds(wait)}` : `repeat due since ${clock.minutesAndSeconds(-wait)}`;
    });
    const keys = new Set(open.map((flag) => `${flag.key} ${flag.level}`));
    for (const [level, region] of [["critical", assertive], ["caution", polite]]) {
      const fresh = open.filter((flag) => flag.level === level && announced && !announced.has(`${flag.key} ${flag.level}`));
      if (fresh.length) region.textContent = fresh.map((flag) => `${flag.level}: ${flag.headline}`).join(". ");
    }
    announced = keys;
  }

  function flagRow(flag, recording) {
    const repeat = () => event("repeat", { measure: flag.measure, due_at: clock.iso(clock.now() + doc().pad.repeat_minutes * 60000) });
    return h(
      "li",
      { class: `flag ${flag.level} ${flag.needs_acknowledgement ? "new" : "seen"}` },
      h("span", { class: "mark", role: "img", "aria-label": flag.level, text: MARK[flag.level] }),
      h("div", { class: "flag-words" }, h("b", { text: flag.headline }), h("span", { text: flag.receipt })),
      recording && flag.offer_repeat && !flag.repeat_due_at ? h("button", { class: "key", type: "button", onclick: once(repeat) }, `Repeat in ${doc().pad.repeat_minutes} min`) : null,
      flag.repeat_due_at ? h("span", { class: "repeat-clock", "data-due": flag.repeat_due_at }) : null,
      recording && flag.needs_acknowledgement ? h("button", { class: "key acknowledge", type: "button", "aria-label": "Acknowledge", "aria-description": flag.headline, onclick: () => ask.acknowledge(flag) }, "Acknowledge …") : h("span", { class: "ack", text: flag.acknowledged || "not acknowledged" }),
    );
  }

  // An event that does not fit what was recorded: kept, and for a person to put right.
  function conflictRow({ entry, sentence }, recording) {
    const found = doc().entries.find((one) => one.id === entry);
    return h(
      "li",
      { class: "flag caution new" },
      h("span", { class: "mark", role: "img", "aria-label": "caution", text: MARK.caution }),
      h("div", { class: "flag-words" }, h("b", { text: sentence }), h("span", { text: "kept, changes nothing · to be corrected or withdrawn" })),
      recording && found ? h("button", { class: "key", type: "button", onclick: () => ask.correct(found) }, "Put right …") : null,
    );
  }

  function allFlags() {
    const recording = !doc().course.read_only && mayRecord(me());
    const rows = doc().flags.filter((flag) => flag.open).map((flag) => flagRow(flag, recording));
    openSheet(padPlace, "Flags, worst first", (close) =>
      h("ul", { class: "all-flags", "aria-label": "All flags", onclick: (e) => e.target.closest("button") && close() }, ...rows, ...doc().conflicts.map((conflict) => conflictRow(conflict, recording))));
  }

  function drawQuick() {
    const d = doc();
    redraw(place.quick, [d.pad.quick_effects, d.course.read_only, d.oxygen, host.seenText(), mayRecord(me())], () =>
      d.course.read_only || !mayRecord(me()) ? [h("div", { class: "quick" }, mayRecord(me()) ? h("button", { class: "key", type: "button", onclick: ask.note }, "Note") : null, h("button", { class: "key", type: "button", onclick: ask.view }, "View …"))] :
      h("div", { class: "quick", role: "group", "aria-label": "Record" },
        ...d.pad.quick_effects.slice(0, 1).map((name) => h("button", { class: "key", type: "button", onclick: () => ask.effect(name) }, name)),
        h("button", { class: "key", type: "button", onclick: () => ask.effect() }, "Effect …"),
        h("button", { class: "key", type: "button", onclick: ask.medicine }, "Medicine …"),
        h("button", { class: "key", type: "button", onclick: ask.note }, "Note"),
        h("button", { class: "key", type: "button", onclick: ask.oxygen }, `Oxygen: ${d.oxygen}`),
        h("button", { class: `key ${seenAt ? "on" : ""}`, type: "button", "aria-label": "Seen at", onclick: ask.seen }, seenAt ? host.seenText().replace("seen", "Seen") : "Seen at …"),
        h("button", { class: "key", type: "button", onclick: ask.view }, "View …")));
  }

  // Only the rows that changed are made anew: the others keep their focus, and cost the browser nothing.
  const list = h("ul", { class: "entries", "aria-label": "Entries" });
  place.entries.append(list);
  let rows = new Map(); // by what they show

  function drawEntries() {
    const d = doc();
    const mine = outbox.waiting().filter((item) => item.infusion === infusion && !d.entries.some((entry) => entry.id === item.body.id));
    const before = rows;
    rows = new Map();
    const row = (facts, make) => {
      const shown = JSON.stringify(facts);
      rows.set(shown, before.get(shown) ?? make());
    };
    for (const item of mine.reverse())
      row([item.key, item.trouble], () => h("li", { class: "entry waiting" },
        h("span", { class: "when" }, clock.wallClock(Date.parse(item.body.observed_at), d.clinic.zone)), h("span", { class: "minute" }, "waiting"),
        h("div", { class: "what" }, h("b", { text: wordsOf(item.body, d.pad) }), h("span", { class: "marks", text: item.trouble?.join(" ") ?? "to be sent" })), h("span", { class: "author", text: item.who })));
    for (const entry of d.entries)
      row([entry, mayRecord(me())], () => h("li", { class: `entry ${entry.state}`, "data-entry": entry.id },
        h("span", { class: "when", text: entry.time }), h("span", { class: "minute", text: entry.minute }),
        h("div", { class: "what" }, ...entry.parts.map((part) => h(part.struck ? "s" : part.level ? "strong" : "span", { class: part.level ?? "" }, part.level ? `${part.text} ${MARK[part.level]}` : part.text)),
          entry.marks.length ? h("span", { class: "marks", text: entry.marks.join(" · ") }) : null),
        h("span", { class: "author", text: entry.author }),
        entry.can_correct && mayRecord(me()) ? h("button", { class: "key correct", type: "button", "aria-label": "Correct", "aria-description": entry.text, onclick: () => ask.correct(entry) }, "Correct") : h("span")));
    const wanted = new Set(rows.values());
    for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
    [...wanted].forEach((node, n) => list.children[n] === node || list.insertBefore(node, list.children[n] ?? null));
  }

  // What the server refused, with its sentence. Another patient's entry is never shown, or typed again, here.
  function drawTray() {
    const refused = outbox.refused();
    const mine = refused.filter((item) => item.infusion === infusion);
    const others = [...new Set(refused.filter((item) => item.infusion !== infusion).map((item) => item.infusion))];
    const whenOf = ({ body }) => (body.observed_at ? clock.wallClock(Date.parse(body.observed_at), doc().clinic.zone) : "");
    redraw(place.tray, [mine.map((item) => [item.key, item.refused]), others], () => !refused.length ? [] :
      h("section", { class: "tray", "aria-label": "Needs attention" },
        mine.length ? h("h2", { text: `Needs attention: ${mine.length} not saved` }) : null,
        ...mine.map((item) => h("div", { class: "tray-item" },
          h("div", {}, h("b", { text: `${whenOf(item)} ${wordsOf(item.body, doc().pad)} · ${item.who ?? ""}` }), h("p", { text: item.refused.join(" ") })),
          h("button", { class: "key", type: "button", onclick: once(() => outbox.retry(item.key)) }, "Send again"),
          h("button", { class: "key", type: "button", onclick: () => ask.open("Remove this entry from the tablet? It was never saved.", (close) =>
            h("button", { class: "key", type: "button", onclick: once(() => { outbox.discard(item.key); close(); }) }, "Remove it")) }, "Remove …"))),
        ...others.map((id) => h("div", { class: "tray-item" }, h("b", { text: "An entry of another infusion was not saved." }), h("a", { class: "key", href: `/bedside?infusion=${encodeURIComponent(id)}`, target: "_self" }, "Look at it there")))));
  }

  function drawPad() {
    const d = doc();
    const locked = d.course.read_only || !mayRecord(me());
    if (locked && pad?.hasDraft()) return; // what is half typed is not taken away; saving it says what can be done
    const wanted = locked ? `none ${d.course.closed_words}` : d.pad.version;
    if (padPlace.dataset.pad !== wanted) {
      padPlace.dataset.pad = wanted;
      screen.classList.toggle("read-only", locked);
      if (locked) {
        pad = rates = null;
        padPlace.replaceChildren(h("div", { class: "sheet-place" }, h("p", { class: "closed-note", text: d.course.closed_words || `${me()?.name ?? "This person"}, ${me()?.role ?? ""}, may look and not record.` })));
      } else {
        pad = entryPad(host);
        rates = ratings(host);
        padPlace.replaceChildren(pad.node, h("div", { class: "sheet-place" }, rates.node));
      }
    }
    pad?.draw();
    rates?.draw();
  }

  function drawConnection() {
    const text = live.connectionText();
    for (const node of screen.querySelectorAll(".connection")) {
      if (node.textContent !== text) node.textContent = text;
      node.dataset.state = live.current().connected ? (text === "live" ? "live" : "waiting") : "lost";
    }
    screen.classList.toggle("lost", !live.current().connected && live.current().since !== null);
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
    drawTop();
    drawClock();
    drawFlags();
    drawPad();
    drawValues();
    drawQuick();
    drawEntries();
    drawTray();
  }

  function tick() {
    if (!doc() || doc().type === "missing") return drawConnection();
    drawConnection();
    if (seenAt && clock.now() - seenAt.set > SEEN_HOLDS_MS * clock.rate()) {
      tell(`“Seen at ${clock.wallClock(seenAt.ms, doc().clinic.zone)}” was chosen a while ago and is dropped: choose it again if it still holds.`, "caution");
      host.seen(null);
    }
    drawClock();
    drawValues();
    drawQuick();
    place.flags.querySelector(".repeat-clock") && drawFlags();
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
  ];
  const timer = setInterval(tick, 500);
  live.open(`infusion=${encodeURIComponent(infusion)}`);
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

// What an entry says, for one that is not on the server yet.
function wordsOf(body, pad) {
  const measures = Object.fromEntries((pad?.measures ?? []).map((measure) => [measure.key, measure]));
  const parts = (body.readings ?? []).map((reading) => `${measures[reading.measure]?.short || measures[reading.measure]?.label || reading.measure} ${reading.value}`);
  parts.push(...(body.not_done ?? []).map((one) => `${measures[one.measure]?.short ?? one.measure} not done (${one.reason})`));
  if (body.event) parts.push([pad?.event_words?.[body.event.kind] ?? body.event.kind, body.event.detail?.name, body.event.detail?.reason, body.event.detail?.text].filter(Boolean).join(": "));
  if (body.acknowledgement) parts.push(`Acknowledged: ${body.acknowledgement.done}`);
  if (body.withdraws) parts.push("Withdrawal");
  if (body.corrects) parts.unshift("Correction:");
  return parts.join(" · ") || "Entry";
}
