// Under the chart: how fast the pump ran, on the chart's own axis of minutes. Height is the rate; a pause is a gap.

import { describe, h, redraw } from "./element.js";

// Drawn from doc.care.dose.segments, [{from, to, rate}], over the range of the chart's axis.
export function doseStrip() {
  const bars = h("div", { class: "dose-bars", "aria-hidden": "true" });
  const node = h("div", { class: "dose-strip", role: "img" }, h("span", { class: "dose-name", "aria-hidden": "true", text: "mL/h" }), bars);
  function draw(doc) {
    const segments = doc.care?.dose?.segments ?? [];
    const range = doc.figure?.layout?.xaxis?.range;
    const hidden = !segments.length || !range || doc.care.dose.hidden;
    node.classList.toggle("empty", hidden); // its place is kept: a start moves no key
    if (hidden) return;
    const until = (Date.parse(doc.now) - Date.parse(doc.course.started_at)) / 60000;
    redraw(bars, [segments, range, segments.some((one) => one.to === null) ? Math.floor(until * 2) : 0], () => {
      const [first, last] = range;
      const most = Math.max(...segments.map((one) => one.rate));
      const percent = (minute) => ((Math.min(Math.max(minute, first), last) - first) / (last - first)) * 100;
      return segments.map((one) => {
        const [from, to] = [percent(one.from), percent(one.to ?? until)];
        const bar = h("i", { class: one.rate > 0 ? "runs" : "rests" });
        bar.style.left = `${from.toFixed(2)}%`;
        bar.style.width = `${Math.max(0, to - from).toFixed(2)}%`;
        if (one.rate > 0) {
          bar.style.height = `${Math.round((one.rate / most) * 100)}%`;
          if (to - from > 8) bar.append(h("b", { text: `${Math.round(one.rate * 10) / 10}` }));
        }
        return bar;
      });
    });
    describe(node, "aria-label", `Pump: ${segments.map((one) => `from minute ${Math.floor(one.from)} ${one.rate > 0 ? `${Math.round(one.rate * 10) / 10} mL/h` : "paused"}`).join(", ")}`);
  }
  return { node, draw };
}
