// The sheets of the bedside: each opens beside the chart, takes a few taps, and saves one entry.

import * as clock from "./clock.js";
import { h, once, openSheet, uuid } from "./element.js";
import { impossible, question } from "./pad.js";

const SEEN_AGO = [1, 2, 3, 5, 10, 15, 20, 30];
const LONGEST_REASON = 500;
const LONGEST_NOTE = 4000;
const HALF_A_DAY = 12 * 3600000;
export const REASON_ADDED = "reason added"; // the server shows such a correction as an addition

const numberOf = (text) => (text.trim() === "" ? NaN : Number(text.trim().replace(",", ".")));
const decimalsOf = (value) => (String(value).split(".")[1] ?? "").length;
const problem = () => h("p", { class: "said caution", role: "status" });
const choices = (words, act, kind = "") => h("div", { class: `choices ${kind}` }, ...words.map((word) => h("button", { class: "key", type: "button", onclick: once(() => act(word)) }, word)));

function ownWords(label, act, longest = LONGEST_REASON) {
  const field = h("textarea", { rows: 2, "aria-label": label, placeholder: label, maxlength: longest });
  const submit = once(() => act(field.value.trim()));
  return h(
    "form",
    {
      class: "own-words",
      onsubmit: (e) => {
        e.preventDefault();
        if (field.value.trim()) submit();
        else field.focus();
      },
    },
    field,
    h("button", { class: "key", type: "submit" }, "Save words"),
  );
}

// The latest moment not after now at which the clinic's clocks showed this time; null when it shows none or one to come.
function clockTime(text, zone) {
  if (!/^\d\d:\d\d/.test(text)) return { wrong: "Clock time is empty: expected hours and minutes, such as 10:42." };
  const now = clock.now();
  for (let back = 0; back < 24 * 60; back += 1) {
    const at = Math.floor(now / 60000) * 60000 - back * 60000;
    if (clock.wallClock(at, zone) !== text.slice(0, 5)) continue;
    if (now - at > HALF_A_DAY) return { wrong: `${text} is in the future: it is ${clock.wallClock(now, zone)} now.` };
    return { at };
  }
  return { wrong: `${text} was not shown by the clinic's clocks today: expected another time.` };
}

