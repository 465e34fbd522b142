// Ratings of what is observed: one tap saves at once.

import * as clock from "./clock.js";
import { describe, h, redraw, uuid } from "./element.js";

const SHOWN_MS = 8000; // a rating that was tapped, until the server has told of it; and a question about it
const AGAIN_MS = 3000; // the same choice so soon may be the same tap: it is asked about
const WOUND_ON_MS = 60000; // where time runs fast, it is another look once time was let run on between the two taps

// One tap saves at once; for a few seconds it can be undone.
export function ratings(host) {
  let asked = true;
  let just = null; // {measure, value, id, until}: tapped a moment ago, and shown before the server has told
  const rows = {};
  const observed = h(
    "button",
    {
      class: "key observed",
      type: "button",
      role: "switch",
      "aria-checked": "false",
      "aria-label": "Observed, not asked",
      onclick: () => {
        asked = !asked;
        observed.setAttribute("aria-checked", String(!asked));
      },
    },
    "Observed, not asked",
  );
  const measures = host.protocol.measures.filter((measure) => host.protocol.observations.includes(measure.key));
  for (const measure of measures) {
    const options = h(
      "div",
      { class: "options", role: "radiogroup", "aria-label": measure.label },
      ...measure.options.map((option) =>
        h(
          "button",
          { class: "key option", type: "button", role: "radio", "aria-checked": "false", "aria-label": `${option.value} ${option.word}`, title: option.text, "data-value": option.value },
          h("b", { text: option.value }),
          h("span", { text: option.word }),
        ),
      ),
    );
    let last = null; // what was saved last: {value, real, clinic [ms]}
    const question = h("div", { class: "again", role: "alertdialog", hidden: true });
    let askedUntil = 0;
    const asks = (option = null) => {
      askedUntil = performance.now() + SHOWN_MS;
      options.hidden = option !== null;
      question.hidden = option === null;
      if (option === null) return;
      const words = `${option.dataset.value} ${option.lastChild.textContent} was saved a moment ago: once more?`;
      describe(question, "aria-label", words);
      question.replaceChildren(h("b", { text: words }), ...[["No, once", () => asks()], ["Once more", () => save(option)]].map(([label, act]) => h("button", { class: "key", type: "button", onclick: act }, label)));
    };
    const tap = (option) => {
      const again = last?.value === option.dataset.value && performance.now() - last.real < AGAIN_MS;
      if (again && clock.now() - last.clinic < (performance.now() - last.real) * clock.rate() + WOUND_ON_MS) asks(option);
      else save(option);
    };
    function save(option) {
      const body = { ...host.entry("observation", uuid()), readings: [{ measure: measure.key, value: Number(option.dataset.value), confirmed_unusual: false, observed_not_asked: !asked }] };
      if (!host.put(body)) return;
      asks();
      last = { value: option.dataset.value, real: performance.now(), clinic: clock.now() };
      just = { measure: measure.key, value: Number(option.dataset.value), id: body.id, until: performance.now() + SHOWN_MS };
      asked = true;
      observed.setAttribute("aria-checked", "false");
      draw();
    }
    options.addEventListener("click", (event) => {
      const option = event.target.closest(".option");
      if (option) tap(option);
    });
    options.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const all = [...options.children];
      all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
      event.preventDefault();
    });
    const place = h("div", { class: "rating-name" });
    const forget = () => {
      if (question.hidden || performance.now() < askedUntil) return;
      asks();
      host.say(`${measure.label}: recorded once.`);
    };
    rows[measure.key] = { measure, options, place, question, asks, forget };
  }
  const list = measures.map((measure) => h("div", { class: `rating rating-${measure.key}` }, rows[measure.key].place, rows[measure.key].options, rows[measure.key].question));
  if (list.length) list[list.length - 1].append(observed);

  function draw() {
    for (const { measure, options, place, forget } of Object.values(rows)) {
      const last = host.latest(measure.key);
      const undone = just?.measure === measure.key && host.undone(just.id);
      if (undone) {
        rows[just.measure].asks();
        just = null;
      }
      const tapped = just?.measure === measure.key && performance.now() < just.until;
      forget();
      const fresh = last && clock.now() - Date.parse(last.at) < last.stale_after * 1000;
      const chosen = tapped ? just.value : fresh ? last.value : null;
      for (const option of options.children) {
        const checked = chosen !== null && Number(option.dataset.value) === chosen;
        if (option.getAttribute("aria-checked") !== String(checked)) option.setAttribute("aria-checked", String(checked));
      }
      redraw(place, [last?.text, last && clock.age(clock.now() - Date.parse(last.at)), fresh], () => [
        h("b", { text: measure.label }),
        h("span", { class: fresh ? "" : "stale" }, last ? clock.age(clock.now() - Date.parse(last.at)) + (fresh ? "" : " · stale") : "not rated"),
      ]);
    }
  }

  return { node: h("div", { class: "ratings" }, ...list), draw };
}
