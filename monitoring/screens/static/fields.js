// What forms at the bedside are made of: fields with their names and units, keys of which one is chosen, words to type.

import { isolated } from "./directions.js";
import { h, once } from "./element.js";
import { problemOf, writtenNumber } from "./written_numbers.js";

export const LONGEST_REASON = 500;
export const LONGEST_NOTE = 4000;
export const LONGEST_NUMBER = 100; // letters: longer than any number with its unit, so that nothing typed is dropped unseen

export const decimalsOf = (value) => (String(value).split(".")[1] ?? "").length;
export const problem = () => h("p", { class: "said caution", role: "status" });
export const choices = (words, act, kind = "") => h("div", { class: `choices ${kind}` }, ...words.map((word) => h("button", { class: "key", type: "button", onclick: once(() => act(word)) }, word)));

export function ownWords(label, act, longest = LONGEST_REASON) {
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

// A field with its name above it and its unit inside it. `more` are attributes of the input.
export function field(label, unit = "", more = {}) {
  const input = h("input", { type: "text", autocomplete: "off", "aria-label": unit ? `${label}, ${unit}` : label, ...more });
  const node = h("label", { class: `field ${unit ? "with-unit" : ""}` }, h("span", { text: label }), h("span", { class: "field-box" }, input, unit ? h("i", { class: "unit", "aria-hidden": "true", text: unit }) : null));
  return { node, input, text: () => input.value.trim() };
}

// What is read in an input for a number, and the line below it that says what another unit came to, or why nothing is
// read. `called` names it in sentences; `unit` may be a function where a person types the unit too.
export function numberRead(input, called, unit = "", decimals = 3) {
  const told = h("span", { class: "told", role: "status" });
  const read = () => writtenNumber(input.value, typeof unit === "function" ? unit() : unit, decimals);
  const tell = () => {
    const [found, wrong] = [read(), problemOf(read(), called)];
    told.textContent = isolated(found.turned || wrong);
    told.classList.toggle("caution", Boolean(wrong));
  };
  input.addEventListener("input", () => {
    if (told.textContent) tell();
  });
  input.addEventListener("change", tell);
  return { told, number: () => read().value ?? NaN, wrong: () => problemOf(read(), called) };
}

// A field for a number, which keeps what is typed.
export function numberField(label, unit, decimals = 3) {
  const made = field(label, unit, { inputmode: "decimal", maxlength: LONGEST_NUMBER });
  const read = numberRead(made.input, label, unit, decimals);
  made.node.append(read.told);
  return { ...made, ...read };
}

// Several keys of which one is chosen. options: [{value, text, name?, hint?}]; chosen(value, event) is called at each tap.
export function oneOf(label, options, chosen, kind = "") {
  const keys = options.map((option) =>
    h(
      "button",
      { class: "key one", type: "button", role: "radio", "aria-checked": "false", "aria-label": option.name ?? option.text, onclick: (event) => chosen(option.value, event) },
      option.lead === undefined ? null : h("b", { text: option.lead }),
      h("span", { text: option.text }),
    ),
  );
  const node = h("div", { class: `one-of ${kind}`, role: "radiogroup", "aria-label": label }, ...keys);
  node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    keys[(keys.indexOf(document.activeElement) + step + keys.length) % keys.length].focus();
    event.preventDefault();
  });
  return {
    node,
    show: (value) => keys.forEach((key, n) => key.setAttribute("aria-checked", String(options[n].value === value))),
  };
}
