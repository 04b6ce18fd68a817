// Two to six runs side by side: what differs first, then the code, the curves, and what people wrote.

import { Chart } from "./chart.js";
import { curvesOf } from "./curves.js";
import { h } from "./dom.js";
import { cell, day, number } from "./format.js";
import { note } from "./note.js";
import { partner } from "./rank.js";
import { patchLines } from "./runpage.js";
import { isUnanswered } from "./source.js";

const SECTIONS = ["config", "metrics", "run", "data", "code", "environment", "packages"];
const MOST = 6;

export class Compare {
  constructor(data, view, overview) {
    this.data = data;
    this.view = view;
    this.overview = overview;
    this.chart = new Chart({ zoom: (zoom) => view.set({ zoom }), point: (id) => view.set({ tab: "run", run: id }) });
    this.top = h("div");
    this.foot = h("div");
    this.element = h("div", { class: "compare" }, this.top, this.chart.element, this.foot);
  }

  async draw() {
    const chosen = this.view.sel.filter((id) => this.data.candidates.has(id));
    const ids = (this.ids = chosen.slice(0, MOST));
    this.chart.element.hidden = ids.length < 2;
    if (ids.length > 1) await Promise.all([this.drawCurves(ids), this.drawSheets(ids, chosen.length)]);
    else this.drawSheets(ids, chosen.length);
  }

  async drawCurves(ids) {
    const { data, view, overview } = this;
    const { metric, goal } = overview;
    const other = view.train ? partner(metric, data.about.metrics) : null;
    const only = data.about.kind === "runs" ? [...ids].sort() : null;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    let main, train;
    try {
      main = await data.want(metric, view.x, only);
      train = other ? await overview.curves.beside(other, only) : null;
    } catch (error) {
      overview.curves.tell(error.message);
      return;
    }
    if (turn !== this.turn) return; // a newer drawing has begun
    overview.curves.tell("");
    const drawn = ids.map((id) => overview.item(data.candidates.get(id)));
    const isLog = view.log === "1";
    const curves = curvesOf(drawn, main, train, { goal, weight: Number(view.smooth), isLog });
    this.chart.show({ curves, band: null, title: metric, xTitle: view.x === "time" ? "seconds" : view.x, isLog, zoom: view.zoom, note: train ? `dashed: ${other}` : "" });
  }

  async drawSheets(ids, n) {
    const key = [n, ...ids].join("\n");
    if (key === this.key) return;
    this.key = key;
    if (ids.length < 2) {
      this.top.replaceChildren(h("p", { class: "quiet" }, "Select two to six rows of the overview, with the box or the space bar; here is what differs between them."));
      this.foot.replaceChildren();
      return;
    }
    try {
      const found = await this.data.source.get("compare", { id: ids });
      if (key !== this.key) return;
      const left = n > MOST ? [h("p", { class: "quiet" }, `the first ${MOST} of ${n} selected`)] : [];
      this.top.replaceChildren(...left, ...this.sheets(found));
      this.foot.replaceChildren(...this.words(found));
    } catch (error) {
      if (isUnanswered(error)) this.key = null; // asked again with the next drawing
      this.top.replaceChildren(h("p", { class: "trouble" }, error.message));
      this.foot.replaceChildren();
    }
  }

  // What a run is called: by its name where the board knows it, else by its id.
  name(run) {
    const own = this.data.candidates.get(candidateOf(run));
    return own ? this.data.name(own) : run.id;
  }

  // In the colour of its curve, which follows the order of the selection.
  swatch(run) {
    return h("i", { class: "swatch block", "data-place": this.ids.indexOf(candidateOf(run)) });
  }

  sheets(found) {
    const heads = found.about.map((run, place) => h("th", { scope: "col" }, this.swatch(run), h("button", { title: run.id, onclick: () => this.view.set({ tab: "run", run: candidateOf(run) }) }, this.name(run)), h("small", {}, `${place ? "" : "measured against · "}${day(run.started)}`)));
    const bodies = SECTIONS.map((name) => section(name, found)).filter(Boolean);
    return [
      h("p", { class: "verdicts" }, verdicts(found)),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "what differs" }, h("table", { class: "sides" }, h("thead", {}, h("tr", {}, h("td", {}), heads)), bodies)),
      ...this.patches(found),
      h("h3", {}, "Curves"),
    ];
  }

  // What git has of the code, from the first run's to each other one's; equal patches once.
  patches(found) {
    const texts = new Map();
    found.code.forEach((patch, place) => {
      if (!patch) return;
      const key = patch.lines.join("\n");
      if (!texts.has(key)) texts.set(key, { patch, names: [] });
      texts.get(key).names.push(this.name(found.about[place + 1]));
    });
    const whole = [...texts.values()].map(({ patch, names }) => h("details", { open: texts.size === 1 },
      h("summary", {}, `${this.name(found.about[0])} → ${names.join(", ")} ${size(patch)}`),
      h("pre", { class: "patch", tabindex: 0 }, patchLines(patch.lines)),
      patch.is_cut ? h("p", { class: "quiet" }, "Its beginning; `ledger compare --patch` shows the rest.") : null));
    const isUntold = found.pairs.some((pair, place) => pair.is_same_code === false && !found.code[place]);
    const untold = isUntold ? [h("p", { class: "quiet" }, whole.length ? "Of the others git does not hold the code." : "Git does not hold the code of both any more: there is no patch to show.")] : [];
    return whole.length || isUntold ? [h("h3", {}, "Code"), ...whole, ...untold] : [];
  }

  words(found) {
    const told = (run) => (Object.keys(run.note).length ? Object.entries(run.note).map(([name, text]) => [h("h4", {}, name), note(text)]) : h("p", { class: "quiet" }, "no note yet"));
    return [
      h("h3", {}, "Notes"),
      h("div", { class: "notes" }, found.about.map((run) => h("article", {}, h("h4", {}, this.swatch(run), this.name(run)), told(run)))),
      ...(found.warnings.length ? [h("ul", { class: "said" }, found.warnings.map((line) => h("li", {}, line)))] : []),
    ];
  }
}

