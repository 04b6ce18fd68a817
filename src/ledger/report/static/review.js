// What the numbers say of the search, and what they cannot say.

import { h } from "./dom.js";
import { number } from "./format.js";
import { isUnanswered } from "./source.js";

const SIGNS = { ok: "✓", note: "·", warn: "!", insufficient: "?" };

export class Review {
  constructor(data, view, overview) {
    this.data = data;
    this.view = view;
    this.overview = overview;
    this.element = h("div", { class: "review" });
    this.older = h("p", { class: "trouble", role: "status", hidden: true }, "Something has changed since this was looked at. ", h("button", { onclick: () => this.again() }, "look again"));
  }

  again() {
    this.key = null;
    this.draw();
  }

  async draw() {
    const { metric } = this.overview;
    const goal = this.view.saidGoal(metric) ?? "";
    const key = `${metric} ${goal} ${this.data.candidates.size} ${[...this.data.candidates.values()].filter((each) => each.status === "running").length}`;
    this.older.hidden = !this.version || this.data.changed <= this.version;
    if (key === this.key) return;
    this.key = key;
    this.element.replaceChildren(h("p", { class: "quiet" }, "Looking …"));
    try {
      const found = await this.data.source.get("review", { metric, goal });
      if (key !== this.key) return;
      this.version = found.version; // none in a report, where nothing changes
      this.element.replaceChildren(this.older, ...this.sheets(found));
      this.older.hidden = !this.version || this.data.changed <= this.version;
    } catch (error) {
      if (isUnanswered(error)) this.key = null; // asked again with the next drawing
      this.element.replaceChildren(...(error.undirected ? this.question(error.undirected) : [h("p", { class: "trouble" }, error.message)]));
    }
  }

  // A review never takes a name for a direction; a person may say it.
  question(metric) {
    const answer = (goal, words) => h("button", { onclick: () => this.view.set({ goal: [metric, goal] }) }, words);
    return [h("p", {}, `Nothing but its name says which way ${metric} is better.`), h("p", {}, answer("min", "less is better"), " ", answer("max", "more is better"))];
  }

  open(name) {
    this.view.set({ tab: "run", run: name.split("#").at(-1) });
  }

  sheets(found) {
    const { decision, counts } = found;
    return [
      h("p", { class: "counts" }, `${found.metric}, ${found.goal === "min" ? "less" : "more"} is better`, this.view.saidGoal(found.metric) ? h("button", { onclick: () => this.view.set({ goal: [] }) }, "say it again") : null),
      h("h2", {}, `Decision supported? `, h("strong", { class: `support-${decision.support}` }, decision.support)),
      h("p", {}, decision.sentence),
      h("p", { class: "counts" }, [`${counts.candidates} candidates`, `${counts.finished} finished`, counts.failed ? `${counts.failed} failed` : null, counts.nonfinite ? `${counts.nonfinite} not finite at some epoch` : null].filter(Boolean).join(" · ")),
      h("table", { class: "sides" }, h("thead", {}, h("tr", {}, ["question", "answer", "evidence"].map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, found.answers.map((each) => h("tr", { class: `is-${each.verdict}` }, h("th", { scope: "row" }, h("i", { class: "sign", "aria-label": each.verdict }, SIGNS[each.verdict]), " ", each.question), h("td", {}, each.answer), h("td", {}, each.evidence))))),
      ...(found.commands.length ? [h("p", {}, "What would tell more:"), h("pre", {}, found.commands.join("\n"))] : []),
      h("h3", {}, "Standings"),
      h("div", { class: "scroll" }, h("table", { class: "sides" }, h("thead", {}, h("tr", {}, ["", "candidate", "smoothed best", "at", "best row", "at", "shape", "seed"].map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, found.standings.slice(0, 50).map((each) => h("tr", {}, h("td", { class: "num" }, each.rank ?? ""), h("th", { scope: "row" }, h("button", { onclick: () => this.open(each.name) }, each.label)), ...[each.smoothed, each.smoothed_epoch, each.best, each.best_epoch].map((n) => h("td", { class: "num" }, number(n))), h("td", {}, each.shape), h("td", {}, number(each.seed))))))),
      h("details", {}, h("summary", {}, `${found.findings.length} findings with their thresholds`), h("div", { class: "scroll" }, h("table", { class: "sides" }, h("thead", {}, h("tr", {}, ["", "rule", "finding", "number", "threshold", "n"].map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, found.findings.map((each) => h("tr", { class: `is-${each.verdict}` }, h("td", {}, SIGNS[each.verdict]), h("th", { scope: "row" }, each.rule), h("td", {}, each.sentence, each.missing ? h("small", {}, ` missing: ${each.missing}`) : null), ...[each.value, each.threshold, each.n].map((n) => h("td", { class: "num" }, number(n))))))))),
      ...(found.warnings.length ? [h("ul", { class: "said" }, found.warnings.map((line) => h("li", {}, line)))] : []),
    ];
  }
}
