// The table beside the curves.

import { Chart } from "./chart.js";
import { copy, download, h, setText } from "./dom.js";
import { cell, csvCell, day, duration, number } from "./format.js";
import { band, best, differing, filter, groups, last, ordered, partner, progress, smoothed } from "./rank.js";
import { Table } from "./table.js";

const MOST_DRAWN = 50;
const BAND_REST = 5000; // milliseconds
const MANY = 60; // candidates whose curves take a moment to come

export class Overview {
  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.table = new Table({
      sort: (name) => this.sort(name),
      open: (id) => view.set({ tab: "run", run: id }),
      select: (id) => this.select(id),
      pin: (id) => view.toggle("pin", id),
      again: () => this.draw(),
    });
    this.chart = new Chart({ zoom: (zoom) => view.set({ zoom }), point: (id) => this.table.focus(id) });
    this.summary = h("p", { class: "counts", "aria-live": "polite" });
    this.tools = h("div", { class: "tools" });
    this.element = h("div", { class: "overview" },
      h("section", { class: "left", "aria-label": "candidates" }, this.summary, this.table.element, keys()),
      h("section", { class: "right", "aria-label": "curves" }, this.tools, this.chart.element));
    this.makeTools();
  }

  get metric() {
    return this.view.metric || this.data.about.objective?.metric || this.data.about.metrics?.[0] || "";
  }

  get goal() {
    return this.data.about.goals?.[this.metric] ?? null;
  }

  // What is seen of the candidates, in its order: filtered, grouped, sorted, pinned ones first.
  items() {
    const { about, candidates } = this.data;
    const { metric, goal, view } = this;
    const passing = [...candidates.values()].filter(filter(view.filter, metric, goal));
    const columns = this.columns(passing);
    const items = view.group ? this.grouped(passing) : passing.map((each) => this.item(each));
    const column = columns.find((each) => each.name === view.sort) ?? columns.find((each) => each.name === "value");
    const isDescending = this.isDescending(column);
    const sorted = ordered(items, column.key ?? column.of, isDescending);
    const pinned = new Set(view.pin);
    const shown = [...sorted.filter((each) => pinned.has(each.id)), ...sorted.filter((each) => !pinned.has(each.id))];
    const winner = goal && !view.group ? ordered(items.filter((each) => Number.isFinite(each.value)), (each) => each.value, goal === "max")[0] : null;
    if (winner) winner.isBest = true;
    return { items: shown, columns, column, isDescending, passing, total: candidates.size, about };
  }

  isDescending(column) {
    if (this.view.desc !== "") return this.view.desc === "1";
    return column.name === "value" || column.name === "last" || column.name === "score" ? this.goal !== "min" : column.name === "started";
  }

  item(candidate) {
    const { value, at, odd } = best(candidate, this.metric, this.goal);
    return { ...candidate, label: this.data.name(candidate), value, at, odd, isDim: candidate.n_rows <= 1 && value === null };
  }

  grouped(candidates) {
    return groups(candidates, this.metric, this.goal, this.data.about.params).map((group) => ({
      id: group.key,
      label: group.members.length === 1 ? (group.members[0].label ?? group.members[0].id) : `${group.members.length} × ${group.members[0].label ?? "one config"}`,
      value: group.mean,
      sd: group.sd,
      n: group.n,
      params: group.params,
      summary: {},
      members: group.members,
      status: group.members.some((each) => each.status === "running") ? "running" : null,
    }));
  }

  columns(passing) {
    const { metric, goal, view, data } = this;
    const isRuns = data.about.kind === "runs";
    const params = view.all ? data.about.params : this.differing(passing);
    const about = goal ? `the best value over the rows; ${goal === "min" ? "less" : "more"} is better` : "the last value: nothing says which way is better";
    const found = [
      { name: "id", title: isRuns ? "run" : "trial", of: (each) => each.label, key: (each) => each.label, exact: view.group ? null : (each) => each.id, hint: hintOf },
      ...(passing.some((each) => each.status) ? [{ name: "status", title: "status", of: (each) => each.status ?? "" }] : []),
      { name: "value", title: metric || "value", about, isNumber: true, of: (each) => each.value, hint: (each) => (each.odd ? `${each.odd} rows were nan or inf` : "") },
    ];
    if (view.group) {
      found.push({ name: "sd", title: "± sd", isNumber: true, of: (each) => each.sd }, { name: "n", title: "n", isNumber: true, of: (each) => each.n });
    } else {
      found.push(
        { name: "at", title: "at", about: "the epoch, or step, of the best value", isNumber: true, of: (each) => each.at },
        { name: "last", title: "last", isNumber: true, of: (each) => last(each, metric) },
        { name: "progress", title: "epochs", isNumber: true, of: (each) => progressText(each, data.about.epoch_base ?? 0), key: (each) => each.position ?? -1, exact: (each) => progress(each, data.about.epoch_base ?? 0).done ?? each.n_rows },
      );
      if ([...data.candidates.values()].some((each) => each.score !== undefined)) found.push({ name: "score", title: "score", about: "what the tuner said", isNumber: true, of: (each) => each.score });
    }
    found.push(...params.map((name) => ({ name: `p.${name}`, title: name, isNumber: isNumeric(passing, name), of: (each) => each.params?.[name] })));
    if (isRuns && !view.group) found.push({ name: "started", title: "started", of: (each) => day(each.started), key: (each) => each.started, exact: (each) => each.started });
    return found;
  }

  // Params do not change with rows: they are looked at again only when a candidate came or changed.
  differing(passing) {
    const key = `${this.data.shape} ${passing.length} ${this.view.filter}`;
    if (key !== this.differingKey) {
      this.differingKey = key;
      this.differingKept = differing(passing, this.data.about.params);
    }
    return this.differingKept;
  }

  draw() {
    const { items, columns, column, isDescending, passing, total } = this.items();
    this.seen = { items, columns };
    const drawn = this.drawn(items);
    const colors = new Map(drawn.map((each, place) => [each.id, `var(--c${place % 10})`]));
    this.table.show({ columns, items, sort: column.name, isDescending, selected: new Set(this.view.sel), pinned: new Set(this.view.pin), colors });
    setText(this.summary, this.countsText(passing, total));
    this.drawTools();
    this.drawCurves(drawn, passing);
  }

  // The curves in colour: the best few, and whatever is pinned or selected.
  drawn(items) {
    const { view, goal } = this;
    const flat = view.group ? items.flatMap((each) => each.members) : items;
    const byValue = ordered(flat.map((each) => this.item(each)).filter((each) => each.n_rows > 0), (each) => each.value, goal !== "min");
    const wanted = new Set([...view.pin, ...view.sel]);
    const top = byValue.slice(0, Math.max(0, Math.min(view.top, MOST_DRAWN)));
    const extra = flat.filter((each) => wanted.has(each.id) && !top.some((one) => one.id === each.id));
    return [...top, ...extra].slice(0, MOST_DRAWN);
  }

  // Of many candidates the curves in colour come first, and the band when all are there.
  async drawCurves(drawn, passing) {
    const { view, metric, goal, data } = this;
    if (!metric) return;
    const ids = drawn.map((each) => each.id).sort();
    const isRuns = data.about.kind === "runs";
    if (isRuns && !ids.length) return;
    const isFirst = !isRuns && ids.length > 0 && data.candidates.size > MANY && !data.has(metric, view.x);
    const other = view.train ? partner(metric, data.about.metrics) : null;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    try {
      const [main, train] = await Promise.all([data.want(metric, view.x, isRuns || isFirst ? ids : null), other ? this.beside(other, ids) : null]);
      if (turn !== this.turn) return; // a newer drawing has begun
      this.chart.show({
        curves: curvesOf(drawn, main, train, { goal, weight: Number(view.smooth), isLog: view.log === "1" }),
        band: isRuns || isFirst ? null : this.restBand(passing, drawn, main),
        title: metric,
        xTitle: view.x === "time" ? "seconds" : view.x,
        isLog: view.log === "1",
        zoom: view.zoom,
        note: train ? `dashed: ${other}` : "",
      });
      if (!isFirst) return;
      await data.want(metric, view.x);
      if (turn === this.turn) this.drawCurves(drawn, passing);
    } catch (error) {
      data.trouble = error.message;
      data.tell("trouble");
    }
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
  restBand(passing, drawn, main) {
    const { view, metric } = this;
    if (view.x === "time") return null; // no two trials share a second
    const key = JSON.stringify([metric, view.x, drawn.map((each) => each.id), passing.length]);
    const isFresh = performance.now() - (this.bandMade ?? -Infinity) < BAND_REST;
    if (key === this.bandKey && isFresh) return this.bandKept;
    const inColor = new Set(drawn.map((each) => each.id));
    const rest = passing.filter((each) => !inColor.has(each.id)).flatMap((each) => [...(main.get(each.id)?.values() ?? [])]);
    this.bandKept = rest.length > 2 ? band(rest) : null;
    [this.bandKey, this.bandMade] = [key, performance.now()];
    return this.bandKept;
  }

  countsText(passing, total) {
    const by = new Map();
    for (const each of passing) by.set(each.status ?? "", (by.get(each.status ?? "") ?? 0) + 1);
    const kinds = ["running", "finished", "failed", "crashed", "interrupted"].filter((each) => by.get(each)).map((each) => `${by.get(each)} ${each}`);
    const what = this.data.about.kind === "runs" ? "runs" : "trials";
    const most = this.data.about.max_trials;
    const shown = passing.length === total ? `${total}${most > total ? ` of ${most}` : ""} ${what}` : `${passing.length} of ${total} ${what}`;
    return [shown, ...kinds, this.sweepLeft(passing, most)].filter(Boolean).join(" · ");
  }

  // How long the rest of a sweep takes, at the pace of the trials that have ended.
  sweepLeft(trials, most) {
    const spans = trials.filter((each) => each.started && each.ended).map((each) => (new Date(each.ended) - new Date(each.started)) / 1000);
    if (!most || !spans.length || this.data.about.status !== "running") return "";
    const mean = spans.reduce((sum, each) => sum + each, 0) / spans.length;
    return `about ${duration(mean * Math.max(0, most - spans.length))} left`;
  }

  sort(name) {
    const isSame = this.view.sort === name;
    const { column } = this.items();
    this.view.set({ sort: name, desc: isSame ? (this.isDescending(column) ? "0" : "1") : "" });
  }

  select(id) {
    const group = this.seen.items.find((each) => each.id === id && each.members);
    if (group) this.view.set({ sel: group.members.map((each) => each.id) });
    else this.view.toggle("sel", id);
  }

  makeTools() {
    const { view } = this;
    this.metricBox = h("select", { "aria-label": "metric", onchange: (event) => view.set({ metric: event.target.value, zoom: view.zoom }) });
    this.axisBox = h("select", { "aria-label": "x axis", onchange: (event) => view.set({ x: event.target.value, zoom: [] }) });
    this.smoothBox = h("input", { type: "range", min: 0, max: 0.98, step: 0.02, "aria-label": "smoothing", oninput: (event) => view.set({ smooth: Number(event.target.value) }) });
    this.topBox = h("input", { type: "number", min: 0, max: MOST_DRAWN, "aria-label": "curves in colour", onchange: (event) => view.set({ top: Number(event.target.value) }) });
    this.filterBox = h("input", { type: "text", placeholder: "filter: lr<1e-2 status=finished", "aria-label": "filter", oninput: (event) => view.set({ filter: event.target.value }) });
    this.checks = new Map([["log", "log"], ["train", "train"], ["group", "group seeds"], ["all", "all params"]].map(([name, text]) => [name, [check(text, (is) => view.set({ [name]: is ? "1" : "" })), text]]));
    this.fit = h("button", { onclick: () => view.set({ zoom: [] }) }, "fit");
    this.said = h("span", { role: "status" });
    this.tools.append(this.metricBox, label("x", this.axisBox), label("smooth", this.smoothBox), label("top", this.topBox), ...[...this.checks.values()].map(([box]) => box), this.fit, this.filterBox,
      h("button", { onclick: () => this.copied("csv") }, "copy CSV"), h("button", { onclick: () => this.copied("md") }, "copy Markdown"), this.said);
  }

  drawTools() {
    const { view, data } = this;
    options(this.metricBox, data.about.metrics ?? [], this.metric);
    options(this.axisBox, data.about.axes ?? ["epoch"], view.x);
    keep(this.smoothBox, view.smooth);
    keep(this.topBox, view.top);
    keep(this.filterBox, view.filter);
    for (const [name, [box]] of this.checks) box.firstChild.checked = view[name] === "1";
    this.fit.disabled = !view.zoom.length;
  }

  async copied(kind) {
    const { items, columns } = this.seen;
    const isCsv = kind === "csv"; // for another program: whole ids and exact numbers
    const rows = [columns.map((each) => each.title), ...items.map((item) => columns.map((each) => ((isCsv && each.exact) || each.of)(item)))];
    const text = isCsv ? rows.map((row) => row.map(csvCell).join(",")).join("\n") + "\n" : markdown(rows);
    const isDone = await copy(text);
    if (!isDone) download(`table.${kind}`, text, isCsv ? "text/csv" : "text/markdown");
    setText(this.said, isDone ? `${items.length} rows copied` : `${items.length} rows saved`);
  }
}

