// Draws the figure the server made. Plotly.react keeps the node and the zoom; only the "now" line moves by itself.
// New readings are placed at once; plotly, which is slow, draws all anew once the page has shown what can be read.

import * as clock from "./clock.js";
import { isolated } from "./directions.js";
import { h, put, redraw } from "./element.js";
import { key, numbers } from "./numbers.js";
import { coloursOf } from "./theme.js";

let plotly;
export function loadPlotly(version) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = h("script", { src: new URL(`plotly.min.js?v=${version}`, import.meta.url) });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = undefined;
      reject(new Error("The chart could not be loaded."));
    };
    document.head.append(script);
  });
  return plotly;
}

// Colours in a figure are names ("@critical"); the theme's style sheet says what they look like.
function painter(node) {
  const style = getComputedStyle(node);
  const known = new Map();
  const colour = (name) => {
    if (!known.has(name)) known.set(name, style.getPropertyValue(`--${name.slice(1)}`).trim());
    return known.get(name);
  };
  return function coloured(value) {
    if (typeof value === "string") return value.startsWith("@") ? colour(value) : isolated(value);
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v)]));
    return value;
  };
}

// The names of the colours that a figure is drawn in, without what its words say.
function namesIn({ data, layout }) {
  const held = data.flatMap(({ fillcolor, line, marker }) => [fillcolor, line?.color, marker?.color].flat());
  held.push(layout.font?.color, layout.xaxis?.gridcolor, ...(layout.shapes ?? []).map(({ fillcolor }) => fillcolor));
  return [...new Set(held)].filter((name) => typeof name === "string" && name.startsWith("@"));
}

// One look for all marks of a trace is much quicker to draw than the same look said for each.
function plain(trace) {
  const one = (value) => (Array.isArray(value) && value.length && value.every((each) => each === value[0]) ? value[0] : value);
  const { marker, textfont } = trace;
  if (marker) Object.assign(marker, { symbol: one(marker.symbol), size: one(marker.size), color: one(marker.color) });
  if (marker?.line) marker.line.color = one(marker.line.color);
  if (textfont) textfont.color = one(textfont.color);
  return trace;
}

// Until the page has been painted; a page that nobody sees is never painted.
const painted = () => new Promise((go) => (document.hidden ? go() : requestAnimationFrame(() => setTimeout(go))));

const OVERLAY = "overlay";
const NOTE_PX = 62; // from the left of the chart, as in style.css
const BESIDE_NOW_PX = 100;
const BELOW_NOW_PX = 20;
const LIMITS_APART_PX = 13; // numbers of limits nearer than this would cover each other

