// The tabs in the place of the entries: what is recorded, and each step of the course of care. Only the tab that is open is
// drawn; what is typed in the others stays. The chart gives height while a step is open, and nothing is covered.

import { describe, h, put } from "./element.js";

// tabs: [{key, label, node, draw(), status(): text}], the first is open at first. changed(key) is called after a switch.
export function steps(tabs, changed) {
  let open = tabs[0];
  const keys = tabs.map((tab, n) => {
    const key = h(
      "button",
      { class: "key tab", type: "button", role: "tab", id: `tab-${tab.key}`, "aria-controls": `panel-${tab.key}`, "aria-selected": "false", "aria-label": tab.label, onclick: () => show(tab) },
      h("b", { text: tab.label }),
      h("span"),
    );
    key.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      keys[(n + step + keys.length) % keys.length].focus();
      event.preventDefault();
    });
    return key;
  });
  const panels = tabs.map((tab) => h("div", { class: `panel at-${tab.key}`, role: "tabpanel", id: `panel-${tab.key}`, "aria-labelledby": `tab-${tab.key}`, tabindex: "0" }, tab.node));
  const node = h("section", { class: "at-steps", "aria-label": "Record and steps" }, h("header", { class: "tabs", role: "tablist", "aria-label": "Record and steps" }, ...keys), ...panels);

  function mark() {
    tabs.forEach((tab, n) => {
      const chosen = tab === open;
      panels[n].hidden = !chosen;
      keys[n].setAttribute("aria-selected", String(chosen));
    });
  }

  function show(tab) {
    open = tab;
    mark();
    draw();
    changed(tab.key);
  }

  function draw() {
    open.draw();
    tabs.forEach((tab, n) => {
      const status = tab.status();
      put(keys[n].lastChild, status);
      describe(keys[n], "aria-description", status);
    });
  }

  mark();
  return {
    node,
    draw,
    tick: () => open.tick?.(),
    open: (key) => show(tabs.find((tab) => tab.key === key)),
    opened: () => open.key,
  };
}
