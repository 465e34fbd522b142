// Draws the figure the server made. Plotly.react keeps the node and the zoom; only the "now" line moves by itself.

import * as clock from "./clock.js";
import { h, redraw } from "./element.js";

let plotly;
export function loadPlotly(version) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = h("script", { src: `/assets/plotly.min.js?v=${version}` });
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
function coloured(value, style) {
  if (typeof value === "string") return value.startsWith("@") ? style.getPropertyValue(`--${value.slice(1)}`).trim() : value;
  if (Array.isArray(value)) return value.map((part) => coloured(part, style));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coloured(v, style)]));
  return value;
}

const OVERLAY = "overlay";

export function chart(label) {
  const plot = h("div", { class: "plot" });
  const line = h("div", { class: "now-line", hidden: true }, h("span"));
  const under = h("div", { class: "under", "aria-hidden": "true" });
  const over = h("div", { class: "over", "aria-hidden": "true" });
  const node = h("div", { class: "chart", role: "img", "aria-label": label }, under, plot, over, line);
  let figure = null;
  let drawing = null;
  let queued = null;
  let overlaid = localStorage.getItem(OVERLAY) === "1"; // for those trained on the anaesthesia chart

  async function draw(next) {
    figure = next;
    if (drawing) {
      queued = next;
      return;
    }
    drawing = loadPlotly(next.plotly)
      .then((Plotly) => {
        const style = getComputedStyle(node);
        lay(next);
        return Plotly.react(plot, coloured(withOverlay(next), style), coloured(next.layout, style), {
          displayModeBar: false,
          responsive: true,
          doubleClick: "reset",
          scrollZoom: false,
        });
      })
      .then(() => {
        plot.dataset.drawn = next.version;
        node.dispatchEvent(new CustomEvent("drawn", { detail: next.version }));
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

  const withOverlay = ({ data, overlay }) => (overlaid ? [...data, ...data.filter((trace) => trace.name === overlay).map((trace) => ({ ...trace, yaxis: "y", name: `${trace.name}, overlaid` }))] : data);

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
  }

  function moveNow() {
    const axis = plot._fullLayout?.xaxis;
    if (!axis || !figure?.now_line || !figure.origin) {
      line.hidden = true;
      return;
    }
    const minute = (clock.now() - Date.parse(figure.origin)) / 60000;
    const inside = minute >= axis.range[0] && minute <= axis.range[1];
    line.hidden = !inside;
    if (!inside) return;
    const x = axis._offset + axis.l2p(minute);
    line.style.transform = `translateX(${x.toFixed(1)}px)`;
    line.style.top = `${plot._fullLayout._size.t}px`;
    line.style.height = `${plot._fullLayout._size.h}px`;
    line.firstChild.textContent = `now ${clock.minutesAndSeconds(minute * 60000)}`;
    line.classList.toggle("near-edge", x > node.clientWidth - 110);
  }

  const redrawn = () => figure && draw(figure);

  function overlay() {
    overlaid = !overlaid;
    localStorage.setItem(OVERLAY, overlaid ? "1" : "0");
    redrawn();
  }

  const whole = () => figure && window.Plotly?.relayout(plot, { "xaxis.range": [...figure.layout.xaxis.range] }).then(moveNow);

  const resize = new ResizeObserver(() => {
    if (window.Plotly && plot._fullLayout) window.Plotly.Plots.resize(plot).then(moveNow);
  });
  resize.observe(node);

  return { node, draw, redrawn, moveNow, overlaid: () => overlaid, overlay, whole };
}