// host: the bedside's entry(), put(), event(), doc(), tell(), seen(), draw(); place(): where sheets open.
export function sheets(host, place, left, plot) {
  const { doc, event } = host;
  const words = () => doc().pad;
  const open = (title, ...content) => openSheet(place(), title, ...content);

  // A reason that follows an event takes its place, with the reason in it; both stay in the record.
  function addReason(entry, kind, reasons, title) {
    const save = (detail, close) => host.put({ ...host.entry("event", uuid(), true), observed_at: entry.observed_at, event: { kind, detail }, corrects: entry.id, reason: REASON_ADDED }) && close();
    open(title, (close) => choices(reasons, (reason) => save({ reason }, close)), (close) => ownWords("In your words", (text) => event("note", { text: `${title.split(":")[0]}: ${text}` }) && close()));
  }

  function rate() {
    const [low, high] = words().rate_ml_per_h;
    const field = h("input", { type: "text", inputmode: "decimal", "aria-label": "New rate, mL/h", placeholder: "mL/h" });
    const wrong = problem();
    open("Rate changed to", (close) =>
      h(
        "form",
        {
          class: "own-words",
          onsubmit: (e) => {
            e.preventDefault();
            const value = numberOf(field.value);
            if (!(value >= low && value <= high)) wrong.textContent = `Rate ${field.value || "empty"} mL/h: expected ${low} to ${high} mL/h.`;
            else if (event("rate", { rate_ml_per_h: value })) close();
          },
        },
        field,
        h("span", { class: "unit", text: `mL/h · now ${doc().course.rate_ml_per_h ?? "—"}` }),
        h("button", { class: "key", type: "submit" }, "Save rate"),
        wrong,
      ),
    );
  }

  function close() {
    const unseen = doc().flags.filter((flag) => flag.open && flag.needs_acknowledgement);
    open(
      "Close: the patient leaves and the chair is free",
      unseen.length ? h("p", { class: "said caution", text: `Not acknowledged yet: ${unseen.map((flag) => flag.headline).join("; ")}` }) : h("span"),
      (shut) => h("button", { class: "key primary", type: "button", onclick: once(() => event("close") && shut()) }, "Yes, close this infusion"),
    );
  }

  function more(phase) {
    const acts = [];
    const act = (label, onclick) => acts.push(h("button", { class: "key", type: "button", onclick }, label));
    if (["infusing", "paused"].includes(phase)) act("Rate changed …", rate);
    if (phase === "recovery") act("Close and free the chair …", close);
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
    open("More", h("div", { class: "choices" }, ...acts));
  }

  function effect(name = null) {
    if (name === null) {
      open("Effect", () => choices(words().effects, (word) => effect(word)), () => ownWords("Another effect", (word) => effect(word)));
      return;
    }
    open(
      name,
      (shut) => choices(words().severities, (severity) => event("effect", { name, severity }) && shut(), "three"),
      (shut) => h("button", { class: "key", type: "button", onclick: once(() => event("effect", { name }) && shut()) }, "Save without severity"),
    );
  }

  // Fields of a medicine, and what they say; a dose is a number, and none is ever filled in from elsewhere.
  function medicineFields(medicine) {
    const fields = Object.fromEntries(
      ["name", "dose", "unit", "route"].map((part) => {
        const field = h("input", { type: "text", "aria-label": part, inputmode: part === "dose" ? "decimal" : "text", maxlength: 100 });
        field.value = medicine[part] ?? "";
        return [part, field];
      }),
    );
    const read = () => {
      const detail = Object.fromEntries(Object.entries(fields).map(([part, field]) => [part, field.value.trim()]));
      const lacking = Object.keys(detail).filter((part) => !detail[part]);
      if (lacking.length) return { wrong: `Medicine: ${lacking.join(", ")} not given; expected a name, dose, unit and route.` };
      const dose = numberOf(detail.dose);
      if (!(dose > 0)) return { wrong: `Dose ${detail.dose}: expected a number above 0, such as 4 or 0.5.` };
      return { detail: { ...detail, dose: String(dose) } };
    };
    return { nodes: Object.entries(fields).map(([part, field]) => h("label", {}, part, field)), read };
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
              if (said.wrong) wrong.textContent = said.wrong;
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

  function oxygen() {
    const measure = words().measures.find((one) => one.key === words().oxygen);
    if (!measure) return;
    const save = (litres, asked) => host.put({ ...host.entry("observation", uuid()), readings: [{ measure: measure.key, value: litres, confirmed_unusual: asked, observed_not_asked: false }] });
    const field = h("input", { type: "text", inputmode: "decimal", "aria-label": `${measure.label}, ${measure.unit}`, placeholder: measure.unit });
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
              const litres = numberOf(field.value);
              const refused = readingProblem(measure, litres, field.value);
              if (refused) {
                wrong.textContent = refused;
                return;
              }
              const unusual = question(measure, litres, {}, {});
              if (unusual && asked !== unusual) {
                asked = unusual;
                wrong.textContent = `${unusual} Save again to keep it.`;
              } else if (save(litres, Boolean(unusual))) shut();
            },
          },
          field,
          h("span", { class: "unit", text: measure.unit }),
          h("button", { class: "key", type: "submit" }, "Save"),
          wrong,
        ),
    );
  }

  // One sentence for a value that the record cannot take, or "".
  function readingProblem(measure, value, text) {
    if (Number.isNaN(value)) return `${measure.label} ${text.trim() || "is empty"}: expected a number.`;
    if (measure.options.length && !measure.options.some((option) => option.value === value)) return `${measure.label} ${text}: expected one of ${measure.options.map((option) => option.value).join(", ")}.`;
    if (decimalsOf(value) > measure.decimals) return `${measure.label} ${text}: expected ${measure.decimals ? `${measure.decimals} decimal` : "a whole number"}.`;
    return impossible(measure, value);
  }

  function seen() {
    const zone = () => doc().clinic.zone;
    const opened = Date.parse(doc().course.opened_at);
    const wrong = problem();
    const set = (ms, shut) => {
      if (ms !== null && ms < opened) {
        wrong.textContent = `${clock.wallClock(ms, zone())} is before this infusion was opened at ${clock.wallClock(opened, zone())}.`;
        return;
      }
      host.seen(ms);
      shut();
    };
    const field = h("input", { type: "time", "aria-label": "Seen at, clock time" });
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
              const found = clockTime(field.value, zone());
              if (found.wrong) wrong.textContent = found.wrong;
              else set(found.at, shut);
            },
          },
          field,
          h("button", { class: "key", type: "submit" }, "Use this time"),
          wrong,
        ),
    );
  }

  function acknowledge(flag) {
    const save = (done, shut) => {
      const { key, measure, side, level, rule, seen: readings } = flag;
      if (host.put({ ...host.entry("acknowledgement", uuid(), true), acknowledgement: { flag: key, measure, side, level, rule, seen: readings, done } })) shut();
    };
    open(`Seen: ${flag.headline}. What was done?`, h("p", { class: "hint", text: flag.receipt }), (shut) => choices(words().acknowledgements, (done) => save(done, shut)), (shut) => ownWords("In your words", (done) => save(done, shut)));
  }

  // A correction takes the place of an entry: its values or words, and when it was true. Both stay in the record.
  function correct(entry) {
    const zone = doc().clinic.zone;
    const reasons = words().correction_reasons;
    const withdraw = () => {
      const save = (shut) => (reason) => host.put({ ...host.entry("withdrawal", uuid(), true), withdraws: entry.id, reason }) && shut();
      open(`Withdraw “${entry.text}”, because:`, (shut) => choices(reasons, save(shut)), (shut) => ownWords("Another reason", save(shut)));
    };
    const time = h("input", { type: "time", "aria-label": "Seen at, corrected" });
    time.value = clock.wallClock(Date.parse(entry.observed_at), zone);
    const timeWas = time.value;
    const wrong = problem();
    const editor = entry.event ? eventEditor(entry.event) : valuesEditor(entry);
    const save = (reason, shut) => {
      let observed = entry.observed_at;
      if (time.value !== timeWas) {
        const found = clockTime(time.value, zone);
        if (found.wrong) {
          wrong.textContent = found.wrong;
          return;
        }
        observed = clock.iso(found.at);
      }
      const said = editor.read();
      if (said.wrong) {
        wrong.textContent = said.wrong;
        return;
      }
      if (host.put({ ...host.entry(entry.kind, uuid(), true), observed_at: observed, ...said.body, corrects: entry.id, reason })) shut();
    };
    open(
      `Correct the entry of ${timeWas}`,
      h("div", { class: "fields" }, h("label", {}, "seen at", time), ...editor.nodes),
      wrong,
      h("p", { class: "hint", text: "Both stay in the record. Corrected, because:" }),
      (shut) => choices(reasons, (reason) => save(reason, shut)),
      (shut) => ownWords("Another reason", (reason) => save(reason, shut)),
      h("button", { class: "key quiet", type: "button", onclick: withdraw }, "Withdraw"),
    );
  }

  function valuesEditor(entry) {
    const byKey = Object.fromEntries(words().measures.map((measure) => [measure.key, measure]));
    const fields = entry.values.map((value) => {
      const field = h("input", { type: "text", inputmode: "decimal", "aria-label": `${byKey[value.measure].label}, corrected` });
      field.value = value.text;
      return { value, measure: byKey[value.measure], field };
    });
    const asked = new Set();
    const read = () => {
      const given = fields.filter(({ field }) => field.value.trim());
      const typed = Object.fromEntries(given.map(({ measure, field }) => [measure.key, numberOf(field.value)]));
      const readings = [];
      for (const { value, measure, field } of given) {
        const number = typed[measure.key];
        const refused = readingProblem(measure, number, field.value);
        if (refused) return { wrong: refused };
        const unusual = question(measure, number, typed, byKey);
        if (unusual && !asked.has(unusual)) {
          asked.add(unusual);
          return { wrong: `${unusual} Choose the reason again to keep it.` };
        }
        readings.push({ measure: measure.key, value: number, confirmed_unusual: Boolean(unusual), observed_not_asked: value.observed_not_asked });
      }
      if (!readings.length && !entry.not_done.length) return { wrong: "Every value is empty: to take the whole entry back, use Withdraw." };
      return { body: { readings, not_done: entry.not_done } };
    };
    return { nodes: fields.map(({ measure, field }) => h("label", {}, `${measure.label}${measure.unit ? ` ${measure.unit}` : ""}`, field)), read };
  }

  // What can be put right in an event besides its time: a rate, a note's words, a medicine, an effect, a reason.
  function eventEditor({ kind, detail }) {
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
      const { field, node } = text("rate, mL/h", String(detail.rate_ml_per_h));
      return { nodes: [node], read: () => {
        const value = numberOf(field.value);
        if (!(value >= low && value <= high)) return { wrong: `Rate ${field.value || "empty"} mL/h: expected ${low} to ${high} mL/h.` };
        return { body: { event: { kind, detail: { ...detail, rate_ml_per_h: value } } } };
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
        h("button", { class: "key", type: "button", onclick: () => { plot.whole(); shut(); } }, "Whole time"),
      ),
    );
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

  return { acknowledge, addReason, correct, effect, medicine, more, note, oxygen, seen, view, open };
}