export function chart(label) {
  const plot = h("div", { class: "plot" });
  const line = h("div", { class: "now-line", hidden: true }, h("span"));
  const under = h("div", { class: "under", "aria-hidden": "true" });
  const over = h("div", { class: "over", "aria-hidden": "true" });
  const note = h("p", { class: "earlier-note", hidden: true });
  const ends = numbers();
  const node = h("div", { class: "chart", role: "img", "aria-label": label }, under, plot, over, ends.layer, line, note);
  let figure = null;
  let drawing = null;
  let queued = null;
  let shown = null; // the traces that are drawn or placed
  let behind = null; // the patient's earlier infusions, while they are wanted: {labels, traces}
  let overlaid = localStorage.getItem(OVERLAY) === "1"; // for those trained on the anaesthesia chart

  async function draw(next) {
    figure = next;
    try {
      if (shown && place(withOverlay(next))) tellDrawn(next);
    } catch {
      // a plotly that keeps its marks otherwise: it draws them itself, a moment later
    }
    if (drawing) {
      queued = next;
      return;
    }
    drawing = Promise.all([loadPlotly(next.plotly), shown ? painted() : coloursOf(node, namesIn(next))])
      .then(([Plotly]) => {
        const coloured = painter(node);
        lay(next);
        note.hidden = !earlier(next).length;
        shown = withOverlay(next);
        return Plotly.react(plot, coloured(shown).map(plain), coloured(next.layout), {
          displayModeBar: false,
          responsive: true,
          doubleClick: "reset",
          scrollZoom: false,
        });
      })
      .then(() => {
        delete plot.dataset.failed;
        plot.dataset.drawn = next.version;
        tellDrawn(next);
        moveNow();
      })
      .catch(() => {
        plot.dataset.failed = "1";
      })
      .finally(() => {
        drawing = null;
        if (queued) {
          const waiting = queued;
          queued = null;
          draw(waiting);
        }
      });
    await drawing;
  }

  const tellDrawn = ({ version }) => node.dispatchEvent(new CustomEvent("drawn", { detail: version }));

  // A new reading of a trace is a copy of an earlier mark that looks the same, put where plotly will find it and keep it.
  // What has no such mark yet (a first value, a first flag) waits for plotly. Answers how many were placed.
  function place(data) {
    const { xaxis } = plot._fullLayout;
    const groups = new Map([...plot.querySelectorAll(".scatterlayer .trace")].map((group) => [group.__data__[0].trace.index, group]));
    const look = ({ marker }, i) => JSON.stringify([marker.symbol, marker.size, marker.color].map((each) => (Array.isArray(each) ? each[i] : each)));
    let placed = 0;
    shown = shown.map((before, n) => {
      const trace = data[n];
      if (!before.marker || before.name !== trace?.name || before.x.length >= trace.x.length) return before;
      if (before.x.some((x, i) => x !== trace.x[i] || before.y[i] !== trace.y[i])) return before;
      const marks = [...(groups.get(n)?.querySelectorAll("path.point") ?? [])];
      const looks = before.x.flatMap((x, i) => (x === null ? [] : look(before, i)));
      if (marks.length !== looks.length) return before;
      const yaxis = plot._fullLayout[trace.yaxis.replace("y", "yaxis")];
      for (let i = before.x.length; i < trace.x.length; i += 1) {
        if (trace.x[i] === null) continue;
        const like = looks.lastIndexOf(look(trace, i));
        const [x, y] = [xaxis.l2p(trace.x[i]), yaxis.l2p(trace.y[i])];
        if (like < 0 || !(x >= 0 && x <= xaxis._length && y >= 0 && y <= yaxis._length)) return before;
        const mark = marks[like].cloneNode();
        mark.style.display = "";
        mark.setAttribute("transform", `translate(${x},${y})`);
        marks.at(-1).after(mark);
        placed += 1;
      }
      return trace;
    });
    return placed;
  }

  // Earlier infusions lie on minutes since the start: before it there is nothing to lay them on.
  const earlier = ({ origin }) => (behind && origin ? behind.traces : []);
  const withOverlay = (next) => [...earlier(next), ...withPulse(next)];
  const withPulse = ({ data, overlay }) => (overlaid ? [...data, ...data.filter((trace) => trace.name === overlay).map((trace) => ({ ...trace, yaxis: "y", name: `${trace.name}, overlaid` }))] : data);

  // What does not move with the time axis is laid under and over the plot, by fractions of its frame.
  function lay({ marks, labels }) {
    const percent = (fraction) => `${(fraction * 100).toFixed(2)}%`;
    redraw(under, marks, () =>
      marks.map((mark) => {
        const piece = h("i", { class: `chart-mark ${mark.kind} ${mark.level ?? ""}` });
        piece.style.left = percent(mark.x0);
        piece.style.width = percent(mark.x1 - mark.x0);
        piece.style.bottom = percent(mark.y0);
        piece.style.height = mark.y1 > mark.y0 ? percent(mark.y1 - mark.y0) : "";
        return piece;
      }),
    );
    redraw(over, labels, () =>
      labels.map((one) => {
        const piece = h("span", { class: `label ${one.kind} ${one.level}`, text: one.text });
        piece.style.bottom = percent(one.y);
        return piece;
      }),
    );
    makeRoom(labels);
  }

  // In a low chart the numbers of limits would cover each other: those of the graver level stay.
  function makeRoom(labels) {
    const { height } = over.getBoundingClientRect();
    const kept = [];
    const pieces = [...over.children].map((piece, n) => ({ piece, ...labels[n] })).filter(({ kind }) => kind === "limit");
    pieces.sort((a, b) => (b.level === "critical") - (a.level === "critical"));
    for (const { piece, y } of pieces) {
      const covered = kept.some((other) => Math.abs(other - y) * height < LIMITS_APART_PX);
      piece.hidden = covered;
      if (!covered) kept.push(y);
    }
  }

  function moveNow() {
    if (figure) ends.show(plot, earlier(figure), [...over.children, note]);
    const axis = plot._fullLayout?.xaxis;
    if (!axis || !figure?.now_line || !figure.origin) {
      line.hidden = true;
      return;
    }
    // In a replay the clock stands still.
    const now = figure.now_at ? Date.parse(figure.now_at) : clock.now();
    const minute = (now - Date.parse(figure.origin)) / 60000;
    const inside = minute >= axis.range[0] && minute <= axis.range[1];
    line.hidden = !inside;
    if (!inside) return;
    const x = axis._offset + axis.l2p(minute);
    line.style.transform = `translateX(${x.toFixed(1)}px)`;
    line.style.top = `${plot._fullLayout._size.t}px`;
    line.style.height = `${plot._fullLayout._size.h}px`;
    put(line.firstChild, `now ${clock.minutesAndSeconds(minute * 60000)}`);
    line.classList.toggle("near-edge", x > plot._fullLayout.width - 110);
    clear(x);
  }

  // Where "now" would cover what the earlier infusions are, these words stand beside it or below it.
  function clear(x) {
    const { offsetWidth: wide } = note;
    const covered = x > NOTE_PX - BESIDE_NOW_PX && x < NOTE_PX + wide;
    const beside = covered && x + BESIDE_NOW_PX + wide <= node.clientWidth - NOTE_PX; // the numbers of limits are at the right
    note.style.left = `${beside ? x + BESIDE_NOW_PX : NOTE_PX}px`;
    note.style.top = `${covered && !beside ? BELOW_NOW_PX : 2}px`;
    note.style.background = covered && !beside ? "transparent" : ""; // there values may lie under it
  }

  const redrawn = () => figure && draw(figure);

  function overlay() {
    overlaid = !overlaid;
    localStorage.setItem(OVERLAY, overlaid ? "1" : "0");
    redrawn();
  }

  // Shows the earlier infusions that were fetched, or with null takes them away.
  function layBehind(found) {
    behind = found;
    note.replaceChildren(...(found ? ["faint: earlier ", ...key(found.traces)] : []));
    shown = null; // the traces have other numbers now
    redrawn();
  }

  const whole = () => figure && window.Plotly?.relayout(plot, { "xaxis.range": [...figure.layout.xaxis.range] }).then(moveNow);

  const resize = new ResizeObserver(() => {
    if (figure) makeRoom(figure.labels);
    // A chart that is not shown, or not any more, has no size.
    if (window.Plotly && plot._fullLayout && plot.offsetWidth) window.Plotly.Plots.resize(plot).then(moveNow);
  });
  resize.observe(node);

  return { node, draw, redrawn, moveNow, overlaid: () => overlaid, overlay, behind: () => behind, layBehind, whole };
}
