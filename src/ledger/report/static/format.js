// Numbers and times as a person reads them; tables keep the exact ones.

export function number(value, digits = 5) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e12) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return Number(value.toPrecision(digits - 2)).toExponential();
  return String(Number(value.toPrecision(digits)));
}

// So many decimals show each of `values` as `number` would, one beneath the other; null where a
// few decimals cannot.
export function decimalsOf(values, digits = 5) {
  const found = values.filter((each) => typeof each === "number" && Number.isFinite(each));
  const texts = found.map((each) => number(each, digits));
  if (!found.length || texts.some((text) => text.includes("e"))) return null;
  const needed = Math.max(...texts.map((text) => (text.split(".")[1] ?? "").length));
  const size = Math.max(...found.map(Math.abs)) || 1;
  const decimals = Math.max(0, Math.min(needed, digits - Math.floor(Math.log10(size))));
  // beside one that diverged the others would all be 0.00
  const slip = 0.5 * 10 ** (1 - Math.min(digits, 3));
  return found.some((each) => Math.abs(Number(each.toFixed(decimals)) - each) > slip * Math.abs(each)) ? null : decimals;
}

export function fixed(value, decimals, digits = 5) {
  return typeof value === "number" && Number.isFinite(value) && decimals !== null ? value.toFixed(decimals) : number(value, digits);
}

export function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return number(value);
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86400).toFixed(1)} d`;
}

export function clock(moment) {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function day(text) {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? String(text ?? "") : moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

// "nan" and "inf" are how JSON carries what it has no numbers for.
export function toNumber(item) {
  if (typeof item === "number") return item;
  if (item === "nan") return NaN;
  if (item === "inf") return Infinity;
  if (item === "-inf") return -Infinity;
  return null;
}

export function csvCell(value) {
  const text = typeof value === "number" ? exact(value) : cell(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// As Python reads it.
function exact(value) {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

const BLOCKS = "▁▂▃▄▅▆▇█";

export function sparkline(values, width = 24) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return "";
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low || 1;
  const step = Math.max(1, finite.length / width);
  let line = "";
  for (let at = 0; at < finite.length; at += step) {
    line += BLOCKS[Math.round(((finite[Math.floor(at)] - low) / span) * (BLOCKS.length - 1))];
  }
  return line;
}
