// Which curves are drawn, of one candidate or of the repeats of one config, and the band of the rest.

import { Chart } from "./chart.js";
import { number } from "./format.js";
import { band, ordered, partner, smoothed } from "./rank.js";

const MOST_DRAWN = 50;
const BAND_REST = 5000; // milliseconds
const MANY = 60; // candidates whose curves take a moment to come

export class Curves {
  constructor(data, view, actions) {
    this.data = data;
    this.view = view;
    this.chart = new Chart(actions);
    this.told = ""; // what could not be drawn
  }

  // Those in colour: the best few, and whatever is pinned or selected.
  chosen(items, goal) {
    const { view } = this;
    const has = (each) => (each.members ?? [each]).some((one) => one.n_rows > 0);
    const byValue = ordered(items.filter(has), (each) => each.value, goal !== "min");
    const wanted = new Set([...view.pin, ...view.sel]);
    const top = byValue.slice(0, Math.max(0, Math.min(view.top, MOST_DRAWN)));
    const isWanted = (each) => wanted.has(each.id) || each.members?.every((one) => wanted.has(one.id));
    const extra = items.filter((each) => isWanted(each) && !top.includes(each));
    return [...top, ...extra].slice(0, MOST_DRAWN);
  }

  // Of many candidates the curves in colour come first, and the band when all are there.
  async draw(drawn, passing, { metric, goal }) {
    const { view, data } = this;
    if (!metric) return;
    const ids = drawn.flatMap(idsOf).sort();
    const isRuns = data.about.kind === "runs";
    if (isRuns && !ids.length) return;
    const isFirst = !isRuns && ids.length > 0 && data.candidates.size > MANY && !data.has(metric, view.x);
    const other = view.train ? partner(metric, data.about.metrics) : null;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    try {
      const [main, train] = await Promise.all([data.want(metric, view.x, isRuns || isFirst ? ids : null), other ? this.beside(other, ids) : null]);
      if (turn !== this.turn) return; // a newer drawing has begun
      this.tell("");
      const isLog = view.log === "1";
      this.chart.show({
        curves: curvesOf(drawn, main, train, { goal, weight: Number(view.smooth), isLog }),
        band: isRuns || isFirst ? null : this.restBand(passing, ids, main, metric),
        title: metric,
        xTitle: view.x === "time" ? "seconds" : view.x,
        isLog,
        zoom: view.zoom,
        note: train ? `dashed: ${other}` : "",
      });
      if (!isFirst) return;
      await data.want(metric, view.x);
      if (turn === this.turn) this.draw(drawn, passing, { metric, goal });
    } catch (error) {
      if (turn === this.turn) this.tell(error.message);
    }
  }

  // Told once: whoever listens draws again, and asks again.
  tell(trouble) {
    const { data } = this;
    if (trouble === this.told && (!trouble || trouble === data.trouble)) return;
    if (trouble || data.trouble === this.told) data.trouble = trouble;
    this.told = trouble;
    data.tell("trouble");
  }

  // The curves that are drawn dashed; a report may have left them out, and says so.
  async beside(metric, ids) {
    try {
      return await this.data.want(metric, this.view.x, ids);
    } catch {
      return null;
    }
  }

  // The curves that are not in colour, as a band; of very many it is made anew only now and then.
  restBand(passing, ids, main, metric) {
    const { x } = this.view;
    if (x === "time") return null; // no two trials share a second
    const key = JSON.stringify([metric, x, ids, passing.length]);
    const isFresh = performance.now() - (this.bandMade ?? -Infinity) < BAND_REST;
    if (key === this.bandKey && isFresh) return this.bandKept;
    const inColor = new Set(ids);
    const rest = passing.filter((each) => !inColor.has(each.id)).flatMap((each) => trainings(main, each.id));
    this.bandKept = rest.length > 2 ? band(rest) : null;
    [this.bandKey, this.bandMade] = [key, performance.now()];
    return this.bandKept;
  }
}

