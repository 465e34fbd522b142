// Charts of an ordinary page, each under its heading: drawn with the same chart as the bedside, kept while they stay.

import { chart } from "./chart.js";
import { h, keyed, put } from "./element.js";
import { followTheme } from "./theme.js";

// data: {panels: [{key, heading, label, figure, height}]}
export function mount(root, data) {
  followTheme();
  if (!root.panels) {
    const list = h("div", { class: "panel-list" });
    root.replaceChildren(list);
    root.list = list;
    root.panels = keyed(list);
  }
  root.list.classList.toggle("alone", data.panels.length === 1);
  root.panels(data.panels, (panel) => panel.key, make);
}

function make(panel) {
  const heading = h("h3", {});
  const words = h("span", {});
  const plot = chart(panel.label);
  const node = h("section", { class: "drawn-panel" }, h("header", {}, heading, words), plot.node);
  return {
    node,
    draw({ heading: text, words: more, figure, height }) {
      put(heading, text);
      put(words, more ?? "");
      plot.node.style.height = `${height}px`;
      plot.draw(figure);
    },
  };
}
