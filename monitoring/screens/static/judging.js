// Judges the values that this tablet holds, by the table of limits in its document (documents/limits.py): what waits is
// judged as clinical/flags.py will judge it once it is recorded. Pure; both sides are held to the same vectors.

const RANK = { caution: 1, critical: 2 };

// What will stand once all has arrived that waits: {latest, levels}. `levels`: by entry, and by measure, what its value
// reaches, {level, side, words}; what is in range, or cannot be judged (no baseline, no value before), is not there.
// `latest`: by measure the last value, {id, at [ms], value}.
// table: the document's `limits`; waiting: the bodies of the entries, in the order in which they will be sent.
export function judged(table, waiting) {
  const record = recordWith(table, waiting);
  const standing = inOrder(record);
  const levels = {};
  const { phases, start } = courseOf(standing, table.leads_to);
  const oxygen = valuesOf(standing, table.oxygen);
  const context = { phaseAt: (at) => latest(phases, at)?.phase ?? "planned", onAir: (at) => (latest(oxygen, at)?.value ?? 0) === 0 };
  for (const [measure, limits] of Object.entries(table.limits)) {
    const baseline = start ? (record.get(start.baseline[measure])?.values[measure] ?? null) : null;
    let before = null;
    for (const { id, at, value } of valuesOf(standing, measure)) {
      // Before the start there is nothing to have changed from: absolute limits only.
      const compared = start && at >= start.at ? { baseline, before } : { baseline: null, before: null };
      const met = limits.filter((limit) => reached(limit, value, compared) && holds(limit, at, context));
      if (met.length) (levels[id] ??= {})[measure] = decisive(met);
      before = value;
    }
  }
  return { levels, latest: latestOf(standing) };
}

function latestOf(standing) {
  const found = {};
  for (const { id, at, values } of standing) for (const [measure, value] of Object.entries(values)) found[measure] = { id, at, value };
  return found;
}

// The record as it will be once what waits has arrived: {id, at [ms], values, event, baseline} by id, in the order recorded.
function recordWith(table, waiting) {
  const record = new Map(table.recorded.map((entry) => [entry.id, { ...entry, at: Date.parse(entry.at) }]));
  for (const body of waiting) {
    const former = record.get(body.corrects);
    if (body.withdraws) {
      record.delete(body.withdraws);
      continue;
    }
    const event = body.event && table.leads_to[body.event.kind] ? body.event.kind : null;
    const entry = { id: body.id, at: Date.parse(body.observed_at), values: {}, event, baseline: {} };
    for (const { measure, value } of body.readings ?? []) entry.values[measure] = value;
    if (event === "start") entry.baseline = former?.at === entry.at ? former.baseline : baselineAt(record, entry.at);
    if (body.corrects) {
      record.delete(body.corrects);
      for (const one of record.values()) one.baseline = handedOn(one.baseline, body.corrects, body.id);
    }
    record.set(entry.id, entry);
  }
  return record;
}

// A value that is pinned as the baseline stays so when it is corrected.
const handedOn = (baseline, from, to) => Object.fromEntries(Object.entries(baseline).map(([measure, id]) => [measure, id === from ? to : id]));

// What a start pins: by measure the entry with the latest value that stands then.
function baselineAt(record, at) {
  const found = latestOf(inOrder(record).filter((entry) => entry.at <= at));
  return Object.fromEntries(Object.entries(found).map(([measure, { id }]) => [measure, id]));
}

// By the time seen; of the same moment, in the order recorded.
const inOrder = (record) => [...record.values()].sort((a, b) => a.at - b.at);
const valuesOf = (standing, measure) => standing.filter(({ values }) => measure in values).map(({ id, at, values }) => ({ id, at, value: values[measure] }));
const latest = (list, at) => list.findLast((one) => one.at <= at);

// When which phase began, and the start that counts. An event that does not fit the phase it meets changes nothing.
function courseOf(standing, leadsTo) {
  let phase = "planned";
  let start = null;
  const phases = [];
  for (const entry of standing) {
    const next = entry.event && leadsTo[entry.event][phase];
    if (!next) continue;
    phase = next;
    phases.push({ at: entry.at, phase });
    if (entry.event === "start") start = entry;
  }
  return { phases, start };
}

const holds = (limit, at, { phaseAt, onAir }) => (!limit.phase.length || limit.phase.includes(phaseAt(at))) && (limit.applies !== "air" || onAir(at));

function reached({ key, value: bound }, value, { baseline, before }) {
  switch (key) {
    case "at_or_above":
      return value >= bound;
    case "above":
      return value > bound;
    case "at_or_below":
      return value <= bound;
    case "below":
      return value < bound;
    case "step_at_or_above":
      return before !== null && Math.abs(difference(value, before)) >= bound;
    default:
      return changed(key, bound, value, baseline);
  }
}

function changed(key, bound, value, baseline) {
  const signs = { rise: 1, fall: -1 };
  const sign = signs[key.split("_")[0]];
  if (!sign || baseline === null) return false;
  const change = sign * difference(value, baseline);
  if (!key.includes("percent")) return change >= bound;
  return baseline !== 0 && dusted((change / baseline) * 100) >= bound;
}

// Without the dust of binary fractions: 37.4 - 36.6 is 0.8.
const dusted = (number) => Number(number.toFixed(6));
const difference = (value, other) => dusted(value - other);

// The limit to name: of those that give the level, an absolute one before one about change, then the strictest.
function decisive(met) {
  const rank = ({ key, value, level, side }) => {
    const absolute = ["at_or_above", "above", "at_or_below", "below"].includes(key);
    return [RANK[level], Number(absolute), absolute && side === "low" ? -value : value];
  };
  const graver = (a, b) => {
    const [one, other] = [rank(a), rank(b)];
    const n = one.findIndex((part, i) => part !== other[i]);
    return n >= 0 && one[n] > other[n];
  };
  const { level, side, words } = met.reduce((best, limit) => (graver(limit, best) ? limit : best));
  return { level, side, words };
}
