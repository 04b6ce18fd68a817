// How a search went through its space: parallel coordinates with brushes, slices, the best so far,
// coverage, and which trial continues which.

import { h, svg } from "./dom.js";
import { cell, number } from "./format.js";
import { best, differing, filter, ordered, quantile } from "./rank.js";

const WIDTH = 960, HEIGHT = 300, TOP = 34, FOOT = 22, SIDE = 46;
const MOST_KINDS = 12; // values of a choice that are told one by one
const SLIP = 0.015; // a drag that is shorter was a click
const EDGE = 0.15; // the share of a range that counts as its edge

export class Search {
  constructor(data, view, overview) {
    this.data = data;
    this.view = view;
    this.overview = overview;
    this.element = h("div", { class: "search" });
  }

  draw() {
    const { metric, goal } = this.overview;
    const trials = [...this.data.candidates.values()].filter(filter(this.view.filter, metric, this.data.about.goals ?? {})).map((each) => ({ ...each, label: this.data.name(each), value: best(each, metric, goal).value }));
    const key = JSON.stringify([metric, this.view.filter, this.view.brush, this.view.all, this.data.shape, trials.map((each) => each.value)]);
    if (key === this.key) return;
    this.key = key;
    const params = this.view.all ? this.data.about.params : differing(trials, this.data.about.params);
    const axes = [...params.map((name) => axisOf(name, trials, this.data.about.space?.[name])), axisOf(metric, trials.map((each) => ({ params: { [metric]: each.value } })), null, trials.map((each) => each.value))].filter(Boolean);
    if (trials.length < 2 || axes.length < 2) {
      this.element.replaceChildren(h("p", { class: "quiet" }, "Two trials with a param are needed before there is a search to look at."));
      return;
    }
    const own = axes.slice(0, -1);
    const ranked = goal ? ordered(trials.filter((each) => Number.isFinite(each.value)), (each) => each.value, goal === "max") : [];
    this.element.replaceChildren(
      h("h3", {}, "Parallel coordinates"), h("p", { class: "quiet" }, "Drag along an axis to keep what passes there; a click lets go. The filter of the overview narrows what is seen here too."), this.parallel(trials, axes, goal, metric),
      ...(goal ? [h("h3", {}, "Best so far"), bestSoFar(trials, goal)] : []),
      h("h3", {}, `Slices: each param against ${metric}`), h("div", { class: "slices" }, own.map((axis) => slice(axis, trials))),
      h("h3", {}, "Coverage"), coverage(own, ranked, trials),
      ...lineage(trials, goal),
    );
  }

  parallel(trials, axes, goal, metric) {
    const step = (WIDTH - 2 * SIDE) / (axes.length - 1);
    const xOf = (place) => SIDE + place * step;
    const value = (each, axis) => (axis.name === metric ? each.value : each.params?.[axis.name]);
    const brushes = this.brushes();
    const isKept = (each) => [...brushes].every(([name, [low, high]]) => {
      const axis = axes.find((one) => one.name === name);
      const y = axis ? axis.y(value(each, axis)) : null;
      return !axis || (y !== null && shareOf(y) >= low && shareOf(y) <= high);
    });
    const kept = trials.filter(isKept);
    const values = trials.map((each) => each.value).filter(Number.isFinite).sort((a, b) => a - b);
    const lines = trials.map((each) => {
      const points = axes.map((axis, place) => [xOf(place), axis.y(value(each, axis))]).filter(([, y]) => y !== null);
      const isRanked = goal && values.length > 1 && Number.isFinite(each.value);
      const behind = goal === "min" ? values.length - 1 - values.indexOf(each.value) : values.lastIndexOf(each.value);
      const good = isRanked ? behind / (values.length - 1) : null;
      const level = good === null ? "none" : good >= 0.9 ? "best" : good >= 0.5 ? "good" : "weak";
      return svg("polyline", { points: points.map((point) => point.join(",")).join(" "), class: `trial ${level}${isKept(each) ? "" : " out"}`, "data-id": each.id }, svg("title", {}, `${each.label}: ${number(each.value)}`));
    });
    const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "parallel", role: "img", "aria-label": `parallel coordinates of ${trials.length} trials` }, lines, axes.map((axis, place) => this.axis(axis, xOf(place), brushes.get(axis.name))));
    const all = kept.map((each) => each.id);
    return h("div", { class: "scroll" }, drawing,
      h("p", { class: "quiet" }, h("span", { role: "status" }, `${kept.length} of ${trials.length} pass`), " ",
        brushes.size && kept.length ? h("button", { onclick: () => this.view.set({ tab: "overview", sel: all }) }, "select them") : null));
  }

  // By axis, [low, high] as shares of its length.
  brushes() {
    return new Map(this.view.brush.map((each) => each.split("~")).map((parts) => [parts.slice(0, -2).join("~"), parts.slice(-2).map(Number)]));
  }

  axis(axis, x, brush) {
    const group = svg("g", { class: "axis", "data-axis": axis.name },
      svg("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - FOOT }),
      svg("text", { x, y: 14, "text-anchor": "middle" }, axis.name),
      svg("text", { x, y: TOP - 6, "text-anchor": "middle", class: "end" }, axis.high),
      svg("text", { x, y: HEIGHT - 6, "text-anchor": "middle", class: "end" }, axis.low),
      (axis.kinds?.length <= MOST_KINDS ? axis.kinds.slice(1, -1) : []).map((kind) => svg("text", { x: x + 6, y: axis.y(kind) + 4, class: "end" }, kind)),
      brush ? svg("rect", { class: "brush", x: x - 7, width: 14, y: yOf(brush[1]), height: yOf(brush[0]) - yOf(brush[1]) }) : null);
    const handle = svg("rect", { class: "handle", x: x - 14, width: 28, y: TOP, height: HEIGHT - TOP - FOOT });
    handle.addEventListener("pointerdown", (event) => this.brush(event, axis.name, handle));
    group.append(handle);
    return group;
  }

  brush(event, name, handle) {
    const { top, height } = handle.ownerSVGElement.getBoundingClientRect(); // a new drawing may take its place
    const y = (each) => ((each.clientY - top) / height) * HEIGHT;
    const from = y(event);
    const end = (last) => {
      window.removeEventListener("pointerup", end);
      const range = [from, y(last)].map((each) => Math.max(0, Math.min(1, shareOf(each)))).sort((a, b) => a - b);
      const others = this.view.brush.filter((each) => !each.startsWith(`${name}~`));
      const isDrag = range[1] - range[0] > SLIP;
      this.view.set({ brush: isDrag ? [...others, [name, ...range.map((each) => each.toFixed(3))].join("~")] : others });
    };
    window.addEventListener("pointerup", end);
  }
}

