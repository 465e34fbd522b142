// Before the start: what is missing, the checklist, the order with today's weight, the dose and its second calculation, and
// the time-out. Nothing here is a lock: the pump's key stays in its place.

import * as clock from "./clock.js";
import { answerRow } from "./answers.js";
import { attest } from "./attest.js";
import { h, keyed, once, put, redraw } from "./element.js";
import { numberField, field, oneOf, problem } from "./fields.js";
import { numberText } from "./written_numbers.js";

const SECOND = "second calculation"; // what a signature means, as the server knows it
const TIME_OUT = "time-out";
const WEIGHT_WORDS = { actual: "actual weight", ideal: "ideal weight", adjusted: "adjusted weight" };

// What is asked about an order that differs from what holds by more than the site's per cent, as the server asks it.
function orderQuestions(order, since, { plan, asked_beyond_percent: percent }) {
  const parts = [["weight_kg", plan.weight_kg, "Weight", "kg", "Is this the weight today?"], ["dose_mg_per_kg", plan.mg_per_kg, "Dose", "mg/kg", "Is this what was ordered?"]];
  const apart = ([part, held]) => Math.abs(order[part] - held) * 100 > held * percent * (1 + 1e-9);
  return parts.filter(apart).map(([part, held, label, unit, question]) => `${label} ${numberText(order[part])} ${unit}: this infusion was ${since} with ${numberText(held)} ${unit}. ${question}`);
}
const rateText = (value) => String(Math.round(value * 1000) / 1000);

export function section(title, ...content) {
  return h("section", { class: "part", "aria-label": title }, h("h2", { text: title }), ...content);
}

// A list of questions under their headings; rows are kept, whatever else changes.
export function groupedRows(make) {
  const node = h("div", { class: "groups" });
  const each = keyed(node);
  return {
    node,
    draw: (groups, rowsOf, keyOf = (row) => row.key) =>
      each(groups, (group) => group.title, (group) => {
        const list = h("ul", { class: "answers", "aria-label": group.title });
        const rows = keyed(list);
        return { node: h("div", { class: "group" }, h("h3", { text: group.title }), list), draw: (now) => rows(rowsOf(now), keyOf, make) };
      }),
  };
}

// Brings one missing line after another into view.
export function nextMissing(node) {
  let seen = null;
  return h("button", { class: "key", type: "button", onclick: () => {
    const found = [...node.querySelectorAll(".answer.missing, .answer.look, .part.lacks")].filter((one) => one.offsetParent !== null);
    if (!found.length) return;
    seen = found[(found.indexOf(seen) + 1) % found.length];
    seen.scrollIntoView({ block: "center" });
    seen.querySelector("button, input")?.focus({ preventScroll: true });
  } }, "Next missing");
}

