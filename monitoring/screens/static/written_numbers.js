// A number as a person writes it, and what is read in it: the twin of monitoring/clinical/written_numbers.py, which says
// what is read and what is refused. Both are tested against tests/clinical/written_numbers.json.

const MOST_DIGITS = 15; // what a number here holds exactly, whatever they are
const SHOWN = 40; // characters of a text that is told

const SPACES = "\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const UNSEEN = "\\u200b\\u200e\\u200f\\u2066-\\u2069\\ufeff"; // around a text: no width, and no digit in another place
const AROUND = new RegExp(`^[${SPACES}${UNSEEN}]+|[${SPACES}${UNSEEN}]+$`, "g");
const BETWEEN = new RegExp(`[${SPACES}]+`, "g");
const NUMBER = new RegExp(`^([+\\u2212-]?)([0-9.,]+)[${SPACES}]*([^]*)$`);
const BOUND = /^[<>=~\u2264\u2265\u2248\u00b1]/;
const FULL_WIDTH = /[\uff01-\uff5e]/g;

// How people write each unit, compared without case and spaces.
const NAMES = Object.entries({
  kg: "kg kgs kilo kilos kilogram kilograms",
  lb: "lb lbs pound pounds",
  g: "g gram grams",
  mg: "mg milligram milligrams",
  "µg": "\u00b5g \u03bcg ug mcg microgram micrograms",
  "mg/kg": "mg/kg",
  "µg/kg": "\u00b5g/kg \u03bcg/kg ug/kg mcg/kg",
  "mg/mL": "mg/ml",
  mL: "ml milliliter milliliters millilitre millilitres",
  L: "l liter liters litre litres",
  "mL/h": "ml/h ml/hr ml/hour",
  "mL/min": "ml/min",
  "L/min": "l/min lpm",
  cm: "cm centimeter centimeters centimetre centimetres",
  m: "m meter meters metre metres",
  in: "in inch inches",
  s: "s sec secs second seconds",
  min: "min mins minute minutes",
  h: "h hr hrs hour hours",
  d: "d day days",
  "°C": "\u00b0c c degc celsius",
  "°F": "\u00b0f f degf fahrenheit",
  mmHg: "mmhg",
  kPa: "kpa",
  "%": "% percent",
  "/min": "/min bpm perminute beats/min breaths/min",
}).map(([unit, names]) => [unit, names.split(" ")]);
// From one unit to another, by definition of the units: (value × times + plus) ÷ over.
const TURNED = [
  ["lb", "kg", 45359237n, 0n, 100000000n],
  ["g", "kg", 1n, 0n, 1000n],
  ["g", "mg", 1000n, 0n, 1n],
  ["µg", "mg", 1n, 0n, 1000n],
  ["µg/kg", "mg/kg", 1n, 0n, 1000n],
  ["L", "mL", 1000n, 0n, 1n],
  ["mL/min", "mL/h", 60n, 0n, 1n],
  ["mL/min", "L/min", 1n, 0n, 1000n],
  ["m", "cm", 100n, 0n, 1n],
  ["in", "cm", 254n, 0n, 100n],
  ["h", "min", 60n, 0n, 1n],
  ["s", "min", 1n, 0n, 60n],
  ["°F", "°C", 5n, -160n, 9n],
  ["°C", "°F", 9n, 160n, 5n],
  ["kPa", "mmHg", 1000000000000n, 0n, 133322387415n],
  ["mmHg", "kPa", 133322387415n, 0n, 1000000000000n],
];

// {text, value, turned, expected}: `value` is null where nothing is written, and where `expected` says what is missing;
// `turned` is "158 lb = 71.7 kg" where the text was in another unit than asked for.
export function writtenNumber(text, unit = "", decimals = 3) {
  const read = (more) => ({ text, value: null, turned: "", expected: "", ...more });
  const bare = text.replace(AROUND, "").replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  if (!bare) return read({});
  const found = NUMBER.exec(bare);
  if (!found) return read({ expected: BOUND.test(bare) ? "one number, not a bound or an estimate" : aNumber(unit) });
  const [, sign, digits, rest] = found;
  const expected = digitsExpected(digits) || restExpected(rest, unit);
  if (expected) return read({ expected });
  const [whole, after = ""] = digits.replace(",", ".").split(".");
  const minus = sign === "-" || sign === "\u2212";
  const exact = [BigInt(whole + after) * (minus ? -1n : 1n), after.length]; // a whole number, and how many of its digits are decimals
  const said = unitCalled(rest, unit);
  if (said === "" || said === unit) return read({ value: Number(plain(exact)) });
  const turned = converted(exact, turning(said, unit), decimals);
  return read({ value: Number(plain(turned)), turned: `${plain(exact)} ${said} = ${plain(turned)} ${unit}` });
}

