// Puts the page together: one set of data, one view, and tabs that look at both.

import { Compare } from "./compare.js";
import { Data } from "./data.js";
import { h, oncePerFrame, setText } from "./dom.js";
import { clock, day, duration } from "./format.js";
import { Overview } from "./overview.js";
import { Review } from "./review.js";
import { RunPage } from "./runpage.js";
import { Search } from "./search.js";
import { Inlined, Live, inlined } from "./source.js";
import { View } from "./view.js";

const SILENT = "running, but silent";
const SILENCE = 120; // seconds after which a writer is called silent
const FIRST = 500; // milliseconds that belong to the board and its curves, before what else there is is listed
const DAY = 86400000; // milliseconds
const REST = 700; // milliseconds between two drawings for new rows alone
const TABS = { overview: "Overview", compare: "Compare", search: "Search", review: "Review", run: "Run" };

export function start(source) {
  const view = new View();
  const data = new Data(source);
  const overview = new Overview(data, view);
  const pages = { overview, compare: new Compare(data, view, overview), search: new Search(data, view, overview), review: new Review(data, view, overview), run: new RunPage(data, view) };
  const page = document.getElementById("page");
  const head = new Head(data, view);
  const paint = () => {
    const shown = pages[view.tab] ?? overview;
    head.draw();
    if (!data.about.kind) {
      if (data.trouble) page.replaceChildren(h("p", { class: "trouble", role: "alert" }, data.trouble));
      return; // nothing is known yet
    }
    if (data.about.is_waiting && !data.candidates.size) page.replaceChildren(waiting(data));
    else {
      if (shown.element.parentNode !== page) page.replaceChildren(shown.element);
      shown.draw();
    }
  };
  const draw = oncePerFrame(paint);
  const drawLater = oncePerFrame(paint, REST);
  data.on((what) => (what === "rows" ? drawLater() : draw()));
  view.on(draw);
  setInterval(() => head.draw(), 5000);
  data.on((what) => what === "board" && open(data, view));
  data.load();
  return { data, view, pages };
}

// The run that the page was opened with stands first, and its own tab shows it.
function open({ about, candidates }, view) {
  if (about.kind !== "runs" || !candidates.has(about.key) || view.run || view.pin.length) return;
  view.set({ pin: [about.key], run: about.key });
}

class Head {
  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.title = h("h1");
    this.state = h("span", { class: "state", role: "status" });
    this.tabs = h("nav", { "aria-label": "views" }, Object.entries(TABS).map(([name, title]) => h("button", { "data-tab": name, onclick: () => view.set({ tab: name }) }, title)));
    this.newer = h("a", { class: "newer", hidden: true });
    this.picker = h("select", { "aria-label": "what is looked at", hidden: true, onfocus: () => this.list(), onchange: (event) => go(event.target.value) });
    this.said = document.getElementById("said");
    document.getElementById("head").replaceChildren(this.title, this.picker, this.state, this.newer, this.tabs);
    data.on((what) => what === "board" && data.source.isLive && !this.picker.options.length && setTimeout(() => this.list(), FIRST));
  }

  draw() {
    const { data, view } = this;
    const title = data.about.title ?? "ledger";
    setText(this.title, title);
    const n = [...data.candidates.values()].filter((each) => each.status === "running").length;
    document.title = `${n ? `● ${n} running · ` : ""}${title} · ledger`;
    const text = stateText(data);
    setText(this.state, text);
    this.state.className = `state ${text.startsWith(SILENT) ? "silent" : data.state}`;
    for (const button of this.tabs.children) button.setAttribute("aria-current", button.dataset.tab === view.tab ? "page" : "false");
    const chosen = view.sel.length ? ` (${view.sel.length})` : "";
    setText(this.tabs.children[1], `Compare${chosen}`);
    this.drawSaid();
    if (data.newer) {
      this.newer.hidden = false;
      this.newer.href = `?board=${encodeURIComponent(data.newer.key)}`;
      setText(this.newer, `newer: ${data.newer.name} – open it`);
    }
  }

  drawSaid() {
    const { about, trouble } = this.data;
    const chosen = about.objective?.source === "chosen" ? [`no objective is recorded: ${about.objective.metric} was chosen`] : about.objective?.source === "inferred" ? [`which way ${about.objective.metric} is better follows from its name`] : [];
    const lines = [trouble, ...this.gone(), ...(about.said ?? []), ...chosen].filter(Boolean);
    const key = lines.join("\n");
    if (key === this.saidKey) return;
    this.saidKey = key;
    this.said.replaceChildren(h("ul", { class: "said" }, lines.map((line) => h("li", {}, line))));
  }

  // What was selected or opened and is not in the files, as after a change of the branch.
  gone() {
    const { sel, run } = this.view;
    const { candidates } = this.data;
    const missing = [...new Set([...sel, ...(run ? [run] : [])])].filter((id) => !candidates.has(id));
    return candidates.size && missing.length ? [`not in the files, perhaps on another branch: ${missing.join(", ")}`] : [];
  }

  async list() {
    try {
      const found = await this.data.source.get("places");
      const here = this.data.source.board;
      this.picker.hidden = found.length < 2;
      this.picker.replaceChildren(h("option", { value: here }, "open another …"), ...found.map((each) => h("option", { value: each.key }, `${each.name}${each.status ? ` · ${each.status}` : ""}`)));
    } catch {
      this.picker.hidden = true; // the page itself is what matters
    }
  }
}

function go(key) {
  window.location.href = `?board=${encodeURIComponent(key)}`;
}

function stateText(data) {
  if (!data.source.isLive) return data.about.written_text ?? "";
  if (data.state === "lost") return "the server does not answer; trying again";
  const quiet = data.lastNews ? (Date.now() - data.lastNews) / 1000 : 0;
  const runs = data.about.status === "running" || [...data.candidates.values()].some((each) => each.status === "running");
  if (runs && quiet > SILENCE) return `${SILENT} for ${duration(quiet)}, since ${when(data.lastNews)}`;
  if (data.lastNews) return `${runs ? "● live" : data.about.status ?? "live"} · last row ${when(data.lastNews)}`;
  return data.about.status ?? "live";
}

function when(moment) {
  return Date.now() - moment < DAY ? clock(moment) : day(moment);
}

function waiting(data) {
  if (data.about.kind === "none") return h("section", { class: "waiting" }, h("h2", {}, "Waiting for the first run"), h("p", {}, "None has been started yet. This page opens the first one by itself, whatever its project."));
  if (data.hadSome) return h("section", { class: "waiting" }, h("h2", {}, "What was here is gone"), h("p", {}, `${data.about.where} has no rows any more: moved, or of another branch than the one that is checked out. This page goes on by itself when they are back.`));
  return h("section", { class: "waiting" }, h("h2", {}, "Waiting for the first row"), h("p", {}, `${data.about.where} has none yet. This page goes on by itself when there is one.`));
}

const written = document.getElementById("inlined");
if (!written) window.ledger = start(new Live());
else inlined(written).then((documents) => (window.ledger = start(new Inlined(documents))));
