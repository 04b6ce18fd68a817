// What the table and the chart are made of: values, order, filters, groups, bands. No DOM here.

import { COUNT, LAST, MAX, MAX_AT, MIN, MIN_AT, ODD } from "./data.js";
import { cell, toNumber } from "./format.js";

// The best value of a candidate and where it was; where nothing says what is better, the last one.
export function best(candidate, metric, goal) {
  const sum = candidate.summary?.[metric];
  if (!sum) return { value: null, at: null, odd: 0 };
  if (goal === "min") return { value: sum[MIN], at: sum[MIN_AT], odd: sum[ODD] };
  if (goal === "max") return { value: sum[MAX], at: sum[MAX_AT], odd: sum[ODD] };
  return { value: toNumber(sum[LAST]), at: null, odd: sum[ODD] };
}

export function last(candidate, metric) {
  return toNumber(candidate.summary?.[metric]?.[LAST]);
}

export function counts(candidate, metric) {
  return candidate.summary?.[metric]?.[COUNT] ?? 0;
}

// The training metric that belongs to a validation metric, or the other way round.
export function partner(metric, metrics) {
  const other = metric.startsWith("val_") ? metric.slice(4) : `val_${metric}`;
  const trained = metric.startsWith("val_") ? `train_${metric.slice(4)}` : null;
  return [other, trained].find((name) => name && metrics.includes(name)) ?? null;
}

export function ordered(candidates, key, isDescending) {
  const keyed = candidates.map((each, place) => [key(each), place, each]);
  const sign = isDescending ? -1 : 1;
  keyed.sort(([a, i], [b, j]) => {
    const isA = isNothing(a), isB = isNothing(b);
    if (isA || isB) return isA && isB ? i - j : isA ? 1 : -1; // what has no value comes last, always
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
    return order === 0 ? i - j : sign * order;
  });
  return keyed.map(([, , each]) => each);
}

function isNothing(value) {
  return value === null || value === undefined || value === "" || Number.isNaN(value);
}

// The params that are not the same for all, in the order the board has them.
export function differing(candidates, params) {
  if (candidates.length < 2) return params;
  return params.filter((name) => {
    const seen = new Set(candidates.map((each) => JSON.stringify(each.params?.[name] ?? null)));
    return seen.size > 1;
  });
}

const TEST = /^([^\s<>=!:]+)(<=|>=|!=|=|<|>|:)(.*)$/;

// Words with spaces between: `lr<1e-2 status=finished wide`; each must hold.
export function filter(text, metric, goals) {
  const tests = text.split(/\s+/).filter(Boolean).map((word) => test(word, metric, goals));
  return (candidate) => tests.every((each) => each(candidate));
}

function test(word, metric, goals) {
  const found = TEST.exec(word);
  if (!found) {
    const sought = word.toLowerCase();
    return (candidate) => plain(candidate).includes(sought);
  }
  const [, key, sign, wanted] = found;
  return (candidate) => compare(fact(candidate, key, metric, goals), sign, wanted);
}

function plain(candidate) {
  const texts = [candidate.id, candidate.label, candidate.status, ...(candidate.tags ?? []), ...Object.values(candidate.note ?? {}), ...Object.values(candidate.params ?? {})];
  return texts.map((each) => String(each ?? "")).join(" ").toLowerCase();
}

function fact(candidate, key, metric, goals) {
  if (key === "value") return best(candidate, metric, goals[metric]).value;
  if (candidate.params && key in candidate.params) return candidate.params[key];
  if (candidate.summary && key in candidate.summary) return best(candidate, key, goals[key]).value;
  return candidate[key];
}

function compare(value, sign, wanted) {
  if (sign === ":") return String(value ?? "").toLowerCase().includes(wanted.toLowerCase());
  const both = [value, wanted].map(Number);
  const isNumeric = value !== null && value !== "" && wanted !== "" && both.every((n) => !Number.isNaN(n));
  const [a, b] = isNumeric ? both : [String(value ?? ""), wanted];
  if (sign === "=") return a === b;
  if (sign === "!=") return a !== b;
  if (!isNumeric) return false;
  return { "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b }[sign];
}

const SEEDS = /(^|\.)([^.]*_)?seed$|(^|\.)random_state$/; // as the review has it
const FEW = 6; // values of a param that a group tells one by one

// Candidates of one config over several seeds, with mean and standard deviation of their best.
export function groups(candidates, metric, goal, params) {
  const found = new Map();
  for (const each of candidates) {
    const key = each.variant ?? JSON.stringify(Object.entries(each.params ?? {}).filter(([name]) => !SEEDS.test(name)).sort());
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(each);
  }
  return [...found].map(([key, members]) => {
    const values = members.map((each) => best(each, metric, goal).value).filter(Number.isFinite);
    const mean = values.length ? values.reduce((sum, v) => sum + v, 0) / values.length : null;
    const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    const sd = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
    return { key, members, n: values.length, mean, sd, params: Object.fromEntries(params.map((name) => [name, together(members, name)])) };
  });
}

// The value that all members have; else all their values, or how many.
function together(members, name) {
  const found = [...new Map(members.map((each) => [JSON.stringify(each.params?.[name] ?? null), each.params?.[name]])).values()];
  if (found.length === 1) return found[0];
  const shown = found.every((each) => typeof each === "number") ? found.sort((a, b) => a - b) : found;
  return found.length > FEW ? `${found.length} values` : shown.map((each) => cell(each) || "–").join(", ");
}

// Exponential smoothing without the pull of its start; what is not finite is passed over.
export function smoothed(values, weight) {
  if (!weight) return values;
  let sum = 0, seen = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = sum * weight + value * (1 - weight);
    seen += 1;
    return sum / (1 - weight ** seen);
  });
}

// At each x the 10th, 50th and 90th percentile over the curves that have a value there.
export function band(curves) {
  const at = new Map();
  for (const { x, y } of curves) {
    for (let place = 0; place < x.length; place += 1) {
      if (!Number.isFinite(y[place])) continue;
      if (!at.has(x[place])) at.set(x[place], []);
      at.get(x[place]).push(y[place]);
    }
  }
  const xs = [...at.keys()].sort((a, b) => a - b);
  const rows = xs.map((x) => Float64Array.from(at.get(x)).sort()); // several times as fast as arrays
  return { x: xs, low: rows.map((r) => quantile(r, 0.1)), mid: rows.map((r) => quantile(r, 0.5)), high: rows.map((r) => quantile(r, 0.9)) };
}

export function quantile(sorted, share) {
  if (!sorted.length) return null;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

// How far a candidate is, and how long the rest will take at its own pace.
export function progress(candidate, base, now = Date.now()) {
  const done = candidate.position === null || candidate.position === undefined ? null : candidate.position + 1 - base;
  const planned = candidate.planned ?? null;
  if (candidate.status !== "running" || done === null || !planned || !candidate.started) return { done, planned, left: null };
  const spent = (now - new Date(candidate.started).getTime()) / 1000;
  return { done, planned, left: done >= planned ? 0 : (spent / done) * (planned - done) };
}
