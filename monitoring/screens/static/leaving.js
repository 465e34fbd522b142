// Before the patient leaves: what is recorded as met, by whom, and what is missing; the recovery scores; the controlled drug;
// and leaving itself. It judges nobody fit to go: it says what is on record.

import { answerRow } from "./answers.js";
import { attest } from "./attest.js";
import { groupedRows, nextMissing, section } from "./before.js";
import { h, keyed, once, put, redraw } from "./element.js";
import { choices, field, numberField, oneOf, ownWords, problem } from "./fields.js";

const WITNESS = "witness of waste"; // what a signature means, as the server knows it
const SECOND = "left with something missing";
const STATE_WORDS = { met: "recorded as met", "not met": "not met", missing: "missing" };

// host: the bedside's doc(), record(), mayRecord(), staff(), me(), pad(); place(): where PINs and reasons are asked.
export function leavingTab(host, place) {
  const leaving = () => host.care()?.leaving ?? null;
  const phase = () => host.stands().phase;
  const missing = h("div", { class: "missing-line" });
  const list = groupedRows(criterionRow);
  const scales = h("div");
  const eachScale = keyed(scales);
  const baseline = h("p", { class: "held" });
  const drug = drugForm();
  const close = h("div", { class: "close-place" });
  const parts = {
    criteria: section("Before leaving", list.node),
    baseline: section("Back at baseline", baseline),
    drug: section("Controlled drug", drug.node),
    close: section("Leaving", close),
  };
  const node = h("div", { class: "step" }, missing, parts.criteria, parts.baseline, scales, parts.drug, parts.close);

  // A line that a person answers has the same keys as a question before the start; the others follow from the record.
  function criterionRow(criterion) {
    if ("answer" in criterion) {
      const row = answerRow(host, criterion);
      return { node: row.node, draw: (now) => row.draw({ ...now, state: now.state === "met" ? "answered" : now.answer && now.state === "not met" ? "look" : now.state }) };
    }
    const said = h("span", { class: "answer-said" });
    const row = h("li", {}, h("div", { class: "answer-words" }, h("b", { text: criterion.label }), said));
    return {
      node: row,
      draw(now) {
        row.className = `answer computed ${now.state === "not met" ? "look" : now.state}`;
        put(said, [now.recorded || `${now.state === "not met" ? "▲ " : ""}${STATE_WORDS[now.state] ?? now.state}`, now.words].filter(Boolean).join(" · "));
      },
    };
  }

  // ---- scores --------------------------------------------------------------------------------------------------------
  function scaleForm(scale) {
    let chosen = {};
    const total = h("b", { class: "total" });
    const latest = h("p", { class: "held" });
    const wrong = problem();
    const items = h("div", { class: "scale-items" });
    const rows = keyed(items);
    const saveKey = h("button", { class: "key primary", type: "button", "aria-label": `Save score: ${scale.label}`, onclick: once(save) }, "Save score");
    let now = scale;

    function itemRow(item) {
      const hint = h("span", { class: "hint" });
      const keys = oneOf(item.label, item.options.map((option) => ({ value: option.value, lead: option.value, text: option.text, name: `${option.value} ${option.text}` })), (value) => {
        chosen[item.key] = value;
        sum();
      }, "points");
      return {
        node: h("div", { class: "scale-item" }, h("span", { class: "scale-label" }, h("b", { text: item.label }), hint), keys.node),
        draw(fresh) {
          put(hint, fresh.hint ?? "");
          keys.show(chosen[item.key]);
        },
      };
    }

    function sum() {
      rows(now.items, (item) => item.key, itemRow);
      const done = now.items.filter((item) => chosen[item.key] !== undefined);
      put(total, done.length === now.items.length ? `Total ${done.reduce((sum, item) => sum + chosen[item.key], 0)}` : `${done.length} of ${now.items.length} chosen`);
    }

    function save() {
      const lacks = now.items.filter((item) => chosen[item.key] === undefined);
      put(wrong, lacks.length ? `Not chosen yet: ${lacks.map((item) => item.label.toLowerCase()).join(", ")}.` : "");
      if (lacks.length) return;
      const points = Object.fromEntries(now.items.map((item) => [`item:${item.key}`, chosen[item.key]]));
      if (!host.record("score", { scale: now.key, ...points })) return;
      const highest = now.items.reduce((sum, item) => sum + Math.max(...item.options.map((option) => option.value)), 0);
      host.say(`${now.label}: ${now.items.reduce((sum, item) => sum + chosen[item.key], 0)} of ${highest} recorded`);
      chosen = {};
      sum();
    }

    const part = section(scale.label, latest, items, h("div", { class: "scale-foot" }, total, saveKey, wrong));
    return {
      node: part,
      draw(fresh) {
        now = fresh;
        const held = fresh.latest;
        const minute = held?.minute === null || held?.minute === undefined ? "" : `minute ${held.minute}`;
        const last = held ? `Last: ${[held.text ?? held.total, held.by, minute].filter(Boolean).join(" · ")}` : "Not scored yet";
        redraw(latest, [last, fresh.variant, fresh.threshold, fresh.note], () => [h("b", { text: last }), h("span", { text: [fresh.variant, fresh.threshold !== undefined ? `this site's threshold ${fresh.threshold}` : "", fresh.note].filter(Boolean).join(" · ") })]);
        saveKey.disabled = !host.mayRecord();
        sum();
      },
    };
  }

  // ---- controlled drug -----------------------------------------------------------------------------------------------
  function drugForm() {
    const held = h("div");
    const fields = { drawn_mg: numberField("Drawn", "mg"), wasted_mg: numberField("Wasted", "mg"), lot: field("Lot"), expiry: field("Expiry", "", { type: "month", placeholder: "2027-08" }) };
    const wrong = problem();
    const methods = h("div");
    let method = "";
    let awaited = ""; // the record saved here, until it is told whether it adds up
    let keys = null;
    const facts = () => host.care()?.drug ?? null;

    function save() {
      const detail = { drawn_mg: fields.drawn_mg.number(), wasted_mg: fields.wasted_mg.number(), lot: fields.lot.text(), expiry: fields.expiry.text(), method };
      const lacks = [
        Number.isNaN(detail.drawn_mg) && "drawn in mg",
        Number.isNaN(detail.wasted_mg) && "wasted in mg",
        !detail.lot && "lot",
        !/^\d{4}-\d\d$/.test(detail.expiry) && "expiry as year and month",
        !method && "how the waste was destroyed",
      ].filter(Boolean);
      const unread = [fields.drawn_mg, fields.wasted_mg].map((one) => one.wrong()).filter(Boolean);
      put(wrong, unread.join(" ") || (lacks.length ? `Controlled drug: ${lacks.join(", ")} not given.` : ""));
      if (lacks.length) return;
      const entry = host.newId();
      const keep = (attestations) => {
        const kept = host.record("drug", detail, { id: entry, attestations });
        if (kept) clear();
        if (kept) awaited = entry;
        return kept;
      };
      if (!facts().witness) keep([]);
      else attest(host, place(), { title: "Witness of waste: PIN", entry, about: `Drawn ${detail.drawn_mg} mg · wasted ${detail.wasted_mg} mg`, steps: [{ meaning: WITNESS, fits: notAuthor }], done: keep });
    }

    function clear() {
      for (const one of Object.values(fields)) one.input.value = "";
      method = "";
      keys?.show("");
    }

    const submit = once(save);
    return {
      node: h("div", {}, held, h("form", { class: "fields", "aria-label": "Controlled drug", onsubmit: (e) => { e.preventDefault(); submit(); } },
        ...Object.values(fields).map((one) => one.node), methods, h("button", { class: "key primary", type: "submit" }, "Save drug record …"), wrong)),
      draw() {
        const d = facts();
        if (!d) return;
        redraw(held, [d.name, d.given, d.latest], () => [
          h("p", { class: "hint", text: `${d.name ?? "Controlled drug"} · given ${d.given ?? "—"}` }),
          d.latest ? h("p", { class: "held" }, h("b", { text: d.latest.text }), h("span", { text: typeof d.latest.reconciled === "string" ? d.latest.reconciled : "" })) : h("p", { class: "hint", text: "No drug record yet." }),
        ]);
        redraw(methods, d.methods, () => {
          keys = oneOf("How the waste was destroyed", (d.methods ?? []).map((one) => ({ value: one, text: one })), (value) => {
            method = value;
            keys.show(value);
          });
          keys.show(method);
          return h("div", { class: "field-keys" }, h("span", { class: "hint", text: "Waste destroyed by" }), keys.node);
        });
        if (!awaited || d.latest?.entry !== awaited) return;
        awaited = "";
        if (host.care().dose?.is_reconciled !== false || !d.latest.reconciled) return;
        parts.drug.scrollIntoView({ block: "center" });
        host.say(`▲ Controlled drug: ${d.latest.reconciled}`, "caution");
      },
    };
  }

  const notAuthor = (person) => (person.id === host.me()?.staff ? "is signed in and records it" : "");

  // ---- leaving -------------------------------------------------------------------------------------------------------
  // One way to close, from here and from "More".
  function leave() {
    const d = host.doc();
    const lacks = leaving()?.missing ?? [];
    const unseen = d.flags.filter((flag) => flag.open && flag.needs_acknowledgement);
    const warnings = [
      unseen.length ? h("p", { class: "said caution", text: `Not acknowledged yet: ${unseen.map((flag) => flag.headline).join("; ")}` }) : null,
      host.hasDraft() ? h("p", { class: "said caution", text: "On this tablet a set is typed and not saved." }) : null,
    ].filter(Boolean);
    const title = "Close: the patient leaves and the chair is free";
    if (!lacks.length) {
      host.sheet(title, ...warnings, (shut) => h("button", { class: "key primary", type: "button", onclick: once(() => host.event("close") && shut()) }, "Yes, close this infusion"));
      return;
    }
    const withReason = (reason, shut) => {
      const entry = host.newId();
      const keep = (attestations) => host.record("close", { reason }, { id: entry, attestations, seen: true });
      if (!leaving().second_person) return keep([]) && shut();
      attest(host, place(), { title: `Leaving, “${reason}”: PIN of a second person`, entry, steps: [{ meaning: SECOND, fits: notAuthor }], before: `Missing: ${lacks.join(" · ")}`, done: keep });
      return undefined;
    };
    host.sheet(
      title,
      ...warnings,
      h("p", { class: "said caution", text: `▲ Missing: ${lacks.join(" · ")}` }),
      h("p", { class: "hint", text: leaving().second_person ? "Leaving with something missing takes a reason and a second person." : "Leaving with something missing takes a reason." }),
      (shut) => choices(host.words().missing_reasons, (reason) => withReason(reason, shut)),
      (shut) => ownWords("Another reason", (reason) => withReason(reason, shut)),
    );
  }

  function draw() {
    const now = leaving();
    const at = phase();
    const ended = ["recovery", "closed"].includes(at);
    const any = (now?.groups ?? []).length > 0;
    parts.criteria.hidden = !any;
    parts.drug.hidden = !host.care()?.drug;
    parts.baseline.hidden = !now?.baseline?.words;
    redraw(missing, [now?.missing, ended, any], () => [
      !ended ? h("p", { class: "hint", text: "From the end of the infusion on. What is recorded already is shown." }) : null,
      !any ? null : now.missing?.length ? [h("p", { class: "caution", tabindex: "0" }, h("b", { text: `▲ ${now.missing.length} not recorded as met: ` }), now.missing.join(" · ")), nextMissing(node)] : h("p", { class: "hint", text: "Every criterion on this site's list is recorded as met, by whom stands beside it." }),
    ].flat());
    if (any) list.draw(now.groups, (group) => group.criteria);
    put(baseline, now?.baseline?.words ?? "");
    eachScale(now?.scales ?? [], (scale) => scale.key, scaleForm);
    drug.draw();
    const left = now?.departure;
    parts.close.hidden = at !== "recovery" && !left;
    redraw(close, [at, host.mayRecord(), left], () => [
      left ? h("p", { class: "held" }, h("b", { text: left.text }), h("span", { text: left.missing?.length ? `missing then: ${left.missing.join(" · ")}` : "" })) : null,
      ...(left?.wants ?? []).map((words) => h("p", { class: "caution", text: `▲ still to be told: ${words}` })),
      at === "recovery" && host.mayRecord() ? h("button", { class: "key", type: "button", onclick: leave }, "Patient leaves: close …") : null,
    ]);
  }

  return {
    key: "leaving",
    label: "Leaving",
    node,
    draw,
    leave,
    status() {
      const count = leaving()?.missing?.length ?? 0;
      return ["recovery", "closed"].includes(phase()) && count ? `${count} missing` : "";
    },
  };
}