function candidateOf(run) {
  return run.id.split("#").at(-1);
}

function size({ lines }) {
  const count = (sign, not) => lines.filter((line) => line.startsWith(sign) && !line.startsWith(not)).length;
  return `(+${count("+", "+++")} −${count("-", "---")})`;
}

// At a glance: what is equal in all and what is not.
function verdicts(found) {
  const n = new Set(found.pairs.flatMap((pair) => Object.keys(pair.config ?? {}))).size;
  const said = [["config", n ? `${n} differ${n === 1 ? "s" : ""}` : "the same", n ? "differs" : "same"]];
  for (const what of ["data", "code", "environment"]) {
    const answers = found.pairs.map((pair) => pair[`is_same_${what}`]);
    const verdict = answers.every((each) => each === true) ? "same" : answers.some((each) => each === false) ? "differs" : "unknown";
    said.push([what, { same: "the same", differs: "differs", unknown: "not known" }[verdict], verdict]);
  }
  const signs = { same: "=", differs: "≠", unknown: "?" };
  return said.map(([what, text, verdict]) => h("span", { class: `verdict ${verdict}` }, `${signs[verdict]} ${what}: ${text}`));
}

function section(name, found) {
  const keys = [...new Set(found.pairs.flatMap((pair) => Object.keys(pair[name] ?? {})))].filter((key) => name !== "run" || !isTold(key, found));
  const rows = keys.flatMap((key) => (name === "metrics" ? metricRows(key, found) : [row(key.replace(/^path:/, ""), found.pairs.map((pair) => pair[name]?.[key]))]));
  if (!rows.length) return null;
  return h("tbody", {}, h("tr", {}, h("th", { colspan: found.about.length + 1, scope: "rowgroup", class: "section" }, name)), rows);
}

// Whether the config says the same already, as it does of the seed.
function isTold(key, found) {
  return found.pairs.every((pair) => JSON.stringify(pair.run?.[key]) === JSON.stringify(pair.config?.[key]));
}

function metricRows(key, found) {
  return ["best", "last"].filter((reading) => found.pairs.some((pair) => pair.metrics?.[key]?.[reading])).map((reading) => row(`${key} (${reading})`, found.pairs.map((pair) => pair.metrics?.[key]?.[reading]), true));
}

// The first run's value, and for each other one its own; where a pair says nothing they are equal.
function row(key, pairs, isMetric = false) {
  const first = pairs.find(Boolean);
  const before = first.in_old ? first.old : undefined;
  const values = [before, ...pairs.map((pair) => (!pair ? before : pair.in_new ? pair.new : undefined))];
  const top = isMetric ? topOf(values, pairs) : -1;
  const letters = new Map();
  const cells = values.map((value, place) => {
    const pair = place ? pairs[place - 1] : null;
    const text = value === undefined ? "N/A" : show(value);
    const kinds = [isMetric ? "num" : place && pair ? "differs" : "", !isMetric && place && !pair ? "same" : "", place === top ? "top" : "", pair?.better === true ? "better" : pair?.better === false ? "worse" : ""];
    return h("td", { class: kinds.filter(Boolean).join(" ") || null, title: text === String(value) ? null : String(value ?? "") || null }, isHash(value) ? `${letter(letters, value)} · ${text}` : text, pair && isMetric ? h("small", {}, changeText(pair)) : null);
  });
  return h("tr", {}, h("th", { scope: "row" }, key), cells);
}

// Which is the best of all, as far as the pairs tell which way is better.
function topOf(values, pairs) {
  const told = pairs.find((pair) => typeof pair?.better === "boolean" && typeof pair.change === "number" && pair.change !== 0);
  if (!told) return -1;
  const sign = told.better === told.change > 0 ? 1 : -1;
  const ranks = values.map((value) => (typeof value === "number" && Number.isFinite(value) ? sign * value : -Infinity));
  return ranks.indexOf(Math.max(...ranks));
}

function changeText({ change, percent }) {
  if (typeof change !== "number") return "";
  const signed = (value, digits) => `${value > 0 ? "+" : ""}${number(value, digits)}`;
  return typeof percent === "number" ? `${signed(change, 3)}, ${signed(percent, 3)} %` : signed(change, 3);
}

const HASH = /^((?:[0-7]{6} |[a-z0-9]+:)?)([0-9a-f]{32,64})(\.dir)?$/;

function isHash(value) {
  return typeof value === "string" && HASH.test(value);
}

// Equal hashes get equal letters: nobody compares forty digits by eye.
function letter(letters, value) {
  if (!letters.has(value)) letters.set(value, String.fromCharCode(65 + letters.size));
  return letters.get(value);
}

function show(value) {
  if (typeof value === "number") return number(value, 6);
  return isHash(value) ? HASH.exec(value)[2].slice(0, 8) : cell(value) || "–";
}
