// The sheets of the bedside: each opens beside the chart, takes a few taps, and saves one entry.

import * as clock from "./clock.js";
import { impossible, question } from "./digits.js";
import { isolated } from "./directions.js";
import { h, once, openSheet, uuid } from "./element.js";
import { LONGEST_NOTE, LONGEST_NUMBER, LONGEST_REASON, choices, decimalsOf, numberRead, oneOf, ownWords, problem } from "./fields.js";
import { spanOf, timeFields } from "./moments.js";
import { numberText } from "./written_numbers.js";
import { wrongPatient } from "./wrong_patient.js";

const SEEN_AGO = [1, 2, 3, 5, 10, 15, 20, 30];
const SIGNED = ["time_out", "dose_check", "drug", "sign"]; // a correction would carry nobody's PIN
export const REASON_ADDED = "reason added"; // the server shows such a correction as an addition

// host: the bedside's entry(), put(), event(), doc(), tell(), seen(), draw(); place(): where sheets open.
export function sheets(host, place, left, plot) {
  const { doc, event } = host;
  const words = () => doc().pad;
  const open = (title, ...content) => openSheet(place(), title, ...content);

  const moveAway = wrongPatient(host);

  // Started with something missing: why, and who decided. It takes the place of the start, with the same minute.
  function startReason(start) {
    const title = "Started with something missing: why?";
    const missing = host.care()?.before?.missing ?? [];
    const decided = (reason, shut) => {
      const save = (name, close) => {
        const detail = { reason, decided_by: name };
        if (host.put({ ...host.entry("event", uuid(), true), observed_at: start.observed_at, event: { kind: "start", detail }, corrects: start.id, reason: REASON_ADDED })) close();
      };
      open(`“${reason}”: who decided?`, (close) => choices(host.staff().map((person) => person.name), (name) => save(name, close)), (close) => ownWords("Another person", (name) => save(name, close)));
    };
    open(title,
      h("p", { class: "said caution", text: missing.join(" · ") }),
      h("p", { class: "hint", text: "The minute of the start is kept already; the reason and the name follow." }),
      (shut) => choices(host.words().missing_reasons, (reason) => decided(reason, shut)),
      (shut) => ownWords("Another reason", (reason) => decided(reason, shut)));
  }

  // A reason that follows an event takes its place, with the reason in it; both stay in the record.
  function addReason(entry, kind, reasons, title) {
    const save = (detail, close) => host.put({ ...host.entry("event", uuid(), true), observed_at: entry.observed_at, event: { kind, detail }, corrects: entry.id, reason: REASON_ADDED }) && close();
    return open(title, (close) => choices(reasons, (reason) => save({ reason }, close)), (close) => ownWords("In your words", (text) => event("note", { text: `${title.split(":")[0]}: ${text}` }) && close()));
  }

  // One sentence for a rate that the record cannot take, or "".
  function rateProblem(typed, low, high) {
    const value = typed.number();
    if (typed.wrong() || (value >= low && value <= high)) return typed.wrong();
    return `Rate ${Number.isNaN(value) ? "is missing" : `${value} mL/h`}: expected ${low} to ${high} mL/h.`;
  }

  // Ended before the plan: whether that was early, and why. The minute is kept already.
  function endedEarly(entry, reasons, when) {
    const save = (reason, close) => host.put({ ...host.entry("event", uuid(), true), observed_at: entry.observed_at, event: { kind: "stop", detail: { reason } }, corrects: entry.id, reason: REASON_ADDED }) && close();
    return open(`Ended at ${when}: early, because:`, (close) => choices(reasons, (reason) => save(reason, close)), (close) => h("button", { class: "key quiet", type: "button", onclick: close }, "Not early"));
  }

  function rate() {
    const [low, high] = words().rate_ml_per_h;
    const field = h("input", { type: "text", inputmode: "decimal", "aria-label": "New rate, mL/h", placeholder: "mL/h", maxlength: LONGEST_NUMBER });
    const typed = numberRead(field, "Rate", "mL/h");
    const wrong = problem();
    let asked = null; // the rate that was asked about: typed again it is meant
    open("Rate changed to", (close) =>
      h(
        "form",
        {
          class: "own-words",
          onsubmit: (e) => {
            e.preventDefault();
            const value = typed.number();
            const slip = (doc().care?.dose?.rate_slips ?? []).find((one) => value >= one.from && value <= one.to);
            const refused = rateProblem(typed, low, high);
            if (refused) wrong.textContent = isolated(refused);
            else if (slip && asked !== value) {
              asked = value;
              wrong.textContent = isolated(`${slip.words.replace("{rate}", String(value))} Save again to keep it.`);
            } else if (event("rate", { rate_ml_per_h: value })) close();
          },
        },
        field,
        h("span", { class: "unit", text: `mL/h · now ${doc().course.rate_ml_per_h ?? "—"}` }),
        h("button", { class: "key", type: "submit" }, "Save rate"),
        typed.told,
        wrong,
      ),
    );
  }

  function more(phase) {
    const acts = [];
    const act = (label, onclick) => acts.push(h("button", { class: "key", type: "button", onclick }, label));
    if (["infusing", "paused"].includes(phase)) act("Rate changed …", rate);
    if (phase === "recovery") act("Close and free the chair …", () => host.leave());
    if (phase === "planned") act("Cancel …", () => open("Cancelled before the start, because:", (shut) => choices(words().cancel_reasons, (reason) => event("cancel", { reason }) && shut())));
    act("Move to another chair …", () =>
      open("Moved to", (shut) =>
        h(
          "div",
          { class: "choices" },
          ...doc().chairs.map((chair) => h("button", { class: "key", type: "button", disabled: !chair.free, onclick: once(() => event("move", { chair: chair.id }) && shut()) }, chair.free ? chair.label : `${chair.label} (taken)`)),
        ),
      ),
    );
    const link = (label, address, more = {}) => acts.push(h("a", { class: "key", href: address, ...more }, label));
    const id = encodeURIComponent(host.infusion);
    link("Handover …", `/handover?infusion=${id}`, { target: "_self" });
    if (host.care()) for (const [paper, label] of [["a4", "A4"], ["letter", "Letter"]]) link(`Downtime sheet, ${label}`, `/api/infusions/${id}/downtime.pdf?paper=${paper}`, { target: "_blank", rel: "noopener" });
    open("More", h("div", { class: "choices" }, ...acts));
  }

  function effect(name = null) {
    if (name === null) {
      open("Effect", () => choices(words().effects, (word) => effect(word)), () => ownWords("Another effect", (word) => effect(word)));
      return;
    }
    const actions = host.words().effect_actions;
    let action = "";
    const save = (detail, shut) => event("effect", { name, ...detail, ...(action ? { action } : {}) }) && shut();
    const keys = oneOf("Action taken", actions.map((one) => ({ value: one, text: one })), (value) => {
      action = action === value ? "" : value;
      keys.show(action);
    });
    open(
      name,
      (shut) => choices(words().severities, (severity) => save({ severity }, shut), "three"),
      (shut) => h("button", { class: "key", type: "button", onclick: once(() => save({}, shut)) }, "Save without severity"),
      actions.length ? [h("p", { class: "hint", text: "Action taken, if any: tap it before the severity." }), keys.node] : [],
    );
  }

  // Fields of a medicine, and what they say; a dose is a number, and none is ever filled in from elsewhere.
  function medicineFields(medicine) {
    const field = (part, list = []) => {
      const input = h("input", { type: "text", autocomplete: "off", "aria-label": part, inputmode: part === "dose" ? "decimal" : "text", maxlength: LONGEST_NUMBER, ...(list.length ? { list: `list-${part.replaceAll(" ", "-")}` } : {}) });
      input.value = medicine[part.replaceAll(" ", "_")] ?? "";
      const offered = list.length ? h("datalist", { id: `list-${part.replaceAll(" ", "-")}` }, ...list.map((value) => h("option", { value }))) : null;
      return { part: part.replaceAll(" ", "_"), input, node: h("label", {}, part, input, offered) };
    };
    const names = host.staff().map((person) => person.name);
    const needed = ["name", "dose", "unit", "route"].map((part) => field(part));
    const [, inDose, inUnit] = needed;
    const typed = numberRead(inDose.input, "Dose", () => inUnit.input.value.trim(), 6);
    inDose.node.append(typed.told);
    const more = host.care() ? [field("ordered by", names), field("given by", names), field("why", host.words().medicine_reasons)] : [];
    const read = () => {
      const detail = Object.fromEntries(needed.map(({ part, input }) => [part, input.value.trim()]));
      const lacking = Object.keys(detail).filter((part) => !detail[part]);
      if (lacking.length) return { wrong: `Medicine: ${lacking.join(", ")} not given; expected a name, dose, unit and route.` };
      const dose = typed.number();
      if (typed.wrong()) return { wrong: typed.wrong() };
      if (!(dose > 0)) return { wrong: `Dose ${detail.dose}: expected a number above 0, such as 4 or 0.5.` };
      const given = more.map(({ part, input }) => [part, input.value.trim()]).filter(([, text]) => text);
      return { detail: { ...detail, dose: numberText(dose), ...Object.fromEntries(given) } };
    };
    return { nodes: [...needed, ...more].map(({ node }) => node), read };
  }

  function medicine() {
    const details = (one) => {
      const { nodes, read } = medicineFields(one);
      const wrong = problem();
      open("Medicine given", (shut) => {
        const save = once((detail) => event("medicine", detail) && shut());
        return h(
          "form",
          {
            class: "fields",
            onsubmit: (e) => {
              e.preventDefault();
              const said = read();
              if (said.wrong) wrong.textContent = isolated(said.wrong);
              else save(said.detail);
            },
          },
          ...nodes,
          h("button", { class: "key primary", type: "submit" }, "Save medicine"),
          wrong,
        );
      });
    };
    open("Medicine given (a record, not an order)", () =>
      h(
        "div",
        { class: "choices" },
        ...words().medicines.map((one) => h("button", { class: "key", type: "button", onclick: () => details(one) }, `${one.name} ${one.route} …`)),
        h("button", { class: "key", type: "button", onclick: () => details({}) }, "Another …"),
      ),
    );
  }

  const note = () => open("Note", (shut) => ownWords("Note", (text) => event("note", { text }) && shut(), LONGEST_NOTE));

  // In an emergency the first tap records that oxygen is given, and when; how much may follow, as of the same moment.
  function oxygenGiven() {
    const entry = host.entry("event", uuid());
    const measure = words().measures.find((one) => one.key === words().oxygen);
    if (host.put({ ...entry, event: { kind: "note", detail: { text: measure?.label ?? "Oxygen given" } } })) oxygen(entry.observed_at);
  }

  function oxygen(since = null) {
    const measure = words().measures.find((one) => one.key === words().oxygen);
    if (!measure) return;
    const save = (litres, asked) => host.put({ ...host.entry("observation", uuid(), since !== null), ...(since === null ? {} : { observed_at: since }), readings: [{ measure: measure.key, value: litres, confirmed_unusual: asked, observed_not_asked: false }] });
    const field = h("input", { type: "text", inputmode: "decimal", "aria-label": `${measure.label}, ${measure.unit}`, placeholder: measure.unit, maxlength: LONGEST_NUMBER });
    const typed = numberRead(field, measure.label, measure.unit, measure.decimals);
    const wrong = problem();
    let asked = "";
    open(
      measure.label,
      (shut) => h("div", { class: "choices four" }, h("button", { class: "key", type: "button", onclick: once(() => save(0, false) && shut()) }, "Air")),
      (shut) =>
        h(
          "form",
          {
            class: "own-words",
            onsubmit: (e) => {
              e.preventDefault();
              const litres = typed.number();
              const refused = typed.wrong() || readingProblem(measure, litres);
              if (refused) {
                wrong.textContent = isolated(refused);
                return;
              }
              const unusual = question(measure, litres, {}, {});
              if (unusual && asked !== unusual) {
                asked = unusual;
                wrong.textContent = isolated(`${unusual} Save again to keep it.`);
              } else if (save(litres, Boolean(unusual))) shut();
            },
          },
          field,
          h("span", { class: "unit", text: measure.unit }),
          h("button", { class: "key", type: "submit" }, "Save"),
          typed.told,
          wrong,
        ),
    );
  }

  // One sentence for a value that the record cannot take, or "".
  function readingProblem(measure, value) {
    if (Number.isNaN(value)) return `${measure.label} is empty: expected a number.`;
    if (measure.options.length && !measure.options.some((option) => option.value === value)) return `${measure.label} ${value}: expected one of ${measure.options.map((option) => option.value).join(", ")}.`;
    if (decimalsOf(value) > measure.decimals) return `${measure.label} ${value}: expected ${measure.decimals ? `${measure.decimals} decimal` : "a whole number"}.`;
    return impossible(measure, value);
  }

  // An earlier moment for the next entry. What was seen before the infusion was opened takes a reason.
  function seen() {
    const zone = () => doc().clinic.zone;
    const wrong = problem();
    const early = (ms) => {
      const keep = (reason, shut) => { host.seen(ms, reason); shut(); };
      open(`Seen ${clock.told(ms, zone())}, before this infusion was opened, because:`,
        (shut) => choices(words().seen_before_opening_reasons, (reason) => keep(reason, shut)),
        (shut) => ownWords("Another reason", (reason) => keep(reason, shut)));
    };
    const set = (ms, shut) => {
      const { from, opened } = spanOf(doc());
      if (ms !== null && ms < Math.floor(from / 60000) * 60000) {
        wrong.textContent = isolated(`${clock.told(ms, zone())} does not lie within this infusion: expected ${clock.told(from, zone())} or later.`);
      } else if (ms !== null && ms < opened) {
        shut();
        early(ms);
      } else {
        host.seen(ms);
        shut();
      }
    };
    const fields = timeFields({ time: "Seen at, clock time", day: "Seen at, day" }, () => spanOf(doc()), clock.now);
    fields.show();
    open(
      "Seen at (holds for the next entry only)",
      (shut) => h("div", { class: "choices four" }, h("button", { class: "key", type: "button", onclick: () => set(null, shut) }, "Now"), ...SEEN_AGO.map((minutes) => h("button", { class: "key", type: "button", onclick: () => set(clock.now() - minutes * 60000, shut) }, `${minutes} min ago`))),
      (shut) =>
        h(
          "form",
          {
            class: "own-words",
            onsubmit: (e) => {
              e.preventDefault();
              const found = fields.read();
              if (found.wrong) wrong.textContent = isolated(found.wrong);
              else set(found.at, shut);
            },
          },
          fields.time,
          fields.day,
          h("button", { class: "key", type: "submit" }, "Use this time"),
          fields.which,
          wrong,
        ),
      (shut) => h("button", { class: "key", type: "button", onclick: () => { shut(); host.fromPaper(); } }, "From paper …"),
    );
  }

  // Answers the sheet.
  function acknowledge(flag) {
    const save = (done, shut) => {
      const { key, measure, side, level, rule, seen: readings } = flag;
      if (host.put({ ...host.entry("acknowledgement", uuid(), true), acknowledgement: { flag: key, measure, side, level, rule, seen: readings, done } })) shut();
    };
    return open(`Seen: ${flag.headline}. What was done?`, h("p", { class: "hint", text: flag.receipt }), (shut) => choices(words().acknowledgements, (done) => save(done, shut)), (shut) => ownWords("In your words", (done) => save(done, shut))).sheet;
  }

  // What was seen before the start and saved after it becomes what changes are measured against; the start stays as it is.
  function makeBaseline(entry) {
    const later = doc().course.read_only ? { amendment: "addendum" } : {};
    const save = (reason, shut) => host.put({ ...host.entry("event", uuid(), true), event: { kind: "baseline", detail: { of: entry.id, reason } }, ...later }) && shut();
    open(`Baseline is “${entry.text}”, because:`,
      h("p", { class: "hint", text: `Seen ${clock.told(Date.parse(entry.observed_at), doc().clinic.zone)}, before the start. Changes since the start are then measured against it; your name and the reason stay in the record.` }),
      (shut) => choices(words().baseline_reasons, (reason) => save(reason, shut)),
      (shut) => ownWords("Another reason", (reason) => save(reason, shut)));
  }

  // A correction takes the place of an entry: its values or words, and when it was true. Both stay in the record.
  function correct(entry) {
    const zone = doc().clinic.zone;
    const reasons = words().correction_reasons;
    const withdraw = () => {
      const save = (shut) => (reason) => host.put({ ...host.entry("withdrawal", uuid(), true), withdraws: entry.id, reason }) && shut();
      open(`Withdraw “${entry.text}”, because:`, (shut) => choices(reasons, save(shut)), (shut) => ownWords("Another reason", save(shut)));
    };
    const baseline = entry.can_be_baseline ? h("button", { class: "key quiet", type: "button", onclick: () => makeBaseline(entry) }, "Make it the baseline …") : null;
    const others = h("div", { class: "choices" }, baseline, h("button", { class: "key quiet", type: "button", onclick: withdraw }, "Withdraw"), h("button", { class: "key quiet", type: "button", onclick: () => moveAway(entry) }, "Wrong patient …"));
    if (SIGNED.includes(entry.event?.kind)) {
      open(`Correct “${entry.text}”`, h("p", { class: "said", text: "A signed entry is not corrected: withdraw it and record it anew, or add a note." }), others);
      return;
    }
    const was = Date.parse(entry.observed_at);
    const time = timeFields({ time: "Seen at, corrected", day: "Day seen, corrected" }, () => spanOf(doc()), () => was);
    time.show(was);
    const before = [time.time.value, time.day.value];
    const wrong = problem();
    const editor = entry.event ? eventEditor(entry.event) : valuesEditor(entry);
    const fields = [time.time, time.day, ...editor.nodes.map((node) => node.querySelector("input"))];
    const were = fields.map((field) => field.value);
    const save = (reason, shut) => {
      if (fields.every((field, n) => field.value === were[n])) {
        wrong.textContent = "Nothing is changed here: change it first, or use Withdraw or Wrong patient.";
        return;
      }
      let observed = entry.observed_at;
      if (time.time.value !== before[0] || time.day.value !== before[1]) {
        const found = time.read();
        if (found.wrong) {
          wrong.textContent = isolated(found.wrong);
          return;
        }
        observed = clock.iso(found.at);
      }
      const said = editor.read();
      if (said.wrong) {
        wrong.textContent = isolated(said.wrong);
        return;
      }
      if (host.put({ ...host.entry(entry.kind, uuid(), true), observed_at: observed, ...said.body, corrects: entry.id, reason })) shut();
    };
    open(
      `Correct the entry of ${clock.told(was, zone)}`,
      h("div", { class: "fields" }, h("label", {}, "seen at", time.time), h("label", {}, "on", time.day), time.which, ...editor.nodes),
      wrong,
      h("p", { class: "hint", text: "Both stay in the record. Corrected, because:" }),
      (shut) => choices(reasons, (reason) => save(reason, shut)),
      (shut) => ownWords("Another reason", (reason) => save(reason, shut)),
      others,
    );
  }

  function valuesEditor(entry) {
    const byKey = Object.fromEntries(words().measures.map((measure) => [measure.key, measure]));
    const fields = entry.values.map((value) => {
      const field = h("input", { type: "text", inputmode: "decimal", "aria-label": `${byKey[value.measure].label}, corrected`, maxlength: LONGEST_NUMBER });
      const measure = byKey[value.measure];
      field.value = numberText(Number(value.text));
      return { value, measure, field, typed: numberRead(field, measure.label, measure.unit, measure.decimals) };
    });
    const asked = new Set();
    const read = () => {
      const given = fields.filter(({ field }) => field.value.trim());
      const numbers = Object.fromEntries(given.map((one) => [one.measure.key, one.typed.number()]));
      const readings = [];
      for (const { value, measure, typed } of given) {
        const number = numbers[measure.key];
        const refused = typed.wrong() || readingProblem(measure, number);
        if (refused) return { wrong: refused };
        const unusual = question(measure, number, numbers, byKey);
        if (unusual && !asked.has(unusual)) {
          asked.add(unusual);
          return { wrong: `${unusual} Choose the reason again to keep it.` };
        }
        readings.push({ measure: measure.key, value: number, confirmed_unusual: Boolean(unusual), observed_not_asked: value.observed_not_asked });
      }
      if (!readings.length && !entry.not_done.length) return { wrong: "Every value is empty: to take the whole entry back, use Withdraw." };
      return { body: { readings, not_done: entry.not_done } };
    };
    return { nodes: fields.map(({ measure, field, typed }) => h("label", {}, `${measure.label}${measure.unit ? ` ${measure.unit}` : ""}`, field, typed.told)), read };
  }

  // What can be put right in an event besides its time: a rate, a note's words, a medicine, an effect, a reason.
  function eventEditor({ kind, detail: { baseline, signatures, ...detail } }) {
    const text = (label, value, longest = LONGEST_REASON) => {
      const field = h("input", { type: "text", "aria-label": label, maxlength: longest });
      field.value = value ?? "";
      return { field, node: h("label", {}, label, field) };
    };
    if (kind === "medicine") {
      const { nodes, read } = medicineFields(detail);
      return { nodes, read: () => { const said = read(); return said.wrong ? said : { body: { event: { kind, detail: said.detail } } }; } };
    }
    if (kind === "rate") {
      const [low, high] = words().rate_ml_per_h;
      const { field, node } = text("rate, mL/h", numberText(detail.rate_ml_per_h));
      const typed = numberRead(field, "Rate", "mL/h");
      node.append(typed.told);
      return { nodes: [node], read: () => {
        const wrong = rateProblem(typed, low, high);
        return wrong ? { wrong } : { body: { event: { kind, detail: { ...detail, rate_ml_per_h: typed.number() } } } };
      } };
    }
    const part = { note: "text", effect: "name" }[kind];
    if (part) {
      const { field, node } = text(part === "text" ? "note" : "effect", detail[part], part === "text" ? LONGEST_NOTE : LONGEST_REASON);
      return { nodes: [node], read: () => (field.value.trim() ? { body: { event: { kind, detail: { ...detail, [part]: field.value.trim() } } } } : { wrong: "The words are empty: to take the entry back, use Withdraw." }) };
    }
    return { nodes: [], read: () => ({ body: { event: { kind, detail } } }) };
  }

  // Other ways to read the same: as a table, pressure and pulse on one axis, and the whole time again after a zoom.
  function view() {
    open("View", (shut) =>
      h(
        "div",
        { class: "choices" },
        h("button", { class: "key", type: "button", onclick: () => { shut(); table(); } }, "Values as a table"),
        h("button", { class: "key", type: "button", "aria-pressed": String(plot.overlaid()), onclick: () => { plot.overlay(); shut(); } }, plot.overlaid() ? "Pulse on its own axis again" : "Pulse over pressure"),
        h("button", { class: "key", type: "button", "aria-pressed": String(plot.behind() !== null), onclick: () => { shut(); earlier(); } }, plot.behind() ? "Without earlier infusions" : "Earlier infusions, faint"),
        h("button", { class: "key", type: "button", onclick: () => { plot.whole(); shut(); } }, "Whole time"),
      ),
    );
  }

  // The patient's own earlier infusions, fetched when they are wanted: the live document is small.
  async function earlier() {
    if (plot.behind()) return plot.layBehind(null);
    try {
      const answer = await fetch(`/api/infusions/${encodeURIComponent(host.infusion)}/earlier`, { credentials: "same-origin" });
      const found = await answer.json();
      if (!answer.ok) return host.say(found.sentences?.join(" ") ?? "Earlier infusions could not be fetched.", "caution");
      if (!found.labels.length) return host.say("No earlier infusion of this patient was started here.");
      if (!doc().figure?.origin) host.say("Earlier infusions lie behind the chart once the pump is started.");
      return plot.layBehind(found);
    } catch {
      return host.say("Not connected: earlier infusions could not be fetched.", "caution");
    }
  }

  function table() {
    const { columns, rows } = doc().table;
    const cellOf = (cell) => h("td", { class: cell.level ?? "" }, cell.level ? `${cell.text} ${host.mark(cell.level)}` : cell.text);
    openSheet(
      left,
      "Values as a table",
      h("div", { class: "table-scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...["Minute", "Time", ...columns].map((word) => h("th", { scope: "col", text: word })))), h("tbody", {}, ...rows.map((row) => h("tr", {}, h("th", { scope: "row", text: row.minute }), h("td", { text: row.time }), ...row.cells.map(cellOf)))))),
    );
  }

  return { acknowledge, addReason, endedEarly, correct, effect, medicine, more, note, oxygen, oxygenGiven, seen, startReason, view, open };
}