// The sentence that says what was found and what is expected; "" where a number or nothing is written.
export function problemOf(read, label) {
  const found = read.text.replace(BETWEEN, " ").trim();
  const letters = [...found];
  const shown = letters.length <= SHOWN ? found : `${letters.slice(0, SHOWN).join("")}…`;
  return read.expected ? `${label} “${shown}”: expected ${read.expected}.` : "";
}

// A number as it is written into a field, so that writtenNumber reads the same in it: "72.5", "1.2340".
export function numberText(value) {
  if (value === null || value === undefined) return "";
  const [digits, power = "0"] = Number(value).toExponential(9).split("e");
  const [head, tail] = digits.split(".");
  const places = tail.length - Number(power);
  const text = places >= 0 ? plain([BigInt(head + tail), places]) : plain([BigInt(head + tail) * 10n ** BigInt(-places), 0]);
  const [whole, after = ""] = text.replace("-", "").split(".");
  return after.length === 3 && whole !== "0" && whole.length <= 3 ? `${text}0` : text;
}

function digitsExpected(digits) {
  const [points, commas] = [".", ","].map((mark) => digits.split(mark).length - 1);
  if (points + commas > 1) return "one comma or one point, and no mark for thousands";
  const [whole, after = ""] = digits.replace(",", ".").split(".");
  if (!after && points + commas) return `digits behind the ${points ? "point" : "comma"}`;
  if (whole.length + after.length > MOST_DIGITS) return `a number of at most ${MOST_DIGITS} digits`;
  if (whole.length > 1 && whole[0] === "0") {
    const one = whole.replace(/^0+/, "") || "0";
    return after ? `${one}.${after}, without a 0 before it` : `${one}, or 0.${whole.slice(1)}`;
  }
  if (after.length === 3 && /[1-9]/.test(whole) && whole.length <= 3) {
    const short = after.replace(/0+$/, "");
    const decimal = short ? `${whole}.${short.length < 3 ? short : `${short}0`}` : whole;
    return `${decimal} or ${whole}${after}, without a mark for thousands`;
  }
  return "";
}

function restExpected(rest, unit) {
  const said = unitCalled(rest, unit);
  if (!rest || (said && said === unit) || turning(said, unit)) return "";
  return /^[0-9]/.test(rest) ? "one number, without spaces between its digits" : aNumber(unit);
}

function aNumber(unit) {
  if (!unit) return "a number alone";
  const units = [unit, ...TURNED.filter(([, to]) => to === unit).map(([one]) => one)];
  const last = units.pop();
  return units.length ? `a number in ${units.join(", ")} or ${last}` : `a number in ${last}`;
}

function unitCalled(rest, unit) {
  const name = rest.replace(BETWEEN, "").toLowerCase();
  if (unit && name === unit.toLowerCase()) return unit;
  return NAMES.find(([, names]) => names.includes(name))?.[0] ?? "";
}

const turning = (said, unit) => TURNED.find(([one, to]) => one === said && to === unit);

// Rounded half up, away from zero, to `decimals`.
function converted([value, places], [, , times, plus, over], decimals) {
  const scale = 10n ** BigInt(places);
  const [above, below] = [(value * times + plus * scale) * 10n ** BigInt(decimals), over * scale];
  const size = above < 0n ? -above : above;
  const rounded = (2n * size + below) / (2n * below);
  return [above < 0n ? -rounded : rounded, decimals];
}

// Digits and a point, without zeros at the end: "40", "0.8".
function plain([value, places]) {
  const digits = String(value < 0n ? -value : value).padStart(places + 1, "0");
  const [whole, after] = [digits.slice(0, digits.length - places), digits.slice(digits.length - places)];
  const text = places ? `${whole}.${after}`.replace(/\.?0+$/, "") : whole;
  return value < 0n && /[1-9]/.test(text) ? `-${text}` : text;
}
