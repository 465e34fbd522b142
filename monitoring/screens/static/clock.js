// The server's time, as this tablet knows it: last synchronised time plus the browser's monotonic time.
// The tablet's own clock is used only after a reload without a connection, with its stored offset, and says so.

const KEPT = "clock-offset";
const SLEPT_MS = 2000;
let synced = null; // {server: ms, at: performance.now(), wall: Date.now(), rate}

export function synchronise(iso, rate) {
  const server = Date.parse(iso);
  synced = { server, at: performance.now(), wall: Date.now(), rate };
  try {
    localStorage.setItem(KEPT, String(server - Date.now()));
  } catch {
    // a full or forbidden storage only costs the fallback
  }
}

// A tablet that slept may have stopped its monotonic clock; its own clock then shows that more time has passed.
const asleep = () => Math.max(0, Date.now() - synced.wall - (performance.now() - synced.at));
export const slept = () => synced !== null && asleep() > SLEPT_MS;

export function now() {
  if (!synced) return Date.now() + Number(localStorage.getItem(KEPT) || 0);
  return synced.server + (performance.now() - synced.at + (slept() ? asleep() : 0)) * synced.rate;
}

export const source = () => (synced && !slept() ? "server" : "device");
export const rate = () => synced?.rate ?? 1;
export const iso = (ms = now()) => new Date(ms).toISOString();

export function minutesAndSeconds(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  return `${ms < 0 ? "-" : ""}${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function age(ms) {
  const minutes = Math.floor(ms / 60000);
  if (minutes < 1) return "now";
  return minutes < 100 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ${minutes % 60} min ago`;
}

let zone;
let wall;
const SHIFTS_MS = [3600000, 1800000]; // by which clocks are put back
// What the clinic's clocks show. Of an hour that they show twice it says which: "02:30 (1st)" (as clock_times.py does).
export function wallClock(instant, inZone, seconds = false) {
  const shown = fieldClock(instant, inZone, seconds);
  if (SHIFTS_MS.some((shift) => fieldClock(instant - shift, inZone, seconds) === shown)) return `${shown} (2nd)`;
  if (SHIFTS_MS.some((shift) => fieldClock(+instant + shift, inZone, seconds) === shown)) return `${shown} (1st)`;
  return shown;
}

// The same without that mark: what a field for a time holds.
export function fieldClock(instant, inZone, seconds = false) {
  if (zone !== inZone) {
    zone = inZone;
    wall = {
      short: new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }),
      long: new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    };
  }
  return wall[seconds ? "long" : "short"].format(instant);
}

const calendars = new Map(); // by what they show and where: to make one takes long
function calendar(inZone, language, parts) {
  const key = `${language} ${inZone} ${Object.keys(parts)}`;
  if (!calendars.has(key)) calendars.set(key, new Intl.DateTimeFormat(language, { timeZone: inZone, ...parts }));
  return calendars.get(key);
}

// The date that the clinic's calendar shows: "2026-11-23".
export const day = (instant, inZone) => calendar(inZone, "en-CA", { year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);

// The time of day, with its day where that is not today: "10:42", "27 Nov, 10:42".
export function told(instant, inZone) {
  const time = wallClock(instant, inZone);
  const [then, today] = [day(instant, inZone), day(now(), inZone)];
  if (then === today) return time;
  const parts = { day: "2-digit", month: "short", ...(then.slice(0, 4) === today.slice(0, 4) ? {} : { year: "numeric" }) };
  return `${calendar(inZone, "en-GB", parts).format(instant)}, ${time}`;
}

// How long until a moment, or how long ago it was: "in 1:10", "due 0:20 ago".
export function until(instant) {
  const wait = instant - now();
  return wait > 0 ? `in ${minutesAndSeconds(wait)}` : `due ${minutesAndSeconds(-wait)} ago`;
}
