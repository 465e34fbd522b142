// What a nurse who takes over reads in twenty seconds, and the key with which she takes over. The same document as at the
// bedside; what counts, counts here.

import { banners, connection, themeKey } from "./bar.js";
import { countedWords, runningClocks } from "./care.js";
import * as clock from "./clock.js";
import { h, keyed, once, openSheet, put, redraw, uuid } from "./element.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";
import { pinPanel } from "./pin.js";
import { stands, waitingHere } from "./stands.js";
import "./way_out.js";

const MARK = { caution: "▲", critical: "■" };
const TOLD = ["Who", "Running"]; // said above: in the top line, and by the rows that count

export function mount(root, { infusion, pins }) {
  if (root.screen?.infusion === infusion) return;
  root.screen?.leave();
  root.screen = handover(root, infusion, pins);
}

function handover(root, infusion, pins) {
  const doc = () => live.current().document;
  const me = () => live.current().me;
  const host = { care: () => doc()?.care ?? null };
  let lastMe = null;
  let open = null; // the sheet that signs somebody in
  const place = Object.fromEntries(["banners", "loud", "top"].map((name) => [name, h("div", { class: `at-${name}` })]));
  const phase = h("div", { class: "handover-where" });
  const clocks = h("ul", { class: "rows", "aria-label": "Running clocks" });
  const eachClock = keyed(clocks);
  const lines = h("dl", { class: "handover-lines", "aria-label": "Handover" });
  const take = h("div", { class: "handover-take" });
  const said = h("p", { class: "said", role: "status" });
  const screen = h("main", { class: "board handover", "aria-label": "Handover" }, place.banners, place.loud, place.top, phase, clocks, lines, take, said);
  root.replaceChildren(screen);

  function takeOver() {
    const who = live.current().signedOut ? null : (me() ?? lastMe);
    if (!who) {
      put(said, "Nobody is signed in on this tablet: tap Sign in first.");
      return;
    }
    const now = clock.iso();
    const body = { id: uuid(), kind: "event", observed_at: now, tapped_at: now, clock: clock.source(), sign_in: who.sign_in ?? "", readings: [], not_done: [], event: { kind: "handover", detail: {} }, acknowledgement: null, corrects: null, withdraws: null, reason: "" };
    try {
      outbox.put(infusion, who.name, body);
      put(said, "");
    } catch {
      put(said, "This tablet's storage is full, so this was not taken.");
    }
    draw();
  }

  async function signIn() {
    let staff;
    try {
      staff = await live.staffHere();
    } catch {
      put(said, "Not connected: nobody can be signed in now.");
      return;
    }
    open = openSheet(screen, "Who takes over?", (close) => pinPanel(staff, pins, (person) => {
      close();
      live.current().me = person;
      outbox.signedIn();
      live.reconnect();
      draw();
    }));
  }

  function drawWhere() {
    const d = doc();
    const at = stands(d);
    const planned = clock.minutesAndSeconds(d.course.planned_seconds * 1000);
    const until = d.course.closed_at ? Date.parse(d.course.closed_at) : clock.now();
    const big = at.started === null ? "—" : at.ended !== null ? `+${clock.minutesAndSeconds(until - at.ended)}` : clock.minutesAndSeconds(at.infused);
    const small = at.started === null ? "before the start" : at.ended !== null ? `after the end · infused ${clock.minutesAndSeconds(at.infused)} of ${planned}` : `of ${planned} · elapsed ${clock.minutesAndSeconds(until - at.started)}`;
    const wait = d.next ? Date.parse(d.next.at) - clock.now() : 0;
    const late = Math.floor(-wait / 60000); // in minutes: "15:55" beside "overdue" would be read as a time of day
    const next = !d.next ? "no set is due" : d.next.state === "overdue" ? `▲ set overdue by ${late} min` : wait > 0 ? `next set in ${clock.minutesAndSeconds(wait)}` : `set due ${late} min ago`;
    redraw(phase, [at.phase, d.course.word, d.next?.state], () => [
      h("b", { class: `phase-word ${at.phase}`, text: at.phase === d.course.phase ? d.course.word : at.phase }), h("b", { class: "big", role: "timer", "aria-label": "Infusion time" }), h("span", { class: "of-long" }), h("b", { class: `next-long ${d.next?.state === "overdue" ? "caution" : ""}` }),
    ]);
    put(phase.children[1], big);
    put(phase.children[2], small);
    put(phase.children[3], next);
  }

  function clockRow() {
    const label = h("span", { class: "row-label" });
    const time = h("b", { class: "row-time" });
    const row = h("li", { class: "row" }, label, time);
    return {
      node: row,
      draw(one) {
        put(label, one.label);
        put(time, countedWords(one));
        row.classList.toggle("due", Boolean(one.due_at) && Date.parse(one.due_at) <= clock.now());
      },
    };
  }

  function draw() {
    if (me()) lastMe = me();
    const d = doc();
    const shown = live.current();
    screen.classList.toggle("lost", !shown.connected && shown.since !== null);
    banners(place.banners, place.loud, { doc: d, me: me(), lastMe, zone: d?.clinic?.zone, signIn });
    if (!d || d.type === "missing") {
      redraw(lines, d?.sentence ?? "opening", () => h("p", { class: "opening" }, d ? d.sentence : "Opening the infusion …", " ", h("a", { class: "key", href: "/board", target: "_self" }, "To the board")));
      return;
    }
    const who = me();
    redraw(place.top, [d.who, d.infusion, who?.name], () => [
      h("a", { class: "pill link", href: `/bedside?infusion=${encodeURIComponent(infusion)}`, target: "_self", "aria-label": "Bedside" }, "‹ Bedside"),
      h("span", { class: "pill chair", text: d.who.chair }),
      h("h1", { class: "patient" }, h("b", { text: d.who.name }), h("span", { text: d.who.line })),
      h("span", { class: "pill", text: d.infusion.which }),
      connection(),
      themeKey(),
      h("button", { class: "pill switch", type: "button", "aria-label": who ? `${who.name}, switch` : "Sign in", onclick: signIn }, who ? `${who.name} · switch` : "Sign in"),
    ]);
    drawWhere();
    eachClock(runningClocks(host), (one) => one.key, clockRow);
    const told = (d.care?.handover?.lines ?? []).filter((line) => !TOLD.includes(line.label));
    redraw(lines, told, () => told.map((line) => h("div", { class: line.level ?? "" }, h("dt", { text: line.label }), h("dd", { text: `${line.level ? `${MARK[line.level] ?? ""} ` : ""}${line.text}` }))));
    const responsible = d.care?.responsible?.name ?? "not recorded";
    const waits = waitingHere(d).some(({ body }) => body.event?.kind === "handover");
    const mine = who && responsible === who.name;
    redraw(take, [responsible, who?.name, who?.may_record, waits, d.course.read_only], () => [
      h("p", {}, "Responsible: ", h("b", { text: responsible })),
      waits
        ? h("p", { class: "hint", text: "Taking over: to be sent." })
        : mine || d.course.read_only || !who || who.may_record === false
          ? h("p", { class: "hint", text: mine ? "You are responsible." : "" })
          : h("button", { class: "key primary", type: "button", "aria-label": "I take over", onclick: once(takeOver) }, `I take over · ${who.name}`),
    ]);
    const text = live.connectionText();
    for (const node of screen.querySelectorAll(".connection")) {
      put(node, text);
      node.dataset.state = shown.connected ? (text === "live" ? "live" : "waiting") : "lost";
    }
  }

  const stop = [live.onChange(draw), outbox.onChange(draw)];
  const timer = setInterval(draw, 1000);
  live.open(`infusion=${encodeURIComponent(infusion)}&screen=handover`);
  draw();
  return {
    infusion,
    leave() {
      open?.();
      clearInterval(timer);
      stop.forEach((end) => end());
    },
  };
}
