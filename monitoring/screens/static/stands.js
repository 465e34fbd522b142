// Where an infusion stands, with what still waits in this tablet: pump events entered without a connection count.

import * as clock from "./clock.js";
import * as outbox from "./outbox.js";

const NEXT_PHASE = {
  start: { planned: "infusing" },
  pause: { infusing: "paused" },
  resume: { paused: "infusing" },
  end: { infusing: "recovery", paused: "recovery" },
  stop: { infusing: "recovery", paused: "recovery" },
};

// The entries of this infusion that wait in this tablet and are not in the document yet.
export function waitingHere(doc) {
  return outbox.waiting().filter((item) => item.infusion === doc.id && !doc.entries.some((entry) => entry.id === item.body.id));
}

// {phase, infused [ms], started [ms], ended [ms]}
export function stands(doc) {
  const { course, now } = doc;
  const instant = (iso) => (iso ? Date.parse(iso) : null);
  const at = { phase: course.phase, infused: (course.infusion_seconds ?? 0) * 1000, started: instant(course.started_at), ended: instant(course.ended_at) };
  let last = Date.parse(now);
  for (const { body } of waitingHere(doc)) {
    const onward = body.event && !body.corrects ? NEXT_PHASE[body.event.kind]?.[at.phase] : null;
    if (!onward) continue;
    const when = Date.parse(body.observed_at);
    if (at.phase === "infusing") at.infused += when - last;
    if (onward === "infusing") at.started ??= when;
    if (onward === "recovery") at.ended = when;
    last = when;
    at.phase = onward;
  }
  if (at.phase === "infusing") at.infused += clock.now() - last;
  return at;
}
