// One question of a list that a person answers: its words, a key for each answer, and a note where one is asked for.
// Used before the start and before leaving. One tap saves; another tap on another answer takes its place.

import { h, put } from "./element.js";
import { LONGEST_REASON, oneOf } from "./fields.js";
import { waitingHere } from "./stands.js";
import { onceEach } from "./taps.js";

const SHORT = { "not applicable": "n. a." };

// The answer that waits in this tablet, if any.
function waiting(host, key) {
  const found = waitingHere(host.doc()).filter(({ body }) => body.event?.kind === "check" && body.event.detail.item === key);
  return found.at(-1)?.body.event.detail ?? null;
}

// Answers {node, draw(item)} for `keyed`. item: {key, label, expects, may_not_apply, note, note_needed, answer, note_text,
// by, time, state}.
export function answerRow(host, item) {
  let now = item;
  const answers = ["yes", "no", ...(item.may_not_apply ? ["not applicable"] : [])];
  const said = h("span", { class: "answer-said" });
  const note = h("input", { type: "text", maxlength: LONGEST_REASON, autocomplete: "off", placeholder: item.note || "note", "aria-label": `${item.label}: ${item.note || "note"}` });
  const wrong = h("p", { class: "said caution", role: "status" });
  const keys = oneOf(item.label, answers.map((answer) => ({ value: answer, text: SHORT[answer] ?? answer, name: answer })), onceEach(post, standing));
  const submit = (event) => {
    event.preventDefault();
    const answer = standing();
    if (answer) post(answer);
    else put(wrong, "Answer first: tap yes or no.");
  };
  const form = h("form", { class: "answer-note", hidden: true, onsubmit: submit }, note, h("button", { class: "key", type: "submit", "aria-label": `Save note: ${item.label}` }, "Save note"), wrong);
  const node = h("li", { class: "answer" }, h("div", { class: "answer-words" }, h("b", { text: item.label }), said), keys.node, form);

  function standing() {
    return waiting(host, now.key)?.answer ?? now.answer ?? null;
  }

  // The first tap records the answer; a note that belongs to it may follow.
  function post(answer) {
    const text = note.value.trim();
    if (!host.record("check", { item: now.key, answer, ...(text ? { note: text } : {}) })) return false;
    const lacks = (now.note_needed ?? []).includes(answer) && !text;
    put(wrong, lacks ? `“${answer}” is recorded; still missing: ${now.note || "a note"}.` : "");
    if (lacks) {
      form.hidden = false;
      note.focus();
    }
    return true;
  }

  function draw(fresh) {
    now = fresh;
    const here = waiting(host, now.key);
    const answer = standing();
    const state = here ? "answered" : (now.state ?? "missing");
    node.className = `answer ${state}`;
    keys.show(answer);
    const words = [state === "look" ? "▲ to look at" : "", state === "missing" && answer !== null ? `${now.note || "note"} missing` : "", here?.note ?? now.note_text, now.by, now.time];
    put(said, here ? "to be sent" : answer === null ? "missing" : words.filter(Boolean).join(" · "));
    // The field stays once it is there: nothing that is typed is taken away.
    form.hidden &&= !(now.note || state === "look" || now.note_text);
    for (const key of keys.node.children) key.disabled = !host.mayRecord();
  }
  return { node, draw };
}
