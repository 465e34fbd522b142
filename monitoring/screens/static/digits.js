// Digits of a keypad without a point, and the value they come to: a measure's bounds and decimals say where the point is.
// Also what is said and asked about a value. Pure: nothing here knows the pad.

const wholes = (measure) => String(Math.trunc(measure.possible[1])).length; // places before the point

// How many digits stand before the point. As many as the upper bound has, or one fewer where they would lie above it and
// with one fewer can be: 365 is 36.5 °C, 51 is 5.1 where no more than 46 is possible. A 0 at the front is typed for a
// number that begins later: 05 is 0.5, 051 is 5.1.
function placesBefore(measure, digits) {
  if (measure.decimals === 0) return digits.length;
  if (digits.length > 1 && digits[0] === "0") return Math.max(digits.length - measure.decimals, 0);
  const most = wholes(measure);
  const [low, high] = measure.possible;
  const fewer = Number(`${digits.slice(0, most - 1) || "0"}.${"9".repeat(measure.decimals)}`);
  return digits.length >= most && Number(digits.slice(0, most)) > high && fewer >= low ? most - 1 : most;
}

// The digits with their point, as they are shown: "36.5", and "36" while no decimal is typed.
export function textOf(measure, digits) {
  const before = placesBefore(measure, digits);
  const whole = digits.slice(0, before).replace(/^0+(?=\d)/, "");
  const after = digits[0] === "0" ? digits.slice(before).padStart(measure.decimals, "0") : digits.slice(before);
  return digits.length > before ? `${whole || "0"}.${after}` : whole;
}

export const valueOf = (measure, digits) => (digits === "" ? null : Number(textOf(measure, digits)));

// The digits with one more behind them; null where no further digit can belong to the value.
export function withDigit(measure, digits, digit) {
  const whole = measure.decimals === 0;
  const more = whole && digits === "0" ? digit : digits + digit;
  const before = whole || more.startsWith("0") ? wholes(measure) : placesBefore(measure, more);
  return more.length > before + measure.decimals ? null : more;
}

// Whether no further digit can belong to a value that can be, so that the next tile may take over.
export function complete(measure, digits) {
  if (digits === "" || measure.key === undefined) return false;
  if (measure.decimals > 0) return withDigit(measure, digits, "0") === null;
  const value = Number(digits);
  return value !== 0 && value * 10 > measure.possible[1];
}

export const range = (measure, [low, high]) => `${low.toFixed(measure.decimals)} to ${high.toFixed(measure.decimals)}${measure.unit ? ` ${measure.unit}` : ""}`;
const said = (measure, value) => `${measure.label} ${value.toFixed(measure.decimals)}${measure.unit ? ` ${measure.unit}` : ""}`;

export function impossible(measure, value) {
  if (value >= measure.possible[0] && value <= measure.possible[1]) return "";
  return `${said(measure, value)}: expected ${range(measure, measure.possible)}.`;
}

export function question(measure, value, values, byKey) {
  if (value < measure.plausible[0] || value > measure.plausible[1]) return `${said(measure, value)}: is this what you see?`;
  const above = measure.below && values[measure.below];
  if (above !== undefined && above !== "" && above !== null && value >= above) {
    return `${said(measure, value)} is not below ${said(byKey[measure.below], above).toLowerCase()}: is this what you see?`;
  }
  return "";
}