// Along an axis, 0 at its foot.
function yOf(share) {
  return HEIGHT - FOOT - share * (HEIGHT - TOP - FOOT);
}

function shareOf(y) {
  return (HEIGHT - FOOT - y) / (HEIGHT - TOP - FOOT);
}

// What tuners call the ends of a param's range.
const LOWS = ["min_value", "low", "min", "lower"], HIGHS = ["max_value", "high", "max", "upper"];
const CHOICES = ["values", "choices", "categories", "options"];

// A scale for one param: numeric (log where the space says so) or one place for each value.
function axisOf(name, trials, declared, values = trials.map((each) => each.params?.[name])) {
  const present = values.filter((each) => each !== undefined && each !== null && !Number.isNaN(each));
  if (!present.length) return null;
  if (present.every((each) => typeof each === "number" && Number.isFinite(each))) {
    const bounds = [LOWS, HIGHS].map((names) => names.map((each) => declared?.[each]).find((each) => typeof each === "number"));
    const isDeclared = bounds.every((each) => typeof each === "number");
    const [low, high] = isDeclared ? bounds : [Math.min(...present), Math.max(...present)];
    // where no space is recorded, what spans orders of magnitude was hardly sampled evenly
    const isLog = low > 0 && (isDeclared ? declared.sampling === "log" || declared.log === true : high / low >= 100);
    const warp = isLog ? Math.log : (each) => each;
    const share = (value) => (warp(high) === warp(low) ? 0.5 : (warp(value) - warp(low)) / (warp(high) - warp(low)));
    return { name, isNumeric: true, isDeclared, isLog, share, low: number(low, 4), high: number(high, 4), y: (value) => (typeof value === "number" && Number.isFinite(value) ? yOf(share(value)) : null) };
  }
  const kinds = [...new Set([...choices(declared), ...present].map(cell))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const share = (value) => (kinds.length === 1 ? 0.5 : kinds.indexOf(cell(value)) / (kinds.length - 1));
  return { name, isNumeric: false, kinds, share, low: kinds[0], high: kinds.length > 1 ? kinds.at(-1) : "", y: (value) => (value === undefined || value === null ? null : yOf(share(value))) };
}

// All that a choice may be, tried or not; a choice without a name for them is a bare list.
function choices(declared) {
  const said = Array.isArray(declared) ? declared : CHOICES.map((name) => declared?.[name]).find(Array.isArray);
  return (said ?? []).filter((each) => each !== null);
}

function slice(axis, trials) {
  const own = 220, tall = 150, left = 50;
  const points = trials.filter((each) => Number.isFinite(each.value) && axis.y(each.params?.[axis.name]) !== null);
  const values = points.map((each) => each.value).sort((a, b) => a - b);
  // outliers would flatten the rest: the axis ends at the 98th percentile, and what is beyond is drawn at the edge
  const [low, high] = [quantile(values, 0.02), quantile(values, 0.98)];
  const y = (value) => tall - 18 - Math.max(0, Math.min(1, high === low ? 0.5 : (value - low) / (high - low))) * (tall - 30);
  return h("figure", {}, svg("svg", { viewBox: `0 0 ${own} ${tall}`, role: "img", "aria-label": `${axis.name} against the objective` },
    svg("line", { x1: left - 4, x2: own - 8, y1: tall - 14, y2: tall - 14 }),
    (values.length ? [low, high] : []).map((value) => svg("text", { x: left - 8, y: y(value) + 4, class: "end", "text-anchor": "end" }, number(value, 3))),
    points.map((each) => svg("circle", { cx: left + axis.share(each.params[axis.name]) * (own - left - 12), cy: y(each.value), r: 3, class: "dot" }, svg("title", {}, `${each.label}: ${cell(each.params[axis.name])} → ${number(each.value)}`)))),
    h("figcaption", {}, axis.name, " ", h("small", {}, `${axis.low} … ${axis.high}${axis.isLog ? " (log)" : ""}`)));
}

function bestSoFar(trials, goal) {
  const inTime = ordered(trials.filter((each) => Number.isFinite(each.value)), (each) => each.ended ?? each.started ?? "", false);
  let bestYet = null;
  const steps = inTime.map((each) => (bestYet = bestYet === null || (goal === "min" ? each.value < bestYet : each.value > bestYet) ? each.value : bestYet));
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  const y = (value) => 110 - (high === low ? 0.5 : (value - low) / (high - low)) * 90;
  const x = (place) => 8 + (place / Math.max(1, steps.length - 1)) * (WIDTH - 16);
  const path = steps.map((value, place) => `${place ? `H${x(place)}V` : `M${x(0)},`}${y(value)}`).join("");
  const found = steps.lastIndexOf(steps.at(-1)) - steps.filter((each) => each === steps.at(-1)).length + 1;
  return h("div", {}, svg("svg", { viewBox: `0 0 ${WIDTH} 120`, class: "steps", role: "img", "aria-label": "best so far" }, svg("path", { d: path })), h("p", { class: "quiet" }, `${number(steps[0])} → ${number(steps.at(-1))}; the best came with number ${found + 1} of ${steps.length}`));
}

function coverage(axes, ranked, trials) {
  const top = ranked.slice(0, Math.max(5, Math.ceil(ranked.length / 10)));
  const rows = axes.map((axis) => {
    const shares = trials.map((each) => each.params?.[axis.name]).filter((each) => each !== undefined && each !== null).map(axis.share);
    const bins = axis.isNumeric ? new Set(shares.map((each) => Math.max(0, Math.min(4, Math.floor(each * 5))))).size : new Set(shares).size;
    const of = axis.isNumeric ? 5 : axis.kinds.length;
    const edges = top.map((each) => each.params?.[axis.name]).filter((each) => each !== undefined && each !== null).map(axis.share);
    const atLow = edges.filter((each) => each <= EDGE).length, atHigh = edges.filter((each) => each >= 1 - EDGE).length;
    const hits = !axis.isNumeric ? "" : !top.length ? "nothing says which way is better" : !axis.isDeclared ? "the space was not recorded: no edge to hit" : `${Math.max(atLow, atHigh)} of the best ${top.length} in the ${atLow >= atHigh ? "lowest" : "highest"} 15 %`;
    return h("tr", {}, h("th", { scope: "row" }, axis.name), h("td", { class: "num" }, `${bins} of ${of}`), h("td", {}, hits));
  });
  return h("table", { class: "sides" }, h("thead", {}, h("tr", {}, h("th", {}, "param"), h("th", {}, "fifths or values tried"), h("th", {}, "edges"))), h("tbody", {}, rows));
}

// Trials that continue others: each chain once, from its first trial to its last.
function lineage(trials, goal) {
  const byId = new Map(trials.map((each) => [each.id, each]));
  const parents = new Set(trials.map((each) => each.parent).filter((id) => byId.has(id)));
  if (!parents.size) return [];
  const ends = ordered(trials.filter((each) => byId.has(each.parent) && !parents.has(each.id)), (each) => each.value, goal !== "min");
  const chain = (trial) => (trial ? [...(trial.parent && byId.has(trial.parent) ? chain(byId.get(trial.parent)) : []), trial] : []);
  const chains = ends.map(chain).filter((each) => new Set(each).size === each.length);
  return [h("h3", {}, "Lineage"), h("ol", { class: "lineage" }, chains.map((each) => h("li", {}, each.map((trial, place) => [place ? " → " : "", h("b", {}, trial.label), ` ${number(trial.value)}`]))))];
}
