// Two to six runs side by side: what differs first, then what people wrote.

import { Chart } from "./chart.js";
import { h } from "./dom.js";
import { cell, day, number } from "./format.js";
import { note } from "./note.js";
import { curvesOf } from "./overview.js";
import { partner } from "./rank.js";

const SECTIONS = ["config", "metrics", "run", "data", "code", "environment", "packages"];

export class Compare {
  constructor(data, view, overview) {
    this.data = data;
    this.view = view;
    this.overview = overview;
    this.chart = new Chart({ zoom: (zoom) => view.set({ zoom }), point: (id) => view.set({ tab: "run", run: id }) });
    this.body = h("div");
    this.element = h("div", { class: "compare" }, this.body, this.chart.element);
  }

  async draw() {
    const ids = this.view.sel.filter((id) => this.data.candidates.has(id)).slice(0, 6);
    this.chart.element.hidden = ids.length < 2;
    if (ids.length > 1) await Promise.all([this.drawCurves(ids), this.drawSheets(ids)]);
    else this.drawSheets(ids);
  }

  async drawCurves(ids) {
    const { data, view, overview } = this;
    const { metric, goal } = overview;
    const other = view.train ? partner(metric, data.about.metrics) : null;
    const only = data.about.kind === "runs" ? [...ids].sort() : null;
    const main = await data.want(metric, view.x, only);
    const train = other ? await data.want(other, view.x, only) : null;
    const drawn = ids.map((id) => overview.item(data.candidates.get(id)));
    const isLog = view.log === "1";
    const curves = curvesOf(drawn, main, train, { goal, weight: Number(view.smooth), isLog });
    this.chart.show({ curves, band: null, title: metric, xTitle: view.x === "time" ? "seconds" : view.x, isLog, zoom: view.zoom, note: other ? `dashed: ${other}` : "" });
  }

  async drawSheets(ids) {
    const key = ids.join("\n");
    if (key === this.key) return;
    this.key = key;
    if (ids.length < 2) {
      this.body.replaceChildren(h("p", { class: "quiet" }, "Select two to six rows of the overview, with the box or the space bar; here is what differs between them."));
      return;
    }
    try {
      const found = await this.data.source.get("compare", { id: ids });
      if (key === this.key) this.body.replaceChildren(...this.sheets(found));
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "trouble" }, error.message));
    }
  }

  sheets(found) {
    const head = h("tr", {}, h("th", { scope: "col" }, ""), ...found.about.map((each) => h("th", { scope: "col" }, h("button", { onclick: () => this.view.set({ tab: "run", run: each.id.split("#").at(-1) }) }, each.id), h("small", {}, day(each.started)))));
    const bodies = SECTIONS.map((name) => section(name, found)).filter(Boolean);
    const same = ["is_same_data", "is_same_code", "is_same_environment"].map((name) => [name.slice(8), found.pairs.map((pair) => pair[name])]);
    return [
      h("p", { class: "counts" }, same.map(([what, answers]) => h("span", { class: "fact" }, `${what}: ${answers.every((each) => each === true) ? "the same" : answers.some((each) => each === false) ? "differs" : "not known"}`))),
      h("div", { class: "scroll" }, h("table", { class: "sides" }, h("thead", {}, head), ...bodies)),
      h("div", { class: "notes" }, found.about.map((each) => h("article", {}, h("h3", {}, each.id), Object.keys(each.note).length ? Object.entries(each.note).map(([name, text]) => [h("h4", {}, name), note(text)]) : h("p", { class: "quiet" }, "no note yet")))),
      ...(found.warnings.length ? [h("ul", { class: "said" }, found.warnings.map((line) => h("li", {}, line)))] : []),
    ];
  }
}

function section(name, found) {
  const keys = [...new Set(found.pairs.flatMap((pair) => Object.keys(pair[name] ?? {})))];
  const rows = keys.flatMap((key) => (name === "metrics" ? metricRows(key, found) : [row(key, found.pairs.map((pair) => pair[name]?.[key]))]));
  if (!rows.length) return null;
  return h("tbody", {}, h("tr", {}, h("th", { colspan: found.about.length + 1, scope: "rowgroup", class: "section" }, name)), rows);
}

function metricRows(key, found) {
  return ["best", "last"].filter((reading) => found.pairs.some((pair) => pair.metrics?.[key]?.[reading])).map((reading) => row(`${key} (${reading})`, found.pairs.map((pair) => pair.metrics?.[key]?.[reading]), true));
}

// The first run's value, and for each other one its own; where a pair says nothing they are equal.
function row(key, pairs, isMetric = false) {
  const first = pairs.find(Boolean);
  const before = first.in_old ? show(first.old) : "N/A";
  const others = pairs.map((pair) => {
    if (!pair) return h("td", { class: "same" }, before);
    const text = pair.in_new ? show(pair.new) : "N/A";
    const change = isMetric && typeof pair.change === "number" ? ` (${pair.change > 0 ? "+" : ""}${number(pair.change, 4)}${typeof pair.percent === "number" ? `, ${pair.percent > 0 ? "+" : ""}${number(pair.percent, 3)} %` : ""})` : "";
    return h("td", { class: pair.better === true ? "better" : pair.better === false ? "worse" : "" }, text, change ? h("small", {}, change) : null);
  });
  return h("tr", {}, h("th", { scope: "row" }, key), h("td", {}, before), others);
}

function show(value) {
  return typeof value === "number" ? number(value, 7) : cell(value) || "–";
}
