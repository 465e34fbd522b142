// Under the record: what is still open, who has signed, and the next signature. After the last one it is locked; what is added
// then is marked as a late entry or an addendum.

import { attest } from "./attest.js";
import { section } from "./before.js";
import { h, redraw } from "./element.js";

// host: the bedside's record(), care(), staff(), me(), mayRecord(), hasDraft(), amend(kind); place(): where PINs are asked.
export function signingTab(host, place) {
  const facts = () => host.care()?.signing ?? null;
  const [locked, points, signed, next, adding] = Array.from({ length: 5 }, () => h("div"));
  const openPart = section("Open points", points);
  const signedPart = section("Signatures", signed, next);
  const addingPart = section("Adding to the record", adding);
  const none = h("p", { class: "hint", text: "This infusion's protocol asks for no signatures." });
  const node = h("div", { class: "step" }, none, locked, openPart, signedPart, addingPart);

  function sign(step) {
    const entry = host.newId();
    const roles = step.roles ?? [];
    const fits = (person) => (roles.length && !roles.includes(person.role) ? `signs not as ${step.meaning}` : (facts().signed ?? []).some((one) => one.name === person.name) ? "has signed already" : "");
    attest(host, place(), {
      title: `Sign as ${step.meaning}`,
      entry,
      before: facts().open_points?.length ? `Open: ${facts().open_points.join(" · ")}` : "",
      steps: [{ meaning: step.meaning, fits, prefer: host.me()?.staff }],
      done: (attestations) => host.record("sign", { meaning: step.meaning }, { id: entry, attestations }),
    });
  }

  function draw() {
    const now = facts();
    const phase = host.stands().phase;
    const may = host.mayRecord();
    none.hidden = now !== null;
    openPart.hidden = signedPart.hidden = now === null;
    addingPart.hidden = phase !== "closed" || !may;
    const open = [...(host.hasDraft() ? ["On this tablet a set is typed and not saved."] : []), ...(now?.open_points ?? [])];
    redraw(locked, [now?.locked, now?.locked_words], () => (now?.locked ? h("p", { class: "held" }, h("b", { text: now.locked_words || "Signed and locked." })) : null));
    redraw(points, open, () => (open.length ? h("ul", { class: "points", "aria-label": "Open points" }, ...open.map((words) => h("li", { class: "caution", text: `▲ ${words}` }))) : h("p", { class: "hint", text: "None is listed." })));
    redraw(signed, now?.signed, () =>
      now?.signed?.length
        ? h("ul", { class: "points", "aria-label": "Signatures" }, ...now.signed.map((one) => h("li", {}, h("b", { text: `${one.meaning}: ${one.name}` }), ` ${[one.role, one.time].filter(Boolean).join(" · ")}`)))
        : h("p", { class: "hint", text: "Nobody has signed yet." }),
    );
    redraw(next, [now?.next, now?.locked, phase, may], () => {
      if (!now?.next || now.locked || !may) return null;
      if (phase === "closed") return h("button", { class: "key primary", type: "button", onclick: () => sign(facts().next) }, `Sign as ${now.next.meaning} …`);
      return h("p", { class: "hint", text: `Next: ${now.next.meaning}${now.next.roles?.length ? ` (${now.next.roles.join(" or ")})` : ""}, after the patient has left.` });
    });
    redraw(adding, [host.amendment()], () => [
      h("p", { class: "hint", text: "Late entry: it was seen then and left out. Addendum: it was not known then. The next entry is marked so." }),
      h("div", { class: "choices" }, ...[["late entry", "Late entry …"], ["addendum", "Addendum …"]].map(([kind, words]) =>
        h("button", { class: "key", type: "button", "aria-pressed": String(host.amendment() === kind), onclick: () => host.amend(kind) }, words))),
    ]);
  }

  return {
    key: "signing",
    label: "Sign-off",
    node,
    draw,
    status() {
      const now = facts();
      if (!now) return "";
      if (now.locked) return "locked";
      return ["closed"].includes(host.stands().phase) && now.next ? `${now.next.meaning}: to sign` : (now.signed ?? []).length ? `${now.signed.length} signed` : "";
    },
  };
}
