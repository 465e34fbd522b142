// Which earlier infusion is which: each number stands at the end of its line in the highest panel, beside the last value
// in view, or where that would cover another number or word, beside the value before. In the panels below the lines have
// the same dashes, and above them the dashes have their numbers.

import { h } from "./element.js";

const HIGH_PX = 14;
const GAP_PX = 5;
const apart = (one, other) => one.right <= other.left || one.left >= other.right || one.bottom <= other.top || one.top >= other.bottom;

export function numbers() {
  const layer = h("div", { class: "earlier-numbers", "aria-hidden": "true" });
  Object.assign(layer.style, { position: "absolute", inset: "0", pointerEvents: "none", overflow: "hidden" });
  let drawn = "";

  // `words`: what stands over the plot already, and may not be covered.
  function show(plot, traces, words) {
    const full = plot._fullLayout;
    const now = traces.length && full ? JSON.stringify([traces.length, traces.map((trace) => trace.x.length), full.xaxis.range, full.width, full.height, full._size]) : "";
    if (now === drawn) return;
    drawn = now;
    layer.replaceChildren();
    if (!now) return;
    const highest = traces.filter(({ yaxis }) => yaxis === traces[0].yaxis);
    const frame = layer.getBoundingClientRect();
    const taken = words.filter((word) => !word.hidden).map((word) => within(word.getBoundingClientRect(), frame));
    const named = new Set();
    for (const trace of highest) {
      if (named.has(trace.name)) continue; // two pressures of one infusion are on one axis: the upper one has the number
      named.add(trace.name);
      const piece = h("span", { text: trace.meta });
      Object.assign(piece.style, { position: "absolute", fontSize: "14px", lineHeight: `${HIGH_PX}px`, color: "var(--soft)", background: "var(--card)", borderRadius: "3px", whiteSpace: "nowrap" });
      layer.append(piece);
      const wide = piece.offsetWidth;
      const places = visible(plot, trace).reverse().flatMap((at) => around(at, wide));
      const box = places.find((one) => inside(one, plot, trace) && taken.every((other) => apart(one, other)));
      if (!box) {
        piece.remove();
        continue;
      }
      taken.push(box);
      piece.style.left = `${box.left}px`;
      piece.style.top = `${box.top}px`;
    }
  }

  return { layer, show };
}

// The dashes and whose they are, for the line of words above the chart.
export function key(traces) {
  const seen = new Map(traces.map((trace) => [trace.name, trace]));
  return [...seen.values()].flatMap(({ meta, line }) => [`${meta} `, sample(line.dash), " "]);
}

const DASHED = { solid: "", dash: "5 3", dot: "1.5 2", dashdot: "5 2 1.5 2", longdash: "9 3", longdashdot: "9 2 1.5 2" };

function sample(dash) {
  const svg = (name, facts) => Object.entries(facts).reduce((node, [fact, value]) => (node.setAttribute(fact, value), node), document.createElementNS("http://www.w3.org/2000/svg", name));
  const drawn = svg("svg", { width: 22, height: 6, viewBox: "0 0 22 6", style: "vertical-align: middle" });
  drawn.append(svg("line", { x1: 0, x2: 22, y1: 3, y2: 3, stroke: "currentColor", "stroke-width": 1.4, "stroke-dasharray": DASHED[dash] ?? "" }));
  return drawn;
}

const axisOf = (plot, trace) => plot._fullLayout[trace.yaxis.replace("y", "yaxis")];

// Where the values are that can be seen [px], in their order.
function visible(plot, trace) {
  const { xaxis } = plot._fullLayout;
  const yaxis = axisOf(plot, trace);
  return trace.x.flatMap((minute, n) => {
    if (minute === null) return [];
    const at = { x: xaxis.l2p(minute), y: yaxis.l2p(trace.y[n]) };
    return at.x >= 0 && at.x <= xaxis._length && at.y >= 0 && at.y <= yaxis._length ? [{ x: at.x + xaxis._offset, y: at.y + yaxis._offset }] : [];
  });
}

const around = ({ x, y }, wide) =>
  [[x + GAP_PX, y - HIGH_PX / 2], [x - wide / 2, y - HIGH_PX - GAP_PX], [x - wide / 2, y + GAP_PX]].map(([left, top]) => ({ left, top, right: left + wide, bottom: top + HIGH_PX }));

function inside(box, plot, trace) {
  const { xaxis } = plot._fullLayout;
  const yaxis = axisOf(plot, trace);
  return box.left >= xaxis._offset && box.right <= xaxis._offset + xaxis._length && box.top >= yaxis._offset && box.bottom <= yaxis._offset + yaxis._length;
}

const within = (box, frame) => ({ left: box.left - frame.left, right: box.right - frame.left, top: box.top - frame.top, bottom: box.bottom - frame.top });
