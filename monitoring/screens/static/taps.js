// Which taps count. A tap that does not count says so where it fell: nobody has to guess whether it was taken.

import { isolated } from "./directions.js";

const SAID_MS = 2500;
let saying = null;

// Says beside the finger why this tap did nothing. A keyboard's tap says it beside its key.
export function notTaken(event, words) {
  const key = event.target?.closest?.("button, a, label") ?? event.target;
  const root = key?.closest?.(".live-root");
  if (!root) return;
  const box = key.getBoundingClientRect();
  const [x, y] = event.detail ? [event.clientX, event.clientY] : [box.left + box.width / 2, box.top];
  saying?.remove();
  const node = document.createElement("p");
  node.className = "not-taken";
  node.setAttribute("role", "status");
  node.textContent = isolated(words);
  node.style.left = `${Math.min(Math.max(x, 130), innerWidth - 130)}px`;
  node.style.top = `${y < 90 ? y + 40 : y - 40}px`;
  root.append(node);
  saying = node;
  setTimeout(() => node.remove(), SAID_MS);
}

// A control that saves takes one tap at a time: further taps within `pause` ms are the same tap.
export function once(action, pause = 1000) {
  let until = 0;
  return (event) => {
    const now = performance.now();
    if (now < until) {
      if (event?.type === "click") notTaken(event, "Taken once.");
      return;
    }
    until = now + pause;
    action(event);
  };
}

// The same choice again so soon is the same tap; another choice never is, nor one that somebody else has replaced
// meanwhile. `action` answers whether the choice was taken, `standing` which one stands now.
export function onceEach(action, standing, pause = 3000) {
  let last = null; // {value, at}
  return (value, event) => {
    if (last?.value === value && standing() === value && performance.now() - last.at < pause) {
      if (event) notTaken(event, "Taken once.");
      return;
    }
    last = action(value) ? { value, at: performance.now() } : null;
  };
}

// The second tap on a spot must not hit what the first brought there (a sheet closes, a key becomes another): the key that
// has just come to lie under a finger waits. A finger that drums on goes on waiting; a tap on another spot counts at once.
const SETTLES_MS = 1000;
const DRUMS_MS = 700;
const SPOT_PX = 24;
let tapped = null; // {at, x, y, key, name, waits}

const nameOf = (key) => key.getAttribute("aria-label") ?? key.textContent;

function settled(event) {
  const target = event.composedPath()[0];
  if (event.detail === 0 || !target.closest?.(".live-root") || target.closest(".plot")) return; // a keyboard's; or the chart's own
  const key = target.closest("label") ?? target.closest("button, a, input, textarea") ?? target;
  const name = nameOf(key);
  const here = tapped && Math.hypot(event.clientX - tapped.x, event.clientY - tapped.y) < SPOT_PX;
  const soon = tapped && event.timeStamp - tapped.at < (tapped.waits ? DRUMS_MS : SETTLES_MS);
  if (here && soon && (key !== tapped.key || name !== tapped.name)) {
    tapped.at = event.timeStamp;
    tapped.waits = true;
    event.preventDefault();
    event.stopImmediatePropagation();
    notTaken(event, "Not taken: this has just come here. Wait a moment, then tap.");
    return;
  }
  tapped = { at: event.timeStamp, x: event.clientX, y: event.clientY, key, name, waits: false };
}
addEventListener("click", settled, true);
