// One run, whole: its note, its record, what it made, and the code it had that no commit holds.

import { COUNT, LAST, MAX, MAX_AT, MIN, MIN_AT, ODD } from "./data.js";
import { h } from "./dom.js";
import { cell, day } from "./format.js";
import { note } from "./note.js";
import { isUnanswered } from "./source.js";

const FIRST = ["status", "timestamp", "git", "config", "data", "metrics", "artifacts", "error", "incomplete", "warnings"];

export class RunPage {
  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.element = h("div", { class: "run" });
  }

  async draw() {
    const id = this.view.run || this.view.sel[0] || this.data.candidates.keys().next().value;
    const own = this.data.candidates.get(id);
    const key = `${id} ${own?.status}`;
    if (!id || key === this.key) return;
    this.key = key;
    try {
      const found = await this.data.source.get("run", { id });
      if (key === this.key) this.element.replaceChildren(...this.parts(found, own));
    } catch (error) {
      if (isUnanswered(error)) this.key = null; // asked again with the next drawing
      this.element.replaceChildren(h("p", { class: "trouble" }, error.message));
    }
  }

  parts(found, own) {
    const { record } = found;
    const keys = [...FIRST.filter((name) => name in record), ...Object.keys(record).filter((name) => !FIRST.includes(name))];
    return [
      h("h2", {}, found.id, " ", h("span", { class: `badge is-${found.status}` }, found.status)),
      h("p", { class: "quiet" }, `${found.path} · started ${day(record.timestamp?.start)}`),
      ...this.said(found, own),
      h("section", { "aria-label": "note" }, found.note === null ? h("p", { class: "quiet" }, "no note") : note(found.note)),
      h("section", { "aria-label": "record" }, h("h3", {}, "Record"), keys.map((name) => h("details", { open: ["git", "config", "metrics"].includes(name) }, h("summary", {}, name), tree(record[name])))),
      h("section", {}, h("h3", {}, "Files"), h("ul", {}, found.files.map((name) => h("li", {}, h("code", {}, name))))),
      ...(found.patch === null ? [] : [h("section", {}, h("h3", {}, found.is_patch_cut ? "Changes of the code (the first megabyte)" : "Changes of the code"), h("pre", { class: "patch", tabindex: 0 }, patchLines(found.patch.split("\n"))))]),
    ];
  }

  // Why it failed, what a trial is, and the way to the trials of a sweep.
  said(found, own) {
    const message = own?.message ?? found.record.error?.message;
    const isTrial = this.data.about.kind !== "runs" && own;
    const board = this.data.source.board;
    const isSweep = this.data.about.kind === "runs" && found.record.sweep && this.data.source.isLive && !board.startsWith("at:");
    return [
      message ? h("pre", { class: "trouble", tabindex: 0 }, message) : null,
      isTrial ? h("section", { "aria-label": "trial" }, tree(ownFacts(own)), numbers(own.summary ?? {}), h("h3", {}, "The run that it is a trial of")) : null,
      isSweep ? h("p", {}, h("a", { href: `?board=${encodeURIComponent(found.id)}` }, "look at its trials")) : null,
    ].filter(Boolean);
  }
}

// What is the candidate's own: of a trial the record says nothing, it is the sweep's.
function ownFacts(own) {
  const facts = { params: own.params, score: own.score, follows: own.parent };
  return Object.fromEntries(Object.entries(facts).filter(([, each]) => each !== undefined && each !== null));
}

// A line for each metric: its extremes, where they were, and its last value.
function numbers(summary) {
  const heads = ["metric", "least", "at", "greatest", "at", "last", "rows", "nan or inf"];
  const places = [MIN, MIN_AT, MAX, MAX_AT, LAST, COUNT, ODD];
  const rows = Object.entries(summary).map(([name, sum]) => h("tr", {}, h("th", { scope: "row" }, name), places.map((place) => h("td", { class: "num" }, cell(sum[place])))));
  return rows.length ? h("table", { class: "trial-numbers" }, h("thead", {}, h("tr", {}, heads.map((each, place) => h("th", { scope: "col", class: place ? "num" : null }, each)))), h("tbody", {}, rows)) : null;
}

function tree(item) {
  if (item === null || typeof item !== "object") return h("span", {}, cell(item) || "–");
  if (Array.isArray(item) && item.every((each) => each === null || typeof each !== "object")) return h("span", {}, item.map(cell).join(", ") || "–");
  return h("dl", {}, Object.entries(item).map(([name, each]) => [h("dt", {}, name), h("dd", {}, tree(each))]));
}

export function patchLines(lines) {
  return lines.map((line) => {
    const kind = line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : line.startsWith("@@") ? "place" : "";
    return kind ? h("span", { class: kind }, `${line}\n`) : `${line}\n`;
  });
}
