// The board: a card per chair, worst and most overdue first. On a wall it shows initials only.

import * as clock from "./clock.js";
import { h, openSheet, put, redraw } from "./element.js";
import * as kept from "./kept.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";
import { pinPanel } from "./pin.js";
import { banners, connection, themeKey } from "./bar.js";
import "./way_out.js";

const MARK = { caution: "▲", critical: "■" };

export function mount(root, { wall, may_open: mayOpen, may_enrol: mayEnrol, may_manage: mayManage, demonstration }) {
  if (root.screen) return;
  const place = Object.fromEntries(["banners", "loud", "top", "cards"].map((name) => [name, h("div", { class: `at-${name}` })]));
  const screen = h("main", { class: `board ${wall ? "wall" : ""}`, "aria-label": "Board" }, place.banners, place.loud, place.top, place.cards);
  root.replaceChildren(screen);
  const doc = () => live.current().document;

  // What can be done from the board: open an infusion, other pages, and leave this tablet.
  function actions() {
    const me = live.current().me;
    return [
      demonstration && mayEnrol ? rateKeys() : null,
      mayEnrol ? h("button", { class: "pill", type: "button", onclick: enrol }, "Make this a wall screen") : null,
      mayOpen ? h("a", { class: "key primary", href: "/patients", target: "_self" }, "Open an infusion") : h("a", { class: "pill link", href: "/patients", target: "_self" }, "Patients"),
      h("a", { class: "pill link", href: "/past", target: "_self" }, "Past infusions"),
      h("a", { class: "pill link", href: "/ranges", target: "_self" }, "Ranges"),
      mayManage ? h("a", { class: "pill link", href: "/staff", target: "_self" }, "Staff") : null,
      me ? h("button", { class: "pill switch", type: "button", "aria-label": `${me.name}, sign out`, onclick: signOut }, `${me.name} · sign out`) : null,
    ];
  }

  const post = (address, body = {}) =>
    fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "same-origin" });

  async function signOut() {
    try {
      await post("/api/sign-out");
    } catch {
      return; // not connected: the banner says so already
    }
    kept.forget();
    location.assign("/");
  }

  async function endWall() {
    try {
      const staff = await live.staffHere();
      openSheet(screen, "An administrator ends this wall screen", pinPanel(staff, null, () => location.assign("/")));
    } catch {
      // not connected: the banner says so already
    }
  }

  async function enrol() {
    if (outbox.items().length) {
      alert("Entries still wait on this tablet: they have to be sent before it can become a wall screen.");
      return;
    }
    if (!confirm("Make this device a wall screen? It shows chairs and initials only, and nobody stays signed in on it.")) return;
    const answer = await post("/api/wall");
    if (answer.ok) location.assign("/");
  }

  function rateKeys() {
    return h(
      "span",
      { class: "rates", role: "group", "aria-label": "Speed of the demonstration's time" },
      ...[1, 5, 30].map((rate) => h("button", { class: "pill", type: "button", "aria-pressed": String(clock.rate() === rate), onclick: () => post("/api/demonstration/rate", { rate }) }, `${rate}×`)),
    );
  }

  function spark(points, axis) {
    if (!points.length) return h("span");
    const xs = points.map((p) => p[0]);
    const ys = points.map((p) => p[1]);
    const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
    const [y0, y1] = [Math.min(...ys, axis[0]), Math.max(...ys, axis[1])];
    const at = ([x, y]) => `${(((x - x0) / (x1 - x0 || 1)) * 136 + 2).toFixed(1)},${(38 - ((y - y0) / (y1 - y0)) * 36).toFixed(1)}`;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 140 40");
    svg.setAttribute("class", "spark");
    svg.setAttribute("aria-hidden", "true");
    for (const point of points) {
      const dot = document.createElementNS(svg.namespaceURI, "circle");
      const [cx, cy] = at(point).split(",");
      dot.setAttribute("cx", cx);
      dot.setAttribute("cy", cy);
      dot.setAttribute("r", "2.6");
      svg.append(dot);
    }
    return svg;
  }

  function card(c) {
    const level = c.flags[0]?.level ?? "";
    const body = [
      h("div", { class: "card-head" }, h("b", { class: "card-chair", text: c.chair }), h("span", { class: "card-name", text: c.name }), h("span", { class: `card-phase ${c.phase}`, text: c.word })),
      h("div", { class: "card-time" }, h("b", { class: "card-big" }), h("span", { class: "card-of", text: c.of }), h("span", { class: "card-due" })),
      h("div", { class: "bar" }, h("i")),
      h("div", { class: "card-values" }, ...c.values.map((value) => h("div", { class: value.level ?? "", "data-at": value.at ?? "", "data-stale": value.stale_after }, h("b", { text: value.text || "—" }), h("span", { text: `${value.level ? `${MARK[value.level]} ` : ""}${value.label}` })))),
      h("div", { class: "card-foot" }, spark(c.trace, c.trace_axis), h("div", { class: "card-flags" }, h("span", { class: "card-age" }), ...(c.flags.length ? c.flags.slice(0, 2).map((flag) => h("span", { class: `${flag.level || "withdrawn"} ${flag.needs_acknowledgement ? "" : "quiet"}` }, `${flag.level ? `${MARK[flag.level]} ` : ""}${flag.words}${flag.needs_acknowledgement ? "" : " · acknowledged"}`)) : [h("span", { text: c.quiet })]), c.flags.length > 2 ? h("span", { text: `and ${c.flags.length - 2} more` }) : null)),
    ];
    const attributes = { class: `card ${level}`, "aria-label": `${c.chair}, ${c.name}, ${c.word}`, "data-infusion": c.infusion };
    return wall ? h("article", attributes, ...body) : h("a", { ...attributes, href: `/bedside?infusion=${c.infusion}`, target: "_self" }, ...body);
  }

  function draw() {
    const d = doc();
    const text = live.connectionText();
    screen.classList.toggle("lost", !live.current().connected && live.current().since !== null);
    banners(place.banners, place.loud, { doc: d, me: live.current().me, lastMe: null, zone: d?.clinic.zone });
    if (!d) {
      redraw(place.top, ["none"], () => [h("h1", { text: "Board" }), connection()]);
      return;
    }
    redraw(place.top, [d.counts, d.clinic.name, live.current().me?.name, clock.rate()], () => [
      h("h1", { text: "Board" }),
      h("span", { class: "pill", text: `${d.counts.progress} in progress` }),
      h("span", { class: `pill ${d.counts.critical ? "critical" : ""}`, text: `■ ${d.counts.critical} critical` }),
      h("span", { class: `pill ${d.counts.caution ? "caution" : ""}`, text: `▲ ${d.counts.caution} caution` }),
      d.counts.together ? h("span", { class: "pill", text: d.counts.together }) : null,
      h("span", { class: "gap" }),
      h("span", { class: "wall-clock" }),
      connection(),
      themeKey(),
      ...(wall ? [h("button", { class: "pill", type: "button", onclick: endWall }, "End wall screen …")] : actions(d)),
    ]);
    redraw(place.cards, d.cards, () =>
      h("div", { class: "cards" }, ...d.cards.map((c) => (c.infusion ? card(c) : h(wall ? "div" : "a", { class: "card free", ...(wall ? {} : { href: `/patients?chair=${c.chair_id}`, target: "_self" }) }, `${c.chair} — free`)))),
    );
    for (const node of screen.querySelectorAll(".connection")) {
      put(node, text);
      node.dataset.state = live.current().connected ? (text === "live" ? "live" : "waiting") : "lost";
    }
    tick();
  }

  function tick() {
    const d = doc();
    if (!d) return;
    const now = clock.now();
    const made = Date.parse(d.now);
    const shown = screen.querySelector(".wall-clock");
    if (shown) put(shown, clock.wallClock(now, d.clinic.zone, true));
    for (const c of d.cards) {
      if (!c.infusion) continue;
      const node = place.cards.querySelector(`[data-infusion="${c.infusion}"]`);
      if (!node) continue;
      const infusing = c.infusion_seconds === null ? null : c.infusion_seconds * 1000 + (c.phase === "infusing" ? now - made : 0);
      put(node.querySelector(".card-big"), infusing === null ? "—" : c.ended_at ? `+${clock.minutesAndSeconds(now - Date.parse(c.ended_at))}` : clock.minutesAndSeconds(infusing));
      node.querySelector(".bar i").style.width = infusing === null ? "0" : `${Math.min(100, (infusing / (c.planned_seconds * 1000)) * 100)}%`;
      const due = node.querySelector(".card-due");
      if (c.next) {
        const wait = Date.parse(c.next.at) - now;
        const overdue = c.next.state === "overdue";
        put(due, overdue ? `▲ overdue by ${clock.minutesAndSeconds(-wait)}` : wait <= 0 ? `due ${clock.minutesAndSeconds(-wait)} ago` : `next ${clock.minutesAndSeconds(wait)}`);
        due.className = `card-due ${overdue ? "caution" : ""}`;
      } else due.textContent = "";
      const ages = [];
      for (const value of node.querySelectorAll(".card-values > div")) {
        if (!value.dataset.at) continue;
        const old = now - Date.parse(value.dataset.at);
        value.classList.toggle("stale", old > Number(value.dataset.stale) * 1000);
        ages.push([old, old > Number(value.dataset.stale) * 1000]);
      }
      const [newest, oldest] = [Math.min(...ages.map(([age]) => age)), Math.max(...ages.map(([age]) => age))];
      const stale = ages.some(([, isStale]) => isStale);
      const old = node.querySelector(".card-age");
      const span = oldest - newest < 60000 ? clock.age(oldest) : `${clock.age(newest)} to ${clock.age(oldest)}`;
      put(old, ages.length ? `values ${span}${stale ? " · stale" : ""}` : "no values yet");
      old.classList.toggle("stale", stale);
    }
  }

  live.onChange(draw);
  setInterval(() => {
    draw();
  }, 1000);
  live.open(wall ? "wall=1" : "board=1");
  draw();
  root.screen = true;
}
