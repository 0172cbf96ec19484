// What the charts of the page call: texts of numbers, names and tooltips. Values come from the network: in HTML they
// are always escaped.
import { echarts } from "nicegui-echart";

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];
const NOTHING = "–";
const SYMBOLS = { bits: "bit", bytes: "B", "bits/s": "bit/s", "bytes/s": "B/s", "packets/s": "/s", "flows/s": "/s", "rows/s": "/s" };
const SECONDS = { ns: 1e-9, ms: 1e-3, s: 1 };
const SHORT = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]];
const LONG = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];
const MOST_ROWS = 14;

const escaped = (words) => String(words).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

// The texts of numbers are those of units.py.
const digits = (value, whole = false) => {
  if (whole || value >= 99.95 || value === 0) return value.toFixed(0);
  if (value >= 0.95) return value.toFixed(1);
  return value.toFixed(Math.min(1 - Math.floor(Math.log10(value)), 12));
};

const si = (value, symbol) => {
  let power = 0;
  while (power + 1 < PREFIXES.length && Number(digits(value / 1000 ** power)) >= 1000) power += 1;
  const unit = PREFIXES[power] + symbol;
  const shown = digits(value / 1000 ** power, power === 0 && Number.isInteger(value));
  return shown + (unit.startsWith("/") || !unit ? unit : ` ${unit}`);
};

const duration = (seconds) => {
  for (const [size, unit, less, smaller] of LONG) {
    if (Math.round(seconds) >= size) {
      const parts = Math.round(seconds / less);
      const rest = parts % (size / less);
      return `${Math.floor(parts / (size / less))} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
    }
  }
  const found = SHORT.find(([part]) => Number(digits(seconds / part)) >= 1);
  if (found) return `${digits(seconds / found[0])} ${found[1]}`;
  return seconds === 0 ? "0 s" : `${digits(seconds * 1e9)} ns`;
};

const positive = (value, unit) => {
  if (unit in SECONDS) return duration(value * SECONDS[unit]);
  if (unit.endsWith("/s") && !(unit in SYMBOLS)) return `${positive(value, unit.slice(0, -2))}/s`;
  return unit === "percent" ? `${digits(value)} %` : si(value, SYMBOLS[unit] ?? "");
};

const text = (value, unit = "") => {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  return (value < 0 ? "-" : "") + positive(Math.abs(value), unit);
};

// The values of a group are a JSON list in the names of series and categories.
const name = (key) => (String(key).startsWith("[") ? JSON.parse(key).join(" · ") : String(key));

// The same in so many letters: each part is cut, so that something of all can be read.
const brief = (most) => (key) => {
  const parts = name(key).split(" · ");
  const room = Math.floor((most - 3 * (parts.length - 1)) / parts.length);
  const cut = (part) => (part.length > room ? `${part.slice(0, room - 1)}…` : part);
  return name(key).length > most ? parts.map(cut).join(" · ") : name(key);
};

const row = (left, right, marker = "") =>
  `<div style="display:flex;gap:16px;justify-content:space-between"><span style="overflow:hidden;text-overflow:ellipsis;` +
  `max-width:240px">${marker}${escaped(left)}</span><b style="font-variant-numeric:tabular-nums">${escaped(right)}</b></div>`;

const heading = (words) =>
  `<div style="font-weight:600;max-width:320px;white-space:normal;overflow-wrap:anywhere">${escaped(words)}</div>`;

const item = (point) => {
  if (!point.data?.rows) return point.name ? heading(name(point.name)) : "";
  const rows = point.data.rows.map(([label, value, unit]) => row(label, text(value, unit)));
  if (point.percent !== undefined) rows.push(row("Share", text(point.percent, "percent")));
  return heading(point.data.text) + rows.join("");
};

const moment = (zone, step) => {
  const form = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (step < 60000) form.second = "2-digit";
  const day = { timeZone: zone, weekday: "short", day: "numeric", month: "short" };
  const clock = new Intl.DateTimeFormat("en-GB", form);
  const date = new Intl.DateTimeFormat("en-GB", day);
  return (begin) => `${date.format(begin)}, ${clock.format(begin)}–${clock.format(begin + step)} ${zone}`;
};

// `start` and `end` are those of the range: a bucket beyond them holds less than a whole one.
const seriesTip = ({ units, zone, step, stacked, start, end }) => {
  const when = moment(zone, step ?? 0);
  return (points) => {
    const unit = (point) => units[units.length === 1 ? 0 : point.seriesIndex];
    const some = points.filter((point) => Number.isFinite(point.value[1]) && (!stacked || point.value[1] !== 0));
    if (stacked) some.sort((one, two) => two.value[1] - one.value[1]);
    const rows = some.slice(0, MOST_ROWS).map((one) => row(name(one.seriesName), text(one.value[1], unit(one)), one.marker));
    const sum = some.reduce((before, one) => before + one.value[1], 0);
    if (stacked && some.length > 1) rows.push(row("Together", text(sum, units[0])));
    const begin = points[0].value[0];
    const part = begin < start || begin + step > end ? ", in part" : "";
    return heading(when(begin) + part) + (rows.join("") || "nothing");
  };
};

globalThis.flowCharts = {
  text,
  name,
  item,
  seriesTip,
  value: (unit) => (value) => text(value, unit),
  tick: (marks) => (value) => marks[value] ?? "",
  brief,
  shares: (most, shares) => (key) => `${shares[key] ?? ""}  ${brief(most)(key)}`,
  piece: (unit) => (from, to) => {
    if (!Number.isFinite(to)) return `≥ ${text(from, unit)}`;
    return Number.isFinite(from) ? `≥ ${text(from, unit)}` : `< ${text(to, unit)}`;
  },
  legendTip: (point) => escaped(name(point.name)),
  registerWorld: (world) => echarts.registerMap("world", world),
};
