// One run, whole: its note, its record, what it made, and the code it had that no commit holds.

import { h } from "./dom.js";
import { cell, day } from "./format.js";
import { note } from "./note.js";

const FIRST = ["status", "timestamp", "git", "config", "data", "metrics", "artifacts", "error", "incomplete", "warnings"];

export class RunPage {
  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.element = h("div", { class: "run" });
  }

  async draw() {
    const id = this.view.run || this.view.sel[0] || this.data.candidates.keys().next().value;
    const key = `${id} ${this.data.candidates.get(id)?.status}`;
    if (!id || key === this.key) return;
    this.key = key;
    try {
      const found = await this.data.source.get("run", { id });
      if (key === this.key) this.element.replaceChildren(...this.parts(found));
    } catch (error) {
      this.element.replaceChildren(h("p", { class: "trouble" }, error.message));
    }
  }

  parts(found) {
    const { record } = found;
    const keys = [...FIRST.filter((name) => name in record), ...Object.keys(record).filter((name) => !FIRST.includes(name))];
    return [
      h("h2", {}, found.id, " ", h("span", { class: `badge is-${found.status}` }, found.status)),
      h("p", { class: "quiet" }, `${found.path} · started ${day(record.timestamp?.start)}`),
      h("section", { "aria-label": "note" }, found.note === null ? h("p", { class: "quiet" }, "no note") : note(found.note)),
      h("section", { "aria-label": "record" }, h("h3", {}, "Record"), keys.map((name) => h("details", { open: ["git", "config", "metrics"].includes(name) }, h("summary", {}, name), tree(record[name])))),
      h("section", {}, h("h3", {}, "Files"), h("ul", {}, found.files.map((name) => h("li", {}, h("code", {}, name))))),
      ...(found.patch === null ? [] : [h("section", {}, h("h3", {}, found.is_patch_cut ? "Changes of the code (the first megabyte)" : "Changes of the code"), h("pre", { class: "patch", tabindex: 0 }, patchLines(found.patch)))]),
    ];
  }
}

function tree(item) {
  if (item === null || typeof item !== "object") return h("span", {}, cell(item) || "–");
  if (Array.isArray(item) && item.every((each) => each === null || typeof each !== "object")) return h("span", {}, item.map(cell).join(", ") || "–");
  return h("dl", {}, Object.entries(item).map(([name, each]) => [h("dt", {}, name), h("dd", {}, tree(each))]));
}

function patchLines(text) {
  return text.split("\n").map((line) => {
    const kind = line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : line.startsWith("@@") ? "place" : "";
    return kind ? h("span", { class: kind }, `${line}\n`) : `${line}\n`;
  });
}
