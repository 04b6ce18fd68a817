// What is known of the board: its candidates, and the curves that were asked for so far.

import { toNumber } from "./format.js";

const REMEMBERED = 500;
const AGAIN = 3000; // milliseconds until a server that did not answer is asked again
// Places in a summary: [min, at, max, at, last, n, n of nan and inf].
export const MIN = 0, MIN_AT = 1, MAX = 2, MAX_AT = 3, LAST = 4, COUNT = 5, ODD = 6;

export class Data {
  constructor(source) {
    this.source = source;
    this.listeners = [];
    this.about = {};
    this.candidates = new Map();
    this.labels = new Map();
    this.shape = 0; // changes with whatever is not a row
    this.curves = new Map();
    this.asked = new Map(); // curves that are on their way
    this.recent = [];
    this.state = "reading";
    this.trouble = "";
    this.newer = null;
    this.lastNews = 0;
    this.changed = 0; // the version of the last change that was heard of
    this.hadSome = false; // whether there were candidates at any time
  }

  on(listener) {
    this.listeners.push(listener);
  }

  tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  async load() {
    try {
      const { candidates, version, ...about } = await this.source.get("board");
      this.about = about;
      this.candidates = new Map(candidates.map((each) => [each.id, each]));
      this.countLabels();
      [this.curves, this.asked] = [new Map(), new Map()];
      this.recent = [];
      this.trouble = "";
      this.state = "live";
      this.lastNews = about.written ? about.written * 1000 : 0;
      this.source.listen(version, (...event) => this.hear(...event));
    } catch (error) {
      this.trouble = error.message;
      this.state = "lost";
      setTimeout(() => this.load(), AGAIN);
    }
    this.tell("board");
  }

  hear(kind, data, version) {
    if (["anew", "about", "candidates", "rows"].includes(kind)) this.changed = version;
    if (kind === "gone") {
      this.state = "lost";
      setTimeout(() => this.load(), AGAIN);
    } else if (kind === "lost" || kind === "back") {
      this.state = kind === "lost" ? "lost" : "live";
    } else if (kind === "anew") {
      this.load();
      return;
    } else if (kind === "trouble") {
      this.trouble = data.why;
    } else if (kind === "newer") {
      this.newer = data;
    } else if (kind === "about") {
      this.about = { ...this.about, ...data };
    } else if (kind === "candidates") {
      for (const each of data) this.candidates.set(each.id, each);
      this.countLabels();
    } else if (kind === "rows") {
      this.lastNews = Date.now();
      this.recent.push([version, data]);
      if (this.recent.length > REMEMBERED) this.recent.shift();
      for (const row of data) this.count(row);
      for (const known of this.curves.values()) extend(known, version, data);
    }
    this.tell(kind);
  }

  // Curves of a metric, by candidate and training; asked for once, then kept up to date.
  async want(metric, axis, ids = null) {
    const key = JSON.stringify([metric, axis, ids]);
    if (this.curves.has(key)) return this.curves.get(key).series;
    if (!this.asked.has(key)) this.asked.set(key, this.ask(key, { metric, axis, ...(ids ? { id: ids } : {}) }));
    return (await this.asked.get(key)).series;
  }

  async ask(key, query) {
    const { curves, asked } = this; // a board that begins anew has others
    try {
      const answer = await this.source.get("curves", query);
      const known = { ...answer, series: new Map() };
      for (const [id, trainings] of Object.entries(answer.series)) {
        known.series.set(id, new Map(trainings.map(({ k, x, y }) => [k, { x, y: y.map(toNumber) }])));
      }
      for (const [version, rows] of this.recent) extend(known, version, rows);
      curves.set(key, known);
      return known;
    } finally {
      asked.delete(key);
    }
  }

  has(metric, axis, ids = null) {
    return this.curves.get(JSON.stringify([metric, axis, ids]))?.series ?? null;
  }

  // What candidates are called: names that several have get the end of their ids.
  name(candidate) {
    const { label, id } = candidate;
    if (!label || label === id) return id;
    return this.labels.get(label) > 1 ? `${label} · ${id.slice(-4)}` : label;
  }

  // Whatever follows from the candidates but not from their rows.
  countLabels() {
    this.shape += 1;
    this.hadSome ||= this.candidates.size > 0;
    this.labels = new Map();
    for (const { label } of this.candidates.values()) this.labels.set(label, (this.labels.get(label) ?? 0) + 1);
  }

  // A row that came is counted in the summaries of its candidate.
  count(row) {
    const candidate = this.candidates.get(row.id);
    if (!candidate) return;
    const at = row.e ?? row.s;
    candidate.n_rows += 1;
    candidate.position = at ?? candidate.position;
    for (const [metric, item] of Object.entries(row.m)) {
      const value = toNumber(item);
      const sum = (candidate.summary[metric] ??= [null, null, null, null, null, 0, 0]);
      sum[LAST] = item;
      sum[COUNT] += 1;
      if (!Number.isFinite(value)) sum[ODD] += 1;
      else {
        if (sum[MIN] === null || value < sum[MIN]) [sum[MIN], sum[MIN_AT]] = [value, at];
        if (sum[MAX] === null || value > sum[MAX]) [sum[MAX], sum[MAX_AT]] = [value, at];
      }
      if (!this.about.metrics.includes(metric)) this.about.metrics.push(metric);
    }
  }
}

function extend(known, version, rows) {
  if (version <= known.version) return;
  for (const row of rows) {
    const value = toNumber(row.m[known.metric]);
    const x = known.axis === "time" ? row.t : known.axis === "step" ? row.s : row.e ?? row.s;
    if (value === null || x === null) continue;
    if (!known.series.has(row.id)) known.series.set(row.id, new Map());
    const trainings = known.series.get(row.id);
    if (!trainings.has(row.k)) trainings.set(row.k, { x: [], y: [] });
    const training = trainings.get(row.k);
    if (training.x.at(-1) === x) training.y[training.y.length - 1] = value;
    else {
      training.x.push(x);
      training.y.push(value);
    }
  }
}