export function curvesOf(drawn, main, train, { goal, weight, isLog }) {
  const found = [];
  drawn.forEach((each, place) => {
    const about = each.note ? Object.entries(each.note).map(([name, text]) => `${name}: ${text}`).join("\n") : "";
    for (const [key, { x, y }] of main.get(each.id) ?? []) {
      const values = isLog ? y.map(positive) : y;
      const who = { id: each.id, place, x, about, label: trainingName(each, key, main.get(each.id).size) };
      if (weight) found.push({ ...who, kind: "raw", y: values, odd: [], best: null });
      found.push({ ...who, kind: "main", y: smoothed(values, weight), odd: x.filter((_, at) => y[at] !== null && !Number.isFinite(y[at])), best: bestPoint(x, y, goal) });
    }
    for (const [, { x, y }] of train?.get(each.id) ?? []) {
      found.push({ id: each.id, place, kind: "train", x, y: smoothed(isLog ? y.map(positive) : y, weight), odd: [], best: null, label: each.label });
    }
  });
  return found;
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

function progressText(item, base) {
  const { done, planned, left } = progress(item, base);
  if (done === null) return item.n_rows || "";
  const part = planned && item.status === "running" ? `${done}/${planned}` : String(done);
  return left === null || !Number.isFinite(left) || left === 0 ? part : `${part} · ${duration(left)}`;
}

function hintOf(item) {
  const note = Object.entries(item.note ?? {}).map(([name, text]) => `${name}: ${text}`);
  return [item.label === item.id ? "" : item.id, item.message ?? "", ...note, item.dirty ? "dirty code" : "", item.parent ? `follows ${item.parent}` : ""].filter(Boolean).join("\n");
}

function isNumeric(candidates, name) {
  return candidates.every((each) => ["number", "undefined"].includes(typeof (each.params?.[name] ?? undefined)));
}

function markdown(rows) {
  const line = (row) => `| ${row.map((each) => cell(typeof each === "number" ? number(each) : each).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(rows[0]), `|${rows[0].map(() => "---").join("|")}|`, ...rows.slice(1).map(line)].join("\n") + "\n";
}

function keys() {
  const all = [["↑ ↓ or k j", "move"], ["space", "select"], ["p", "pin"], ["enter, double click", "open"], ["drag in the curves", "zoom"], ["0, double click there", "show all"]];
  return h("details", { class: "keys" }, h("summary", {}, "keys"), h("dl", {}, all.map(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])));
}

function label(text, control) {
  return h("label", {}, `${text} `, control);
}

function check(text, tell) {
  return h("label", {}, h("input", { type: "checkbox", onchange: (event) => tell(event.target.checked) }), ` ${text}`);
}

function options(box, names, chosen) {
  const key = names.join("\n");
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
  }
  if (box.value !== chosen) box.value = chosen;
}

function keep(box, value) {
  if (document.activeElement !== box && box.value !== String(value)) box.value = String(value);
}