function idsOf(each) {
  return each.members ? each.members.map((one) => one.id) : [each.id];
}

function trainings(series, id) {
  return [...(series?.get(id)?.values() ?? [])];
}

export function curvesOf(drawn, main, train, look) {
  return drawn.flatMap((each, place) => (each.members ? ofGroup(each, place, main, train, look) : ofOne(each, place, main, train, look)));
}

function ofOne(each, place, main, train, { goal, weight, isLog }) {
  const found = [];
  const who = { id: each.id, place, facts: each.facts ?? [] };
  const own = main.get(each.id) ?? new Map();
  for (const [key, { x, y }] of own) {
    const values = isLog ? y.map(positive) : y;
    const label = trainingName(each, key, own.size);
    if (weight) found.push({ ...who, label, x, kind: "raw", y: values, odd: [], best: null });
    found.push({ ...who, label, x, kind: "main", y: smoothed(values, weight), raw: weight ? values : null, odd: x.filter((_, at) => y[at] !== null && !Number.isFinite(y[at])), best: bestPoint(x, y, goal) });
  }
  for (const { x, y } of trainings(train, each.id)) {
    found.push({ ...who, label: each.label, x, kind: "train", y: smoothed(isLog ? y.map(positive) : y, weight), odd: [], best: null });
  }
  return found;
}

// Repeats of one config: their mean, each of them thin beneath it.
function ofGroup(each, place, main, train, { goal, weight, isLog }) {
  const who = { id: each.id, place, label: each.label, facts: each.facts ?? [], odd: [], best: null };
  const own = each.members.flatMap((one) => trainings(main, one.id));
  if (!own.length) return [];
  const shown = (y) => (isLog ? y.map(positive) : y);
  const mean = meanOf(own);
  const found = own.length > 1 ? own.map(({ x, y }) => ({ ...who, kind: "raw", x, y: shown(y) })) : [];
  const odd = own.flatMap(({ x, y }) => x.filter((_, at) => y[at] !== null && !Number.isFinite(y[at])));
  const said = each.sd === null ? number(each.value) : `${number(each.value)} ± ${number(each.sd, 2)}`;
  found.push({ ...who, kind: "main", x: mean.x, y: smoothed(shown(mean.y), weight), raw: weight ? shown(mean.y) : null, odd, best: bestPoint(mean.x, mean.y, goal), said });
  const others = each.members.flatMap((one) => trainings(train, one.id));
  if (others.length) {
    const { x, y } = meanOf(others);
    found.push({ ...who, kind: "train", x, y: smoothed(shown(y), weight) });
  }
  return found;
}

// The mean at each x that at least half of the curves have a value at.
export function meanOf(curves) {
  const at = new Map();
  for (const { x, y } of curves) {
    x.forEach((each, place) => {
      if (!Number.isFinite(y[place])) return;
      const [sum, n] = at.get(each) ?? [0, 0];
      at.set(each, [sum + y[place], n + 1]);
    });
  }
  const x = [...at].filter(([, [, n]]) => 2 * n >= curves.length).map(([each]) => each).sort((a, b) => a - b);
  return { x, y: x.map((each) => at.get(each)[0] / at.get(each)[1]) };
}

function trainingName(candidate, key, n) {
  if (n < 2) return candidate.label;
  const [attempt, execution] = key.split(".");
  return `${candidate.label} · execution ${execution}${attempt === "0" ? "" : `, attempt ${attempt}`}`;
}

function positive(value) {
  return value > 0 ? value : null;
}

function bestPoint(x, y, goal) {
  if (!goal) return null;
  let at = -1;
  y.forEach((value, place) => {
    if (Number.isFinite(value) && (at < 0 || (goal === "min" ? value < y[at] : value > y[at]))) at = place;
  });
  return at < 0 ? null : { x: x[at], y: y[at] };
}
