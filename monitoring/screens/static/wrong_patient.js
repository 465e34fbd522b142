// Entries made at the wrong chair: withdrawn here with a reason and copied to the right infusion, in one step on the server.

import * as clock from "./clock.js";
import { h, once, put } from "./element.js";
import { choices, ownWords } from "./fields.js";

const MOST = 20; // entries offered, the newest
const PATIENCE_MS = 8000;
const STAYS = ["start", "time_out", "dose_check", "drug", "close", "sign"]; // signed, or what an infusion hangs on: offered only when it was tapped

// The open infusions of this clinic, as the board is told of them: [{infusion, chair, name}].
function openInfusions() {
  return new Promise((found, failed) => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live?board=1`);
    const limit = setTimeout(() => give(failed), PATIENCE_MS);
    const give = (answer, value) => {
      clearTimeout(limit);
      socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
      answer(value);
    };
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.type === "board") give(found, message.cards.filter((card) => card.infusion));
    };
    socket.onclose = socket.onerror = () => give(failed);
  });
}

// host: the bedside's doc(), say(), sheet(), infusion.
export function wrongPatient(host) {
  const { doc } = host;

  async function begin(entry) {
    let others;
    try {
      others = (await openInfusions()).filter((one) => one.infusion !== host.infusion);
    } catch {
      host.say("Not connected: entries cannot be moved to another patient now.", "caution");
      return;
    }
    if (!others.length) {
      host.say("No other infusion is open: there is nobody to move this to. Use Withdraw.", "caution");
      return;
    }
    host.sheet("Wrong patient: whose is it?", () =>
      h("div", { class: "choices wide", role: "group", "aria-label": "Open infusions" }, ...others.map((one) =>
        h("button", { class: "key", type: "button", onclick: () => tick(entry, one) }, h("b", { text: one.chair }), ` ${one.name}`))));
  }

  function tick(entry, to) {
    const chosen = new Set([entry.id]);
    const offered = doc().entries.filter((one) => one.can_correct && !STAYS.includes(one.event?.kind)).slice(0, MOST);
    if (!offered.some((one) => one.id === entry.id)) offered.unshift(entry);
    host.sheet(`To ${to.chair}, ${to.name}: which entries?`, () => {
      const onward = h("button", { class: "key primary", type: "button", onclick: () => why([...chosen], to) });
      const name = () => {
        put(onward, `Move ${chosen.size} ${chosen.size === 1 ? "entry" : "entries"} …`);
        onward.disabled = !chosen.size;
      };
      name();
      return [
        onward,
        h("div", { class: "choices wide", role: "group", "aria-label": "Entries to move" }, ...offered.map((one) => {
          const key = h("button", { class: "key tick", type: "button", role: "checkbox", "aria-checked": String(chosen.has(one.id)), onclick: () => {
            if (!chosen.delete(one.id)) chosen.add(one.id);
            key.setAttribute("aria-checked", String(chosen.has(one.id)));
            name();
          } }, `${one.time} ${one.text}`);
          return key;
        })),
      ];
    });
  }

  function why(entries, to) {
    const send = async (reason, shut) => {
      let answer;
      let said;
      try {
        answer = await fetch(`/api/infusions/${encodeURIComponent(host.infusion)}/move-entries`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ entries, to: to.infusion, reason }),
          credentials: "same-origin",
        });
        said = await answer.json();
      } catch {
        host.say("Not connected: nothing was moved.", "caution");
        return;
      }
      if (!answer.ok) {
        host.say((said.sentences ?? ["Nothing was moved."]).join(" "), "caution");
        return;
      }
      shut();
      host.say(`${entries.length} ${entries.length === 1 ? "entry" : "entries"} withdrawn here and written down for ${to.chair}, ${to.name}, as of ${clock.wallClock(clock.now(), doc().clinic.zone)}.`);
    };
    host.sheet(`Moved to ${to.chair}, ${to.name}, because:`,
      (shut) => choices(doc().pad.correction_reasons, (reason) => send(reason, shut)),
      (shut) => ownWords("Another reason", once((reason) => send(reason, shut))));
  }

  return begin;
}
