// The entry pad: tiles for the due set, large keys, drafts kept in the browser at every key.
// It applies the protocol's bounds itself, so that what it accepts without a connection is not refused later.

import * as clock from "./clock.js";
import { complete, impossible, question, range, textOf, valueOf, withDigit } from "./digits.js";
import { isolated } from "./directions.js";
import { describe, h, put, uuid } from "./element.js";
import { notTaken } from "./taps.js";
import * as typing from "./typing.js";

const TYPED_LONG_AGO_MS = 2 * 60000; // what is typed longer says its age, and is asked about before it is saved as seen now
const BESIDE = "Tap a tile first: digits go to the step beside the vital signs.";
const SAVED_MS = 1000; // a tap on Save so soon after it saved is the same tap

// Its keys type where digits go now: into the tile that was tapped, or into a field or PIN of a step beside it, whose name then
// stands above them.
// host: {infusion, protocol, entry(kind, id), put(body), latest(measure), seen(ms), seenText(), lacking(), say(text)}
export function entryPad(host) {
  const { protocol } = host;
  const byKey = Object.fromEntries(protocol.measures.map((measure) => [measure.key, measure]));
  const typed = [...protocol.set, ...protocol.optional].map((key) => byKey[key]);
  const key = `draft:${host.infusion}`;
  let draft = fresh();
  let savedAt = -Infinity;
  let editing = false; // a tile tapped again: its value is replaced, and nothing moves on by itself

  function fresh() {
    return { id: uuid(), digits: {}, not_done: {}, confirmed: {}, typed_at: {}, active: protocol.set[0] };
  }
  const takeKept = (text) => {
    draft = fresh();
    try {
      const kept = JSON.parse(text);
      if (kept?.id && kept.digits) draft = { ...draft, ...kept };
    } catch {
      // an unreadable draft cannot be shown; a fresh one starts
    }
  };
  takeKept(localStorage.getItem(key));
  const keepDraft = () => {
    try {
      if (Object.keys(draft.digits).length || Object.keys(draft.not_done).length) localStorage.setItem(key, JSON.stringify(draft));
      else localStorage.removeItem(key);
    } catch {
      host.say("This tablet's storage is full: what is typed is not kept over a reload.", "caution");
    }
  };

  const goes = h("b", { class: "digits-to" });
  const shows = h("b", { class: "digits-shown", "aria-hidden": "true" });
  const note = h("p", { class: "pad-note", role: "status", "aria-live": "polite" });
  const say = (text, level = "") => {
    note.textContent = isolated(text);
    note.className = `pad-note ${level}`;
  };
  const tiles = Object.fromEntries(
    typed.map((measure) => {
      const tile = h(
        "button",
        { class: "tile", type: "button", "aria-label": measure.label, "data-measure": measure.key, onclick: () => tapped(measure.key) },
        h("span", { class: "tile-name", text: measure.short }),
        h("span", { class: "tile-value" }),
        h("span", { class: "tile-was" }),
      );
      return [measure.key, tile];
    }),
  );
  const overlay = h("div", { class: "pad-overlay", hidden: true });
  const digit = (n) => h("button", { class: "key digit", type: "button", onclick: () => typing.press(String(n)) }, String(n));
  const nextKey = h("button", { class: "key", type: "button", onclick: () => beside() ? onward() : next() }, "Next");
  const notDoneKey = h("button", { class: "key", type: "button", onclick: () => beside() ? say(BESIDE, "caution") : askReason() }, "Not done");
  const saveKey = h("button", { class: "key save", type: "button", "aria-label": "Save", onclick: (event) => beside() && !ofTheSet(beside()) ? saveBeside() : save(event) }, h("span", { text: "Save" }), h("small"));
  const keys = h(
    "div",
    { class: "keys" },
    ...[7, 8, 9].map(digit),
    h("button", { class: "key", type: "button", "aria-label": "Delete", onclick: () => typing.press("Delete") }, "⌫"),
    ...[4, 5, 6].map(digit),
    nextKey,
    ...[1, 2, 3].map(digit),
    notDoneKey,
    digit(0),
    h("button", { class: "key digit", type: "button", "aria-label": "Decimal point", onclick: () => typing.press(".") }, "."),
    saveKey,
  );
  const node = h(
    "div",
    { class: "pad" },
    h("div", { class: "tiles", role: "group", "aria-label": "Vital signs" }, ...Object.values(tiles)),
    h("div", { class: "pad-line" }, h("p", { class: "digits-place", role: "status" }, "Typing: ", goes, " ", shows), note),
    h("div", { class: "keys-place" }, keys, overlay),
  );
  // The caret stays in its field while its digits are typed here.
  node.addEventListener("mousedown", (event) => event.target.closest(".keys") && event.preventDefault());

  // What takes the digits beside this pad, or null.
  const beside = () => (typing.atHome() ? null : typing.place());
  // The time of an entry from paper, or of a late one, goes with what is typed here: Save saves both.
  const ofTheSet = (taker) => Boolean(taker.field?.closest(".mode"));
  const home = {
    node: tiles[typed[0].key].parentElement,
    name: () => byKey[draft.active].label + (byKey[draft.active].unit ? ` ${byKey[draft.active].unit}` : ""),
    shown: () => "",
    press(key) {
      if (key === ".") return `${byKey[draft.active].label}: the point sets itself.`;
      if (!overlay.hidden) return "First the question that stands over the keys.";
      if (key === "Delete") erase();
      else press(key);
      return "";
    },
  };

  // An explicit tap: from now on digits go into this tile.
  function tapped(measure) {
    typing.to(home);
    choose(measure, true);
  }

  function onward() {
    const field = beside().field && typing.nextField(beside().field);
    if (field) field.focus({ preventScroll: true });
    else say("This step has no further field.", "caution");
    field?.scrollIntoView({ block: "nearest" });
  }

  function saveBeside() {
    const { field } = beside();
    const key = field && typing.saving(field);
    if (key) key.click();
    else say(field ? "This step is saved by a key of its own." : "A PIN is checked once its six digits are there.", "caution");
  }

  function choose(measure, tapped = false) {
    editing = tapped && (draft.digits[measure] ?? "") !== "" ? "replace" : tapped && draft.active === measure && editing ? editing : false;
    draft.active = measure;
    closeOverlay();
    draw();
  }

  function press(n) {
    closeOverlay();
    const measure = byKey[draft.active];
    let digits = draft.digits[measure.key] ?? "";
    if (editing === "replace") {
      digits = "";
      editing = "still";
    }
    const more = withDigit(measure, digits, n);
    if (more === null) {
      say(`${measure.label} ${textOf(measure, digits)}${n}: expected ${range(measure, measure.possible)}.`, "caution");
      return;
    }
    digits = more;
    draft.typed_at[measure.key] = clock.now();
    draft.digits[measure.key] = digits;
    delete draft.not_done[measure.key];
    delete draft.confirmed[measure.key];
    say("");
    if (!editing && complete(measure, digits)) advance();
    keepDraft();
    draw();
  }

  function erase() {
    closeOverlay();
    const measure = draft.active;
    if (draft.not_done[measure]) delete draft.not_done[measure];
    else if ((draft.digits[measure] ?? "") === "") {
      const before = typed[typed.findIndex((m) => m.key === measure) - 1];
      if (before) draft.active = before.key;
    } else {
      draft.digits[measure] = draft.digits[measure].slice(0, -1);
      if (draft.digits[measure] === "") delete draft.digits[measure];
      delete draft.confirmed[measure];
      editing = false;
    }
    keepDraft();
    draw();
  }

  const empty = (measure) => (draft.digits[measure] ?? "") === "" && !draft.not_done[measure];

  // On to the next tile of the set that is still empty; the last one stays.
  function advance() {
    editing = false;
    const order = typed.map((measure) => measure.key);
    const here = order.indexOf(draft.active);
    const onward = [...order.slice(here + 1), ...order.slice(0, here)].filter((m) => protocol.set.includes(m) && empty(m));
    if (onward.length) [draft.active] = onward;
  }

  function next() {
    closeOverlay();
    const order = typed.map((measure) => measure.key);
    editing = false;
    draft.active = order[(order.indexOf(draft.active) + 1) % order.length];
    keepDraft();
    draw();
  }

  function closeOverlay() {
    overlay.hidden = true;
    overlay.replaceChildren();
    keys.inert = false;
  }

  function openOverlay(title, ...content) {
    overlay.replaceChildren(h("p", { class: "overlay-title", text: title }), h("div", { class: "overlay-keys" }, ...content));
    overlay.setAttribute("role", "alertdialog");
    describe(overlay, "aria-label", title);
    overlay.hidden = false;
    keys.inert = true;
    overlay.querySelector("button")?.focus({ preventScroll: true });
  }

  function askReason() {
    const measure = byKey[draft.active];
    openOverlay(
      `${measure.label} not done, because:`,
      ...protocol.not_done_reasons.map((reason) =>
        h(
          "button",
          {
            class: "key",
            type: "button",
            onclick: () => {
              delete draft.digits[measure.key];
              delete draft.confirmed[measure.key];
              draft.not_done[measure.key] = reason;
              draft.typed_at[measure.key] = clock.now();
              closeOverlay();
              advance();
              keepDraft();
              draw();
            },
          },
          reason,
        ),
      ),
      h("button", { class: "key quiet", type: "button", onclick: closeOverlay }, "Back"),
    );
  }

  function values() {
    const found = {};
    for (const measure of typed) {
      const value = valueOf(measure, draft.digits[measure.key] ?? "");
      if (value !== null) found[measure.key] = value;
    }
    return found;
  }

  // When the first of what stands here was typed [ms], or null.
  function typedAt() {
    const stands = [...Object.keys(draft.digits), ...Object.keys(draft.not_done)];
    return stands.length ? Math.min(...stands.map((measure) => draft.typed_at[measure] ?? draft.began ?? clock.now())) : null;
  }
  const typedAgo = () => `typed ${clock.age(clock.now() - typedAt())}`;
  const isOld = () => typedAt() !== null && clock.now() - typedAt() > TYPED_LONG_AGO_MS * clock.rate();

  // Digits that have stood for long may be of another moment, or of another look altogether.
  function askAge(event) {
    const since = typedAt();
    const answer = (label, act, kind = "") => h("button", { class: `key ${kind}`, type: "button", onclick: act }, label);
    openOverlay(
      `${typedAgo().replace("typed", "Typed")}: still true?`,
      answer("Just now", () => {
        for (const measure of typed) draft.typed_at[measure.key] = clock.now();
        save(event);
      }),
      answer(`Then, ${host.timeOf(since)}`, () => {
        host.seen(since);
        save(event);
      }),
      answer("Clear", () => {
        draft = fresh();
        editing = false;
        keepDraft();
        closeOverlay();
        draw();
        say("Cleared: nothing of it was saved.", "caution");
      }),
      answer("Back", closeOverlay, "quiet"),
    );
  }

  // Save: what cannot be is said in words, what is unusual is asked once; then it is kept and on its way.
  function save(event) {
    closeOverlay();
    const found = values();
    const given = Object.keys(found).length + Object.keys(draft.not_done).length;
    if (!given) {
      if (performance.now() - savedAt < SAVED_MS) {
        notTaken(event, "Taken once.");
        return;
      }
      say("Nothing is entered yet: type a value, or tap Not done.", "caution");
      return;
    }
    for (const measure of typed) {
      if (found[measure.key] === undefined) continue;
      const wrong = impossible(measure, found[measure.key]);
      if (wrong) {
        draft.active = measure.key;
        editing = "replace";
        say(wrong, "caution");
        keepDraft();
        draw();
        return;
      }
    }
    for (const measure of typed) {
      if (found[measure.key] === undefined || draft.confirmed[measure.key]) continue;
      const asked = question(measure, found[measure.key], found, byKey);
      if (!asked) continue;
      openOverlay(
        asked,
        h(
          "button",
          {
            class: "key",
            type: "button",
            onclick: () => {
              draft.confirmed[measure.key] = true;
              keepDraft();
              save(event);
            },
          },
          "Yes, this is what I see",
        ),
        h(
          "button",
          {
            class: "key quiet",
            type: "button",
            onclick: () => {
              draft.active = measure.key;
              editing = "replace";
              closeOverlay();
              draw();
            },
          },
          "Change it",
        ),
      );
      return;
    }
    if (isOld() && !host.seenText()) {
      askAge(event);
      return;
    }
    const body = {
      ...host.entry("set", draft.id),
      readings: Object.entries(found).map(([measure, value]) => ({
        measure,
        value,
        confirmed_unusual: Boolean(draft.confirmed[measure]),
        observed_not_asked: false,
      })),
      not_done: Object.entries(draft.not_done).map(([measure, reason]) => ({ measure, reason })),
    };
    if (!host.put(body)) return; // said why; what was typed stays
    draft = fresh();
    savedAt = performance.now();
    editing = false;
    keepDraft();
    draw();
  }

  function draw() {
    const taker = beside();
    if (taker && !overlay.hidden) closeOverlay(); // its keys are needed; what it asked is asked again by Save
    put(goes, (taker ?? home).name());
    const old = !taker && isOld();
    put(shows, taker ? taker.shown() : old ? `▲ ${typedAgo()}` : "");
    shows.classList.toggle("caution", old);
    for (const measure of typed) {
      const tile = tiles[measure.key];
      const digits = draft.digits[measure.key] ?? "";
      const reason = draft.not_done[measure.key];
      const active = !taker && draft.active === measure.key;
      const last = host.latest(measure.key);
      tile.classList.toggle("active", active);
      tile.classList.toggle("filled", digits !== "" || Boolean(reason));
      tile.setAttribute("aria-pressed", String(active));
      describe(tile, "aria-description", digits ? `${textOf(measure, digits)} ${measure.unit}` : reason ? `not done, ${reason}` : "empty");
      const value = tile.children[1];
      put(value, digits ? textOf(measure, digits) + (active ? "_" : "") : reason ? "n/d" : active ? "_" : "—");
      tile.children[2].className = `tile-was ${(!reason && last?.level) || ""} ${last?.waiting ? "waiting" : ""}`;
      put(tile.children[2], reason || (protocol.optional.includes(measure.key) && !last ? "not due" : last ? `was ${last.text}${last.level ? ` ${host.mark(last.level)}` : ""}` : measure.unit));
    }
    const seen = host.seenText();
    const saves = taker && !ofTheSet(taker) ? (taker.field && typing.saving(taker.field)?.textContent) || "" : "Save";
    put(saveKey.firstChild, saves || "Save");
    put(saveKey.lastChild, !taker || ofTheSet(taker) ? seen : saves ? taker.name() : "");
    describe(saveKey, "aria-label", taker && saves && !ofTheSet(taker) ? `${saves}: ${taker.name()}` : "Save");
    saveKey.setAttribute("aria-disabled", String(!saves));
    notDoneKey.setAttribute("aria-disabled", String(Boolean(taker)));
    nextKey.setAttribute("aria-disabled", String(Boolean(taker) && !(taker.field && typing.nextField(taker.field))));
    if (!note.textContent || !note.classList.contains("caution")) {
      const measure = byKey[draft.active];
      const last = host.latest(measure.key);
      note.className = "pad-note";
      put(note, taker ? "vital signs: tap a tile" : [last ? `last ${last.text}, ${clock.age(clock.now() - Date.parse(last.at))}` : "", host.lacking()].filter(Boolean).join(" · "));
    }
  }

  // What is typed in one tab of this browser is in the others too, and gone from them once it is saved.
  addEventListener("storage", function follow(event) {
    if (event.key !== key) return;
    if (!node.isConnected) {
      removeEventListener("storage", follow);
      return;
    }
    takeKept(event.newValue);
    closeOverlay();
    draw();
  });
  typing.setHome(home);
  let stood = false;
  const unfollow = typing.onChange((key) => {
    stood ||= node.isConnected;
    if (stood && !node.isConnected) return unfollow();
    if (key && typing.refused()) say(typing.refused(), "caution");
    else if (key && !typing.atHome()) say("");
    return draw();
  });
  draw();
  return { node, draw, say, hasDraft: () => Object.keys(draft.digits).length + Object.keys(draft.not_done).length > 0 };
}
