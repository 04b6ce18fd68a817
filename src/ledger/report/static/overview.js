// The table beside the curves.

import { Curves } from "./curves.js";
import { copy, download, h, setText } from "./dom.js";
import { cell, csvCell, day, duration, number } from "./format.js";
import { best, differing, filter, groups, last, ordered, progress } from "./rank.js";
import { Table } from "./table.js";

const MOST_FACTS = 8; // params of a hover card

export class Overview {
  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.table = new Table({
      sort: (name) => this.sort(name),
      open: (id) => this.open(id),
      select: (id) => this.select(id),
      pin: (id) => view.toggle("pin", id),
      point: (id, isWithCard) => this.curves.chart.point(id, isWithCard),
      again: () => this.draw(),
    });
    this.curves = new Curves(data, view, { zoom: (zoom) => view.set({ zoom }), point: (id) => this.table.focus(id) });
    this.summary = h("p", { class: "counts", "aria-live": "polite" });
    this.tools = h("div", { class: "tools" });
    this.rowTools = h("div", { class: "tools" });
    this.element = h("div", { class: "overview" },
      h("section", { class: "left", "aria-label": "candidates" }, this.rowTools, this.summary, this.table.element, keys()),
      h("section", { class: "right", "aria-label": "curves" }, this.tools, this.curves.chart.element));
    this.makeTools();
  }

  get metric() {
    return this.view.metric || this.data.about.objective?.metric || this.data.about.metrics?.[0] || "";
  }

  get goal() {
    return this.view.saidGoal(this.metric) ?? this.data.about.goals?.[this.metric] ?? null;
  }

  // What is seen of the candidates, in its order: filtered, grouped, sorted, pinned ones first.
  items() {
    const { about, candidates } = this.data;
    const { metric, goal, view } = this;
    const passing = [...candidates.values()].filter(filter(view.filter, metric, about.goals ?? {}));
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
      status: new Set(group.members.map((each) => each.status)).size === 1 ? group.members[0].status : null,
      note: group.members.find((each) => each.note)?.note,
    }));
  }

  columns(passing) {
    const { metric, goal, view, data } = this;
    const isRuns = data.about.kind === "runs";
    const params = view.all ? data.about.params : this.differing(passing);
    const about = goal ? `the best value over the rows; ${goal === "min" ? "less" : "more"} is better` : "the last value: nothing says which way is better";
    const found = [
      { name: "id", title: isRuns ? "run" : "trial", of: (each) => each.label, key: (each) => each.label, exact: view.group ? null : (each) => each.id, hint: hintOf },
      ...(passing.some((each) => each.status) ? [{ name: "status", title: "status", of: (each) => each.status ?? statuses(each.members ?? []) }] : []),
      { name: "value", title: metric || "value", about, isNumber: true, isAligned: true, of: (each) => each.value, hint: (each) => (each.odd ? `${each.odd} rows were nan or inf` : "") },
    ];
    if (view.group) {
      found.push({ name: "sd", title: "± sd", isNumber: true, isAligned: true, digits: 2, of: (each) => each.sd }, { name: "n", title: "n", isNumber: true, of: (each) => each.n });
    } else {
      found.push(
        { name: "at", title: "at", about: "the epoch, or step, of the best value", isNumber: true, of: (each) => each.at },
        { name: "last", title: "last", isNumber: true, isAligned: true, of: (each) => last(each, metric) },
        { name: "progress", title: "epochs", isNumber: true, of: (each) => progressText(each, data.about.epoch_base ?? 0), key: (each) => each.position ?? -1, exact: (each) => progress(each, data.about.epoch_base ?? 0).done ?? each.n_rows },
      );
      if ([...data.candidates.values()].some((each) => each.score !== undefined)) found.push({ name: "score", title: "score", about: "what the tuner said", isNumber: true, isAligned: true, of: (each) => each.score });
    }
    found.push(...params.map((name) => ({ name: `p.${name}`, title: name, isNumber: isNumeric(passing, name), digits: 4, of: (each) => each.params?.[name] })));
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
    const differing = this.differing(passing);
    const drawn = this.curves.chosen(items, this.goal).map((each) => ({ ...each, facts: factsOf(each, differing) }));
    const colors = new Map(drawn.map((each, place) => [each.id, `var(--c${place % 10})`]));
    this.table.show({ columns, items, sort: column.name, isDescending, selected: this.selected(items), pinned: new Set(this.view.pin), colors });
    setText(this.summary, this.countsText(passing, total));
    this.drawTools();
    this.curves.draw(drawn, passing, this);
  }

  // A group is selected where all its members are.
  selected(items) {
    const own = new Set(this.view.sel);
    return this.view.group ? new Set(items.filter((each) => each.members.every((one) => own.has(one.id))).map((each) => each.id)) : own;
  }

  countsText(passing, total) {
    const what = this.data.about.kind === "runs" ? "runs" : "trials";
    const most = this.data.about.max_trials;
    const shown = passing.length === total ? `${total}${most > total ? ` of ${most}` : ""} ${what}` : `${passing.length} of ${total} ${what}`;
    return [shown, statuses(passing), this.sweepLeft(most)].filter(Boolean).join(" · ");
  }

  // How long the rest of a sweep takes, at the pace of the trials that have ended.
  sweepLeft(most) {
    const spans = [...this.data.candidates.values()].filter((each) => each.started && each.ended).map((each) => (new Date(each.ended) - new Date(each.started)) / 1000);
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
    const own = this.group(id)?.members.map((each) => each.id);
    if (!own) {
      this.view.toggle("sel", id);
      return;
    }
    const { sel } = this.view;
    const rest = sel.filter((each) => !own.includes(each));
    this.view.set({ sel: own.every((each) => sel.includes(each)) ? rest : [...rest, ...own] });
  }

  // Of a group its best member is opened.
  open(id) {
    const members = this.group(id)?.members.map((each) => this.item(each));
    this.view.set({ tab: "run", run: members ? ordered(members, (each) => each.value, this.goal !== "min")[0].id : id });
  }

  group(id) {
    return this.seen.items.find((each) => each.id === id && each.members);
  }

  makeTools() {
    const { view } = this;
    this.metricBox = h("select", { "aria-label": "metric", onchange: (event) => view.set({ metric: event.target.value, zoom: view.zoom }) });
    this.axisBox = h("select", { "aria-label": "x axis", onchange: (event) => view.set({ x: event.target.value, zoom: [] }) });
    this.smoothBox = h("input", { type: "range", min: 0, max: 0.98, step: 0.02, "aria-label": "smoothing", oninput: (event) => view.set({ smooth: Number(event.target.value) }) });
    this.topBox = h("input", { type: "number", min: 0, max: 50, "aria-label": "curves in colour", onchange: (event) => view.set({ top: Number(event.target.value) }) });
    this.filterBox = h("input", { type: "text", placeholder: "filter: lr<1e-2 status=finished", "aria-label": "filter", oninput: (event) => view.set({ filter: event.target.value }) });
    this.checks = new Map([["log", "log"], ["train", "train"], ["group", "group seeds"], ["all", "all params"]].map(([name, text]) => [name, [check(text, (is) => view.set({ [name]: is ? "1" : "" })), text]]));
    this.fit = h("button", { onclick: () => view.set({ zoom: [] }) }, "whole curves");
    this.said = h("span", { role: "status" });
    const box = (name) => this.checks.get(name)[0];
    this.tools.append(this.metricBox, label("x", this.axisBox), label("smooth", this.smoothBox), label("top", this.topBox), box("log"), box("train"), this.fit);
    this.rowTools.append(this.filterBox, box("group"), box("all"), h("button", { onclick: () => this.copied("csv") }, "copy CSV"), h("button", { onclick: () => this.copied("md") }, "copy Markdown"), this.said);
  }

  drawTools() {
    const { view, data } = this;
    options(this.metricBox, data.about.metrics ?? [], this.metric);
    options(this.axisBox, data.about.axes ?? ["epoch"], view.x);
    keep(this.smoothBox, view.smooth);
    keep(this.topBox, view.top);
    keep(this.filterBox, view.filter);
    for (const [name, [box]] of this.checks) box.firstChild.checked = view[name] === "1";
    this.fit.hidden = !view.zoom.length;
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

// What stands beside a curve: the params that differ, and what a person wrote.
function factsOf(item, differing) {
  const params = differing.slice(0, MOST_FACTS).map((name) => [name, cell(item.params?.[name])]);
  return [...params.filter(([, text]) => text), ...Object.entries(item.note ?? {})];
}

function progressText(item, base) {
  const { done, planned, left } = progress(item, base);
  if (done === null) return item.n_rows || "";
  const part = planned && item.status === "running" ? `${done}/${planned}` : String(done);
  return left === null || !Number.isFinite(left) || left === 0 ? part : `${part} · ${duration(left)}`;
}

const KINDS = ["running", "finished", "failed", "crashed", "interrupted"];

function statuses(candidates) {
  const count = (kind) => candidates.filter((each) => each.status === kind).length;
  return KINDS.filter(count).map((kind) => `${count(kind)} ${kind}`).join(" · ");
}

function hintOf(item) {
  if (item.members) return item.members.map((each) => each.id).join("\n");
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