// host: the bedside's doc(), record(), mayRecord(), staff(), me(), infusion; place(): where PINs are asked.
export function beforeTab(host, place, askStartReason) {
  const before = () => host.care()?.before ?? null;
  const missing = h("div", { class: "missing-line" });
  const checklist = groupedRows((item) => answerRow(host, item));
  const order = orderForm();
  const dose = doseForm();
  const second = secondForm();
  const timeOut = h("div");
  const vitals = h("div");
  const parts = {
    vitals: section("Vital signs against the site's ranges before the start", vitals),
    checklist: section("Checklist", checklist.node),
    order: section("Weight and order", order.node),
    dose: section("Dose calculation", dose.node),
    second: section("Second calculation", second.node),
    timeOut: section("Time-out", timeOut),
  };
  const seen = (part, words) => {
    part.scrollIntoView({ block: "center" });
    host.say(words, "caution");
  };
  const empty = h("p", { class: "hint", text: "This infusion's protocol has no list for the time before the start." });
  const node = h("div", { class: "step" }, missing, ...Object.values(parts), empty);

  // ---- weight and order ----------------------------------------------------------------------------------------------
  function orderForm() {
    const held = h("div");
    const fields = {
      weight: numberField("Weight today", "kg", 1),
      on: field("Weighed on", "", { type: "date" }),
      dose: numberField("Dose", "mg/kg"),
      minutes: numberField("Duration", "min"),
      other: field("Another prescriber"),
    };
    let prescriber = "";
    let filled = false;
    const wrong = problem();
    const agreed = new Set(); // what was asked about and saved again: it is meant
    const who = h("div");
    let keys = null;
    const choose = (name) => {
      prescriber = name;
      fields.other.input.value = "";
      keys?.show(name);
    };
    fields.other.input.addEventListener("input", () => {
      prescriber = "";
      keys?.show("");
    });
    const save = once(() => {
      const b = before();
      const detail = {
        prescriber: fields.other.text() || prescriber,
        dose_mg_per_kg: fields.dose.number(),
        planned_minutes: fields.minutes.number(),
        weight_kg: fields.weight.number(),
        weight_on: fields.on.text(),
      };
      const lacks = [
        Number.isNaN(detail.weight_kg) && "weight today in kg",
        !detail.weight_on && "the day it was weighed",
        Number.isNaN(detail.dose_mg_per_kg) && "dose in mg/kg",
        Number.isNaN(detail.planned_minutes) && "duration in minutes",
        !detail.prescriber && "prescriber",
      ].filter(Boolean);
      const unread = [fields.weight, fields.dose, fields.minutes].map((one) => one.wrong()).filter(Boolean);
      put(wrong, unread.length ? unread.join(" ") : lacks.length ? `Order: ${lacks.join(", ")} not given.` : "");
      if (lacks.length) return;
      const asked = orderQuestions(detail, b.order ? "ordered before" : "opened", host.care().dose);
      const open = asked.filter((question) => !agreed.has(question));
      if (open.length) {
        for (const question of open) agreed.add(question);
        put(wrong, `${open.join(" ")} Save again to keep it.`);
      } else if (host.record("order", asked.length ? { ...detail, confirmed_unusual: true } : detail)) host.say("Order saved.");
    });
    const form = h(
      "form",
      { class: "fields", "aria-label": "Weight and order", onsubmit: (e) => { e.preventDefault(); save(); } },
      fields.weight.node, fields.on.node, fields.dose.node, fields.minutes.node, who, fields.other.node,
      h("button", { class: "key primary", type: "submit" }, "Save order"), wrong,
    );
    return {
      node: h("div", {}, held, form),
      draw() {
        const b = before();
        const plan = host.care().dose?.plan ?? {};
        if (!filled) {
          // As the infusion was opened: typed by a person, and confirmed by saving the order.
          filled = true;
          fields.weight.input.value = numberText(b.order?.weight_kg ?? plan.weight_kg ?? b.weight?.weight_kg);
          fields.on.input.value = b.order?.weight_on ?? b.weight?.weight_on ?? clock.day(clock.now(), host.doc().clinic.zone);
          fields.dose.input.value = numberText(b.order?.dose_mg_per_kg ?? plan.mg_per_kg);
          fields.minutes.input.value = numberText(b.order?.planned_minutes ?? plan.minutes);
        }
        redraw(who, host.staff(), () => {
          const clinicians = host.staff().filter((person) => person.role === "clinician");
          keys = oneOf("Prescriber", clinicians.map(({ name }) => ({ value: name, text: name })), choose);
          keys.show(prescriber);
          return [h("span", { class: "hint", text: "Prescriber" }), keys.node];
        });
        redraw(held, [b.order, b.weight], () => (b.order ? h("p", { class: "held" }, h("b", { text: b.order.text }), h("span", { text: [b.order.by, b.order.time].filter(Boolean).join(" · ") })) : h("p", { class: "hint", text: "No order recorded yet." })));
      },
    };
  }

  // ---- dose ----------------------------------------------------------------------------------------------------------
  function doseForm() {
    const held = h("div");
    const shown = h("div");
    const wrong = problem();
    const chosen = { weight_basis: null, stock_mg_per_ml: null, bag_volume_ml: null };
    const height = numberField("Height", "cm");
    const places = h("div", { class: "fields" });
    let anew = null; // the entry of the calculation in whose place another is worked out
    const again = h("div");
    const working = h("div", {}, places, shown, wrong);
    let keys = {};
    let asked = 0;
    let found = null;

    const choose = (part) => (value) => {
      chosen[part] = value;
      keys[part].show(value);
      height.node.hidden = chosen.weight_basis === "actual" || chosen.weight_basis === null;
      work();
    };
    height.input.addEventListener("input", work);

    async function work() {
      found = null;
      show();
      const lacks = Object.values(chosen).some((value) => value === null) || (!height.node.hidden && Number.isNaN(height.number()));
      if (lacks) return;
      const query = new URLSearchParams(Object.entries(chosen).map(([part, value]) => [part, String(value)]));
      if (!height.node.hidden) query.set("height_cm", String(height.number()));
      asked += 1;
      const mine = asked;
      let said;
      try {
        said = await (await fetch(`/api/infusions/${encodeURIComponent(host.infusion)}/dose?${query}`, { credentials: "same-origin" })).json();
      } catch {
        said = { problems: ["Not connected: the steps of the calculation cannot be shown now. What was chosen is kept."] };
      }
      if (mine !== asked) return; // something else has been chosen since
      found = said;
      show();
    }

    function show() {
      put(wrong, [...(found?.problems ?? []), ...(found?.sentences ?? [])].join(" "));
      redraw(shown, found?.steps ?? null, () =>
        found?.steps?.length
          ? [
              stepsTable(found.steps),
              found.detail && !found.problems?.length
                ? h("button", { class: "key primary", type: "button", onclick: once(save) }, "Save this calculation")
                : null,
            ]
          : h("p", { class: "hint", text: "Choose weight, stock and bag: the steps are shown with their units before anything is saved." }),
      );
    }

    function save() {
      if (!host.record("dose", found.detail)) return;
      found = null;
      asked += 1;
      show();
      host.say("Calculation saved.");
    }

    return {
      node: h("div", {}, held, again, working),
      draw() {
        const b = before();
        // One calculation is enough; and whoever works it out a second time must not come upon the first one's result here.
        const closed = Boolean(b.dose) && anew !== b.dose.entry;
        working.hidden = closed;
        redraw(again, [closed, b.dose?.entry], () => (closed ? h("button", { class: "key", type: "button", onclick: () => { anew = before().dose.entry; host.redraw(); } }, "Calculate anew …") : null));
        redraw(places, [b.bases, b.stocks, b.bags, b.basis], () => {
          const valuesOf = (list) => (list ?? []).map((one) => (typeof one === "object" ? (one.value ?? one.key) : one));
          const make = (part, label, values, textOf, given) => {
            keys[part] = oneOf(label, values.map((value) => ({ value, text: textOf(value) })), choose(part));
            if (chosen[part] === null && given !== undefined) chosen[part] = given;
            keys[part].show(chosen[part]);
            return h("div", { class: "field-keys" }, h("span", { class: "hint", text: label }), keys[part].node);
          };
          keys = {};
          const [bases, stocks, bags] = [b.bases, b.stocks, b.bags].map(valuesOf);
          const only = (values) => (values.length === 1 ? values[0] : undefined);
          const nodes = [
            make("weight_basis", "Weight used", bases, (value) => WEIGHT_WORDS[value] ?? value, b.basis || only(bases)),
            height.node,
            make("stock_mg_per_ml", "Stock", stocks, (value) => `${value} mg/mL`, only(stocks)),
            make("bag_volume_ml", "Bag", bags, (value) => `${value} mL`, only(bags)),
          ];
          height.node.hidden = chosen.weight_basis === "actual" || chosen.weight_basis === null;
          return nodes;
        });
        redraw(held, [b.dose, host.care().dose?.hidden], () =>
          b.dose
            ? [h("p", { class: "held" }, h("b", { text: b.dose.text }), h("span", { text: b.dose.by })), host.care().dose?.hidden || !b.dose.steps?.length ? null : stepsTable(b.dose.steps)]
            : h("p", { class: "hint", text: "No calculation recorded yet." }),
        );
        show();
      },
    };
  }

  function stepsTable(rows) {
    return h("table", { class: "dose-steps" }, h("tbody", {}, ...rows.map((row) => h("tr", { title: row.unrounded ? `unrounded ${row.unrounded}` : null }, h("th", { scope: "row", text: row.label }), h("td", { text: row.formula }), h("td", {}, h("b", { text: row.result }))))));
  }

  // ---- second calculation --------------------------------------------------------------------------------------------
  function secondForm() {
    const held = h("div");
    const results = { dose_mg: numberField("Own result, dose", "mg"), stock_ml: numberField("Own result, stock volume", "mL"), rate_ml_per_h: numberField("Own result, pump rate", "mL/h") };
    const wrong = problem();
    let awaited = ""; // the second calculation saved here, until it is told what came of it
    // What was chosen, never what came of it.
    const drawnFrom = () => {
      const plan = host.care().dose?.plan ?? {};
      return [WEIGHT_WORDS[plan.basis], plan.stock_mg_per_ml && `stock ${plan.stock_mg_per_ml} mg/mL`, plan.bag_volume_ml && `bag ${plan.bag_volume_ml} mL`].filter(Boolean).join(" · ");
    };
    const sign = () => {
      const detail = { of: before().dose.entry };
      for (const [part, one] of Object.entries(results)) detail[part] = one.number();
      const lacks = Object.values(results).filter((one) => Number.isNaN(one.number()));
      const unread = Object.values(results).map((one) => one.wrong()).filter(Boolean);
      put(wrong, unread.join(" ") || (lacks.length ? "Type all three results: dose in mg, stock volume in mL, pump rate in mL/h." : ""));
      if (lacks.length) return;
      const entry = host.newId();
      const first = before().dose;
      attest(host, place(), {
        title: "Second calculation: your PIN",
        entry,
        steps: [{ meaning: SECOND, fits: (person) => (person.name === first.by || person.id === first.author ? "made the first calculation" : "") }],
        done(attestations) {
          const kept = host.record("dose_check", detail, { id: entry, attestations });
          if (kept) for (const one of Object.values(results)) one.input.value = "";
          if (kept) awaited = entry;
          return kept;
        },
      });
    };
    const form = h("form", { class: "fields", "aria-label": "Second calculation", onsubmit: (e) => { e.preventDefault(); sign(); } }, ...Object.values(results).map((one) => one.node), h("button", { class: "key primary", type: "submit" }, "Sign with PIN …"), wrong);
    return {
      node: h("div", {}, held, form),
      draw() {
        const b = before();
        form.hidden = !b.dose || Boolean(b.dose_check?.agrees);
        redraw(held, [b.dose, b.order?.text, b.dose_check, drawnFrom()], () =>
          !b.dose
            ? h("p", { class: "hint", text: "After the first calculation, another person works it out without seeing the result." })
            : b.dose_check
              ? [h("p", { class: `held ${b.dose_check.agrees ? "" : "caution"}` }, h("b", { text: b.dose_check.agrees ? `Agrees. ${b.dose_check.text ?? ""}` : `▲ Differs. ${b.dose_check.text ?? ""}` }), h("span", { text: b.dose_check.by })), ...(b.dose_check.differences ?? []).map((words) => h("p", { class: "caution", text: words }))]
              : h("p", { class: "hint", text: `Another person than ${b.dose.by} works it out and types the own results. ${[b.order?.text, drawnFrom()].filter(Boolean).join(" · ")}` }),
        );
        if (!awaited || b.dose_check?.entry !== awaited) return;
        awaited = "";
        if (!b.dose_check.agrees) seen(parts.second, `▲ Second calculation: ${b.dose_check.differences?.[0] ?? "differs."}`);
      },
    };
  }

  // ---- time-out ------------------------------------------------------------------------------------------------------
  // Dose and rate as they stand; without results while a second calculation is waited for.
  function agreedTo() {
    const dose = host.care().dose ?? {};
    const rate = dose.hidden ? null : dose.plan?.rate_ml_per_h;
    return [host.doc().infusion.dose, rate && `${rateText(rate)} mL/h`].filter(Boolean).join(" · ");
  }

  function bothSign() {
    const entry = host.newId();
    const step = { meaning: TIME_OUT };
    attest(host, place(), {
      title: "Time-out: two people",
      entry,
      before: `${host.doc().who.name} · ${host.doc().who.chair}`,
      about: agreedTo(),
      steps: [{ ...step, prefer: host.me()?.staff }, step],
      done: (attestations) => host.record("time_out", {}, { id: entry, attestations }),
    });
  }

  function draw() {
    const b = before();
    if (!b) {
      for (const part of Object.values(parts)) part.hidden = true;
      return;
    }
    const items = (b.groups ?? []).length > 0;
    const prepared = (b.stocks ?? []).length > 0;
    parts.vitals.hidden = !(b.vitals ?? []).length;
    parts.checklist.hidden = !items;
    parts.order.hidden = parts.dose.hidden = !prepared;
    parts.second.hidden = !prepared || !b.second_calculation;
    parts.timeOut.hidden = !b.time_out_wanted;
    empty.hidden = items || prepared || Boolean(b.time_out_wanted);
    redraw(missing, [b.missing, b.disagreements, b.start_reason_wanted, b.started_with_missing, b.start_reason, b.decided_by, host.mayRecord(), empty.hidden], () => [
      !empty.hidden ? null : b.missing?.length ? [h("p", { class: "caution", tabindex: "0" }, h("b", { text: `▲ ${b.missing.length} missing: ` }), b.missing.join(" · ")), nextMissing(node)] : h("p", { class: "hint", text: "Nothing on this site's list is missing." }),
      ...(b.disagreements ?? []).map((words) => h("p", { class: "caution", text: `▲ ${words}` })),
      b.start_reason_wanted ? h("p", { class: "caution", text: "▲ Started with something missing: reason and name not given yet." }) : null,
      b.started_with_missing?.length && b.start_reason ? h("p", { class: "hint", text: `Started with something missing (${b.started_with_missing.join(", ")}): ${b.start_reason}, decided by ${b.decided_by || "nobody named"}.` }) : null,
      b.start_reason_wanted && host.mayRecord() ? h("button", { class: "key", type: "button", onclick: askStartReason }, "Give the reason …") : null,
    ].flat());
    parts.order.classList.toggle("lacks", !b.order);
    parts.dose.classList.toggle("lacks", !b.dose);
    parts.second.classList.toggle("lacks", !b.dose_check?.agrees);
    parts.timeOut.classList.toggle("lacks", !b.time_out);
    if (parts.vitals.hidden === false) redraw(vitals, b.vitals, () => b.vitals.map((words) => h("p", { class: "caution", text: `▲ ${words}` })));
    if (items) checklist.draw(b.groups, (group) => group.items);
    if (prepared) {
      order.draw();
      dose.draw();
      second.draw();
    }
    redraw(timeOut, [b.time_out, host.mayRecord()], () => [
      h("p", { class: b.time_out ? "held" : "hint" }, b.time_out ? h("b", { text: b.time_out.text }) : "Patient, treatment and dose are confirmed aloud by two people; each signs by PIN."),
      host.mayRecord() ? h("button", { class: "key", type: "button", onclick: bothSign }, b.time_out ? "Time-out again …" : "Time-out: two PINs …") : null,
    ]);
  }

  return {
    key: "before",
    label: "Before",
    node,
    draw,
    status() {
      const count = before()?.missing?.length ?? 0;
      return before()?.start_reason_wanted ? "▲ reason missing" : count ? `${count} missing` : "";
    },
  };
}
