// Words written from right to left inside others: kept apart, so that they do not turn the numbers beside them round. The
// twin of monitoring/clinical/directions.py, for what is drawn here; both are held to tests/vectors/directions.json.

const OPEN = "\u2068";
const CLOSE = "\u2069";
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const BEYOND = /[^\0-\u058f]/; // most texts hold nothing from Hebrew on: they cost this one look
const MARK = /[\p{Mn}\p{Me}]/u;
// The blocks from right to left, without the digits, marks and signs in them that have no side of their own.
const RIGHT = /(?![\p{Mn}\p{Me}\u0600-\u0607\u0609\u060a\u060c\u060e\u060f\u0660-\u066c\u06dd\u06de\u06e9\u06f0-\u06f9\u07f6-\u07f9\u0890\u0891\u08e2\ufb29\ufd3e-\ufd4f\ufdcf\ufdfd-\ufdff\u{1091f}\u{10b39}-\u{10b3f}\u{10d30}-\u{10d39}\u{10e60}-\u{10e7e}\u{1eef0}\u{1eef1}])[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const LEFT = /[\p{Lu}\p{Ll}\p{Lt}\p{Lo}]/u;
const INSIDE = /^(?:[\s.,،'’"\-־]*|\s+[\p{Nd}.,/:%]+\s+)$/u;
const APART = /[·;:,]\s+\(?\p{Nd}|\p{Nd}\)?\s*[·;:,]\s|\(\p{Nd}|\p{Nd}-\p{Nd}/u;

const sideOf = (character) => (MARK.test(character) ? "M" : RIGHT.test(character) ? "R" : LEFT.test(character) ? "L" : "");

// The text with each phrase from right to left in an isolate; as it is where there is no such phrase.
export function isolated(text) {
  if (typeof text !== "string" || !BEYOND.test(text)) return text;
  return text.split("\n").map(isolatedLine).join("\n");
}

function isolatedLine(line) {
  const text = [...line.replace(TURNING, "")];
  const sides = text.map(sideOf);
  if (!sides.includes("R")) return text.join("");
  if (!sides.includes("L") && !APART.test(text.join(""))) return `${OPEN}${text.join("")}${CLOSE}`;
  let found = "";
  for (let at = 0; at < text.length; ) {
    if (sides[at] !== "R") found += text[at++];
    else {
      const end = endOfPhrase(text, sides, at);
      found += `${OPEN}${text.slice(at, end).join("")}${CLOSE}`;
      at = end;
    }
  }
  return found;
}

// Where a phrase that begins at `at` is over: behind its last letter from right to left.
function endOfPhrase(text, sides, at) {
  let end = at;
  while (at < text.length && (sides[at] === "R" || sides[at] === "M")) {
    end = at += 1;
    if (at < text.length && sides[at] !== "R" && sides[at] !== "M") {
      const following = sides.indexOf("R", at);
      if (following > 0 && INSIDE.test(text.slice(at, following).join(""))) at = following;
    }
  }
  return end;
}
