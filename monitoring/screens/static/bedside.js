// The bedside screen: one infusion, everything about it, and the pad.

import { chart } from "./chart.js";
import * as clock from "./clock.js";
import { h, once, openSheet, redraw, uuid } from "./element.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";
import { entryPad, question, ratings } from "./pad.js";
import { pinPanel } from "./pin.js";
import { banners, connection, themeKey } from "./bar.js";

const MARK = { caution: "▲", critical: "■" };
const PUMP_RESTS_MS = 1500;
const SEEN_AGO = [1, 2, 3, 5, 10, 15, 20, 30];

export function mount(root, { infusion, pins }) {
  if (root.screen?.infusion === infusion) return root.screen.draw();
  root.screen?.leave();
  root.screen = bedside(root, infusion, pins);
  return undefined;
}

function bedside(root, infusion, pins) {
  const doc = () => live.current().document;
  const me = () => live.current().me;
  let seenAt = null; // {ms, text}: an earlier moment for the next entry
  let pad = null;
  let rates = null;
  let lastMe = null;
  let pumpRestsUntil = 0;

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

  const host = {
    infusion,
    get protocol() {
      return doc().pad;
    },
    latest: (measure) => doc()?.values[measure],
    seenText: () => (seenAt ? `seen ${seenAt.text}` : ""),
    say: tell,
    entry(kind, id, atOnce = false) {
      const tapped = clock.now();
      const observed = seenAt && !atOnce ? seenAt.ms : tapped;
      return {
        id,
        kind,
        observed_at: clock.iso(observed),
        tapped_at: clock.iso(tapped),
        clock: clock.source(),
        sign_in: (me() ?? lastMe)?.sign_in ?? "",
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
      const who = me() ?? lastMe;
      if (!who) {
        tell("Nobody is signed in here: tap Sign in first. What you typed is kept.", "caution");
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
  const event = (kind, detail = {}) => host.put({ ...host.entry("event", uuid(), kind === "repeat" || kind === "move"), event: { kind, detail } });

  let tellTimer;
  function tell(text, level = "") {
    said.textContent = text;
    said.className = `toast ${level}`;
    said.hidden = false;
    clearTimeout(tellTimer);
    tellTimer = setTimeout(() => (said.hidden = true), 7000);
  }

  // ---- sheets -------------------------------------------------------------------------------------------------
  const sheetPlace = () => padPlace.querySelector(".sheet-place") ?? padPlace;
  const choices = (words, act) => h("div", { class: "choices" }, ...words.map((word) => h("button", { class: "key", type: "button", onclick: once(() => act(word)) }, word)));
  const ownWords = (label, act, value = "") => {
    const field = h("textarea", { rows: 2, "aria-label": label, placeholder: label });
    field.value = value;
    return h(
      "form",
      {
        class: "own-words",
        onsubmit: (e) => {
          e.preventDefault();
          if (field.value.trim()) act(field.value.trim());
          else field.focus();
        },
      },
      field,
      h("button", { class: "key", type: "submit" }, "Save words"),
    );
  };

  // The first tap records the minute; the reason may follow, as a note that names the event.
  // Then the pump's keys rest for a moment, all of them: another one comes to lie where the first was tapped.
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
          if (kind === "stop") {
            openSheet(
              sheetPlace(),
              "Pump stopped early?",
              (close) => h("button", { class: "key primary", type: "button", onclick: once(() => event("stop") && close()) }, "Stopped now, reason later"),
              (close) => choices(doc().pad.stop_reasons, (reason) => event("stop", { reason }) && close()),
              (close) => ownWords("In your words", (words) => event("stop") && event("note", { text: `Pump stopped: ${words}` }) && close()),
            );
            return;
          }
          if (!event(kind)) return;
          if (reasons?.length) {
            openSheet(sheetPlace(), `${label}: recorded. A reason, if you like:`, (close) =>
              choices(reasons, (reason) => event("note", { text: `${label}: ${reason}` }) && close()),
            );
          }
        },
      },
      label,
    );
  }

  function rateSheet() {
    const bounds = doc().pad.rate_ml_per_h;
    const field = h("input", { type: "text", inputmode: "decimal", "aria-label": "New rate, mL/h", placeholder: "mL/h" });
    const wrong = h("p", { class: "said caution", role: "status" });
    openSheet(sheetPlace(), "Rate changed to", (close) =>
      h(
        "form",
        {
          class: "own-words",
          onsubmit: (e) => {
            e.preventDefault();
            const rate = Number(field.value.replace(",", "."));
            if (!field.value.trim() || !(rate >= bounds[0] && rate <= bounds[1])) wrong.textContent = `Rate ${field.value || "empty"} mL/h: expected ${bounds[0]} to ${bounds[1]} mL/h.`;
            else if (event("rate", { rate_ml_per_h: rate })) close();
          },
        },
        field,
        h("span", { class: "unit", text: `mL/h · now ${doc().course.rate_ml_per_h ?? "—"}` }),
        h("button", { class: "key", type: "submit" }, "Save rate"),
        wrong,
      ),
    );
  }

  function moreSheet() {
    const { course } = doc();
    const acts = [];
    if (["infusing", "paused"].includes(course.phase)) acts.push(h("button", { class: "key", type: "button", onclick: rateSheet }, "Rate changed …"));
    if (course.phase === "recovery")
      acts.push(
        h("button", { class: "key", type: "button", onclick: () =>
          openSheet(sheetPlace(), "Close: the patient leaves and the chair is free", (close) =>
            h("button", { class: "key primary", type: "button", onclick: once(() => event("close") && close()) }, "Yes, close this infusion")) }, "Close and free the chair …"),
      );
    if (course.phase === "planned")
      acts.push(
        h("button", { class: "key", type: "button", onclick: () =>
          openSheet(sheetPlace(), "Cancelled before the start, because:", (close) => choices(doc().pad.cancel_reasons, (reason) => event("cancel", { reason }) && close())) }, "Cancel …"),
      );
    acts.push(
      h("button", { class: "key", type: "button", onclick: () =>
        openSheet(sheetPlace(), "Moved to", (close) =>
          h("div", { class: "choices" }, ...doc().chairs.map((chair) =>
            h("button", { class: "key", type: "button", disabled: !chair.free, onclick: once(() => event("move", { chair: chair.id }) && close()) }, chair.free ? chair.label : `${chair.label} (taken)`)))) }, "Move to another chair …"),
    );
    openSheet(sheetPlace(), "More", h("div", { class: "choices" }, ...acts));
  }

  function effectSheet(name = null) {
    if (name === null) {
      openSheet(sheetPlace(), "Effect", () => choices(doc().pad.effects, (word) => effectSheet(word)), () => ownWords("Another effect", (word) => effectSheet(word)));
      return;
    }
    openSheet(sheetPlace(), name, (close) =>
      h("div", { class: "choices three" }, ...["mild", "moderate", "severe"].map((severity) => h("button", { class: "key", type: "button", onclick: once(() => event("effect", { name, severity }) && close()) }, severity))),
      (close) => h("button", { class: "key", type: "button", onclick: once(() => event("effect", { name }) && close()) }, "Save without severity"));
  }

  function medicineSheet() {
    const details = (medicine, close) => {
      const fields = Object.fromEntries(["name", "dose", "unit", "route"].map((part) => {
        const field = h("input", { type: "text", "aria-label": part, inputmode: part === "dose" ? "decimal" : "text" });
        field.value = medicine[part] ?? "";
        return [part, field];
      }));
      const wrong = h("p", { class: "said caution", role: "status" });
      close();
      openSheet(sheetPlace(), "Medicine given", (shut) =>
        h("form", { class: "fields", onsubmit: (e) => {
          e.preventDefault();
          const detail = Object.fromEntries(Object.entries(fields).map(([part, field]) => [part, field.value.trim()]));
          const lacking = Object.keys(detail).filter((part) => !detail[part]);
          if (lacking.length) wrong.textContent = `Medicine: ${lacking.join(", ")} not given; expected a name, dose, unit and route.`;
          else if (event("medicine", detail)) shut();
        } },
        ...Object.entries(fields).map(([part, field]) => h("label", {}, part, field)), h("button", { class: "key primary", type: "submit" }, "Save medicine"), wrong));
    };
    openSheet(sheetPlace(), "Medicine given (a record, not an order)", (close) =>
      h("div", { class: "choices" },
        ...doc().pad.medicines.map((medicine) => h("button", { class: "key", type: "button", onclick: () => details(medicine, close) }, `${medicine.name} …`)),
        h("button", { class: "key", type: "button", onclick: () => details({}, close) }, "Another …")));
  }

  const noteSheet = () => openSheet(sheetPlace(), "Note", (close) => ownWords("Note", (text) => event("note", { text }) && close()));

  function oxygenSheet() {
    const measure = doc().pad.measures.find((one) => one.key === doc().pad.oxygen);
    if (!measure) return;
    const save = (litres) => host.put({ ...host.entry("observation", uuid()), readings: [{ measure: measure.key, value: litres, confirmed_unusual: litres > measure.plausible[1], observed_not_asked: false }] });
    const field = h("input", { type: "text", inputmode: "decimal", "aria-label": "Oxygen, L/min", placeholder: "L/min" });
    const wrong = h("p", { class: "said caution", role: "status" });
    openSheet(sheetPlace(), "Oxygen given",
      (close) => h("div", { class: "choices three" }, h("button", { class: "key", type: "button", onclick: once(() => save(0) && close()) }, "Air"),
        ...[1, 2, 4, 6, 10].map((litres) => h("button", { class: "key", type: "button", onclick: once(() => save(litres) && close()) }, `${litres} L/min`))),
      (close) => h("form", { class: "own-words", onsubmit: (e) => {
        e.preventDefault();
        const litres = Number(field.value.replace(",", "."));
        if (!field.value.trim() || !(litres >= measure.possible[0] && litres <= measure.possible[1])) wrong.textContent = `Oxygen ${field.value || "empty"} L/min: expected ${measure.possible[0]} to ${measure.possible[1]} L/min.`;
        else if (save(litres)) close();
      } }, field, h("button", { class: "key", type: "submit" }, "Save"), wrong));
  }

  function seenSheet() {
    const set = (ms, text, close) => {
      seenAt = ms === null ? null : { ms, text };
      close();
      draw();
    };
    const field = h("input", { type: "time", "aria-label": "Seen at, clock time" });
    const wrong = h("p", { class: "said caution", role: "status" });
    openSheet(sheetPlace(), "Seen at (holds for the next entry only)",
      (close) => h("div", { class: "choices four" }, h("button", { class: "key", type: "button", onclick: () => set(null, "", close) }, "Now"),
        ...SEEN_AGO.map((minutes) => h("button", { class: "key", type: "button", onclick: () => set(clock.now() - minutes * 60000, `${minutes} min ago`, close) }, `${minutes} min ago`))),
      (close) => h("form", { class: "own-words", onsubmit: (e) => {
        e.preventDefault();
        const at = clockTime(field.value, doc().clinic.zone);
        if (at === null) wrong.textContent = "Clock time is empty: expected hours and minutes, such as 10:42.";
        else set(at, `at ${field.value}`, close);
      } }, field, h("button", { class: "key", type: "submit" }, "Use this time"), wrong));
  }

  function acknowledgeSheet(flag) {
    const save = (done, close) => {
      const body = { ...host.entry("acknowledgement", uuid(), true), acknowledgement: { flag: flag.key, measure: flag.measure, side: flag.side, level: flag.level, rule: flag.rule, seen: flag.seen, done } };
      if (host.put(body)) close();
    };
    openSheet(sheetPlace(), `Seen: ${flag.headline}. What was done?`, h("p", { class: "hint", text: flag.receipt }), (close) => choices(doc().pad.acknowledgements, (done) => save(done, close)), (close) => ownWords("In your words", (done) => save(done, close)));
  }

  function correctSheet(entry) {
    const withdraw = (close) => (reason) => host.put({ ...host.entry("withdrawal", uuid(), true), withdraws: entry.id, reason }) && close();
    const reasons = doc().pad.correction_reasons;
    if (!entry.values.length) {
      openSheet(sheetPlace(), `Withdraw “${entry.text}”, because:`, (close) => choices(reasons, withdraw(close)), (close) => ownWords("Another reason", withdraw(close)));
      return;
    }
    const byKey = Object.fromEntries(doc().pad.measures.map((measure) => [measure.key, measure]));
    const fields = entry.values.map((value) => {
      const field = h("input", { type: "text", inputmode: "decimal", "aria-label": `${byKey[value.measure].label}, corrected` });
      field.value = value.text;
      return { value, measure: byKey[value.measure], field };
    });
    const wrong = h("p", { class: "said caution", role: "status" });
    const typedValues = () => Object.fromEntries(fields.filter(({ field }) => field.value.trim()).map(({ measure, field }) => [measure.key, Number(field.value.replace(",", "."))]));
    const asked = new Set();
    const save = (reason, close) => {
      const readings = [];
      for (const { value, measure, field } of fields) {
        if (!field.value.trim()) continue;
        const number = Number(field.value.replace(",", "."));
        if (!(number >= measure.possible[0] && number <= measure.possible[1])) {
          wrong.textContent = `${measure.label} ${field.value}: expected ${measure.possible[0]} to ${measure.possible[1]} ${measure.unit}.`;
          field.focus();
          return;
        }
        const unusual = question(measure, number, typedValues(), byKey);
        if (unusual && !asked.has(unusual)) {
          asked.add(unusual);
          wrong.textContent = `${unusual} Choose the reason again to keep it.`;
          field.focus();
          return;
        }
        readings.push({ measure: measure.key, value: number, confirmed_unusual: Boolean(unusual), observed_not_asked: value.observed_not_asked });
      }
      if (!readings.length) {
        wrong.textContent = "Every value is empty: to take the whole entry back, use Withdraw.";
        return;
      }
      const body = { ...host.entry(entry.kind, uuid(), true), observed_at: entry.observed_at, readings, not_done: entry.not_done, corrects: entry.id, reason };
      if (host.put(body)) close();
    };
    openSheet(sheetPlace(), `Correct the entry of ${clock.wallClock(Date.parse(entry.observed_at), doc().clinic.zone)}`,
      h("div", { class: "fields" }, ...fields.map(({ measure, field }) => h("label", {}, `${measure.label}${measure.unit ? ` ${measure.unit}` : ""}`, field))), wrong,
      h("p", { class: "hint", text: "Both values stay in the record. Corrected, because:" }),
      (close) => choices(reasons, (reason) => save(reason, close)),
      (close) => ownWords("Another reason", (reason) => save(reason, close)),
      (close) => h("button", { class: "key quiet", type: "button", onclick: () => {
        close();
        openSheet(sheetPlace(), "Withdraw the whole entry, because:", (shut) => choices(reasons, withdraw(shut)), (shut) => ownWords("Another reason", withdraw(shut)));
      } }, "Withdraw"));
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

  // Other ways to read the same: as a table, pressure and pulse on one axis, and the whole time again after a zoom.
  function viewSheet() {
    openSheet(sheetPlace(), "View", (close) => h("div", { class: "choices" },
      h("button", { class: "key", type: "button", onclick: () => { close(); tableSheet(); } }, "Values as a table"),
      h("button", { class: "key", type: "button", "aria-pressed": String(plot.overlaid()), onclick: () => { plot.overlay(); close(); } }, plot.overlaid() ? "Pulse on its own axis again" : "Pulse over pressure"),
      h("button", { class: "key", type: "button", onclick: () => { plot.whole(); close(); } }, "Whole time")));
  }

  function tableSheet() {
    const { table } = doc();
    openSheet(left, "Values as a table", h("div", { class: "table-scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, ...["Minute", "Time", ...table.columns].map((word) => h("th", { scope: "col", text: word })))),
      h("tbody", {}, ...table.rows.map((row) => h("tr", {}, h("th", { scope: "row", text: row.minute }), h("td", { text: row.time }), ...row.cells.map((cell) => h("td", { class: cell.level ?? "" }, cell.level ? `${cell.text} ${MARK[cell.level]}` : cell.text))))))));
  }

  // ---- parts --------------------------------------------------------------------------------------------------
  function drawTop() {
    const d = doc();
    const who = me();
    redraw(place.top, [d.who, d.infusion, who?.name, lastMe?.name], () => [
      h("a", { class: "pill link", href: "/board", target: "_self", "aria-label": "Board" }, "‹ Board"),
      h("span", { class: "pill chair", text: d.who.chair }),
      h("h1", { class: "patient" }, h("b", { text: d.who.name }), h("span", { text: d.who.line })),
      h("span", { class: "pill plan", text: d.infusion.which }),
      h("span", { class: "pill plan" }, ...d.infusion.dose.split(" · ").map((part) => h("span", { text: part }))),
      connection(),
      themeKey(() => plot.redrawn()),
      h("button", { class: "pill switch", type: "button", "aria-label": who ? `${who.name}, switch` : "Sign in", onclick: switchSheet }, who ? `${who.name} · switch` : "Sign in"),
    ]);
  }

  function drawClock() {
    const d = doc();
    const { course } = d;
    const now = clock.now();
    const start = course.started_at && Date.parse(course.started_at);
    const made = Date.parse(d.now);
    let big = "—";
    let small = "before the start";
    if (start) {
      const running = course.phase === "infusing";
      const infusing = course.infusion_seconds * 1000 + (running ? now - made : 0);
      big = clock.minutesAndSeconds(infusing);
      const over = infusing - course.planned_seconds * 1000;
      small = over > 0 && running ? `of ${clock.minutesAndSeconds(course.planned_seconds * 1000)} · over by ${clock.minutesAndSeconds(over)}` : `of ${clock.minutesAndSeconds(course.planned_seconds * 1000)}`;
      if (course.ended_at) {
        const until = course.closed_at ? Date.parse(course.closed_at) : now;
        big = `+${clock.minutesAndSeconds(until - Date.parse(course.ended_at))}`;
        small = `after the end · infused ${clock.minutesAndSeconds(infusing)}`;
      }
    }
    const elapsed = start ? `elapsed ${clock.minutesAndSeconds((course.closed_at ? Date.parse(course.closed_at) : now) - start)}` : "";
    const next = d.next;
    let due = "";
    let dueClass = "";
    if (next) {
      const wait = Date.parse(next.at) - now;
      dueClass = next.state === "overdue" ? "caution" : wait <= 0 ? "due" : "";
      due = next.state === "overdue" ? `▲ overdue ${clock.minutesAndSeconds(-wait)}` : wait <= 0 ? `due since ${clock.minutesAndSeconds(-wait)}` : clock.minutesAndSeconds(wait);
    }
    redraw(place.clock, [course.phase, course.word, d.slots, course.read_only], () => [
      h("div", { class: "phase" }, h("b", { class: course.phase, text: course.word }), h("span", { class: "elapsed" })),
      h("b", { class: "big", role: "timer", "aria-label": "Infusion time" }),
      h("span", { class: "of" }),
      h("ol", { class: "slots", "aria-label": "Vital signs by slot" }, ...d.slots.map((slot) =>
        h("li", { class: `slot ${slot.state}${slot.not_done.length ? " hollow" : ""}${slot.milestone ? " milestone" : ""}`, title: slot.words, "aria-label": slot.words }, h("i"), h("span", { text: slot.minute })))),
      h("div", { class: "next-due" }, h("span", { text: next ? "next vitals in" : "" }), h("b")),
      h("div", { class: "pumps", role: "group", "aria-label": "Pump, for the record" }, ...pumpKeys(course)),
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

  function pumpKeys(course) {
    const p = doc().pad;
    if (course.read_only) return [];
    const more = h("button", { class: "key more", type: "button", "aria-label": "More", onclick: moreSheet }, "⋯");
    switch (course.phase) {
      case "planned":
        return [pumpKey("Pump started", "start"), more];
      case "infusing":
        return [pumpKey("Pump paused", "pause", p.pause_reasons), pumpKey("Pump stopped", "stop"), pumpKey("Infusion ended", "end"), more];
      case "paused":
        return [pumpKey("Pump resumed", "resume"), pumpKey("Pump stopped", "stop"), pumpKey("Infusion ended", "end"), more];
      default:
        return course.phase === "recovery" ? [more] : [];
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
          h("span", { class: "value-name", text: item.stale ? `${item.label} · stale` : item.label }),
          h("b", { text: item.text || "—" }),
          h("span", { class: "value-age" }, !item.at ? "none yet" : `${item.level ? `${MARK[item.level]} ` : ""}${item.age}`)))));
  }

  function drawFlags() {
    const d = doc();
    const open = d.flags.filter((flag) => flag.open);
    const now = clock.now();
    const waits = open.map((flag) => (flag.repeat_due_at ? Math.ceil((Date.parse(flag.repeat_due_at) - now) / 1000) : null));
    redraw(place.flags, [open, d.quiet, d.course.read_only], () => {
      const list = h("ul", { class: `flags n${Math.min(open.length, 3)}`, "aria-label": "Flags" }, ...open.map((flag) =>
        h("li", { class: `flag ${flag.level} ${flag.needs_acknowledgement ? "new" : "seen"}` },
          h("span", { class: "mark", "aria-label": flag.level, text: MARK[flag.level] }),
          h("div", { class: "flag-words" }, h("b", { text: flag.headline }), h("span", { text: flag.receipt })),
          !d.course.read_only && flag.offer_repeat && !flag.repeat_due_at ? h("button", { class: "key", type: "button", onclick: once(() => event("repeat", { measure: flag.measure, due_at: clock.iso(clock.now() + d.pad.repeat_minutes * 60000) })) }, `Repeat in ${d.pad.repeat_minutes} min`) : null,
          flag.repeat_due_at ? h("span", { class: "repeat-clock", "data-due": flag.repeat_due_at }) : null,
          flag.needs_acknowledgement ? h("button", { class: "key acknowledge", type: "button", "aria-label": "Acknowledge", "aria-description": flag.headline, onclick: () => acknowledgeSheet(flag) }, "Acknowledge …") : h("span", { class: "ack", text: flag.acknowledged }))));
      return [list, open.length ? null : h("p", { class: "quiet-line", text: d.quiet })];
    });
    place.flags.querySelectorAll(".repeat-clock").forEach((node) => {
      const wait = Date.parse(node.dataset.due) - clock.now();
      node.textContent = wait > 0 ? `repeat in ${clock.minutesAndSeconds(wait)}` : `repeat due since ${clock.minutesAndSeconds(-wait)}`;
    });
    void waits;
    const keys = new Set(open.map((flag) => `${flag.key} ${flag.level}`));
    if (announced) {
      for (const flag of open) {
        if (announced.has(`${flag.key} ${flag.level}`)) continue;
        (flag.level === "critical" ? assertive : polite).textContent = `${flag.level}: ${flag.headline}`;
      }
    }
    announced = keys;
  }

  function drawQuick() {
    const d = doc();
    redraw(place.quick, [d.pad.quick_effects, d.course.read_only, d.oxygen, seenAt?.text], () =>
      d.course.read_only ? [h("div", { class: "quick" }, h("button", { class: "key", type: "button", onclick: noteSheet }, "Note"), h("button", { class: "key", type: "button", onclick: viewSheet }, "View …"))] :
      h("div", { class: "quick", role: "group", "aria-label": "Record" },
        ...d.pad.quick_effects.slice(0, 1).map((name) => h("button", { class: "key", type: "button", onclick: () => effectSheet(name) }, name)),
        h("button", { class: "key", type: "button", onclick: () => effectSheet() }, "Effect …"),
        h("button", { class: "key", type: "button", onclick: medicineSheet }, "Medicine …"),
        h("button", { class: "key", type: "button", onclick: noteSheet }, "Note"),
        h("button", { class: "key", type: "button", onclick: oxygenSheet }, `Oxygen: ${d.oxygen}`),
        h("button", { class: `key ${seenAt ? "on" : ""}`, type: "button", "aria-label": "Seen at", onclick: seenSheet }, seenAt ? `Seen ${seenAt.text}` : "Seen at …"),
        h("button", { class: "key", type: "button", onclick: viewSheet }, "View …")));
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
      row(entry, () => h("li", { class: `entry ${entry.state}`, "data-entry": entry.id },
        h("span", { class: "when", text: entry.time }), h("span", { class: "minute", text: entry.minute }),
        h("div", { class: "what" }, ...entry.parts.map((part) => h(part.struck ? "s" : part.level ? "strong" : "span", { class: part.level ?? "" }, part.level ? `${part.text} ${MARK[part.level]}` : part.text)),
          entry.marks.length ? h("span", { class: "marks", text: entry.marks.join(" · ") }) : null),
        h("span", { class: "author", text: entry.author }),
        entry.can_correct ? h("button", { class: "key correct", type: "button", "aria-label": entry.values.length ? "Correct" : "Withdraw", "aria-description": entry.text, onclick: () => correctSheet(entry) }, entry.values.length ? "Correct" : "Withdraw") : h("span")));
    const wanted = new Set(rows.values());
    for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
    [...wanted].forEach((node, n) => list.children[n] === node || list.insertBefore(node, list.children[n] ?? null));
  }

  function drawTray() {
    const refused = outbox.refused();
    redraw(place.tray, refused.map((item) => item.key), () => !refused.length ? [] :
      h("section", { class: "tray", "aria-label": "Needs attention" }, h("h2", { text: `Needs attention: ${refused.length} not saved` }),
        ...refused.map((item) => h("div", { class: "tray-item" },
          h("div", {}, h("b", { text: `${item.body.observed_at ? clock.wallClock(Date.parse(item.body.observed_at), doc().clinic.zone) : ""} ${wordsOf(item.body, doc().pad)} · ${item.who ?? ""}` }), h("p", { text: item.refused.join(" ") })),
          h("button", { class: "key", type: "button", onclick: () => openSheet(sheetPlace(), "Remove this entry from the tablet? It was never saved.", (close) =>
            h("button", { class: "key", type: "button", onclick: once(() => { outbox.discard(item.key); close(); }) }, "Remove it")) }, "Remove …")))));
  }

  function drawPad() {
    const d = doc();
    const wanted = d.course.read_only ? "none" : d.pad.version;
    if (padPlace.dataset.pad !== wanted) {
      padPlace.dataset.pad = wanted;
      screen.classList.toggle("read-only", d.course.read_only);
      if (d.course.read_only) {
        pad = rates = null;
        padPlace.replaceChildren(h("div", { class: "sheet-place" }, h("p", { class: "closed-note", text: d.course.closed_words })));
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
    drawClock();
    drawValues();
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

// The latest moment not after now at which the clinic's clocks showed this time.
function clockTime(text, zone) {
  if (!/^\d\d:\d\d/.test(text)) return null;
  const now = clock.now();
  for (let back = 0; back < 24 * 60; back += 1) {
    const at = Math.floor(now / 60000) * 60000 - back * 60000;
    if (clock.wallClock(at, zone) === text.slice(0, 5)) return at;
  }
  return null;
}
