// The table of candidates: real rows, kept and moved rather than made anew, so that scrolling,
// focus and selection survive whatever comes in.

import { cell, decimalsOf, fixed } from "./format.js";
import { h, setText } from "./dom.js";

const FIRST = 120;

export class Table {
  constructor(actions) {
    this.actions = actions; // sort(name), open(id), select(id), pin(id), point(id or null, with a card)
    this.rows = new Map();
    this.shown = FIRST;
    this.head = h("tr");
    this.body = h("tbody");
    this.more = h("button", { class: "more", hidden: true, onclick: () => this.showMore() });
    this.table = h("table", { class: "candidates" }, h("thead", {}, this.head), this.body);
    this.element = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "runs and trials", onkeydown: (event) => this.onKey(event) }, this.table, this.more);
    this.element.addEventListener("scroll", () => this.onScroll(), { passive: true });
  }

  // columns: [{name, title, isNumber, of(item) → text or number, hint(item)}]; items: [{id, kind, …}].
  show({ columns, items, sort, isDescending, selected, pinned, colors }) {
    this.items = items;
    this.drawHead(columns, sort, isDescending);
    const visible = items.slice(0, this.shown);
    const wanted = new Set(visible.map((each) => each.id));
    for (const [id, row] of this.rows) {
      if (!wanted.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
    }
    const decimals = columns.map((each) => (each.isAligned ? decimalsOf(visible.map(each.of), each.digits) : null));
    let before = null;
    for (let place = visible.length - 1; place >= 0; place -= 1) {
      const item = visible[place];
      const row = this.row(item.id);
      this.fill(row, item, columns, selected, pinned, colors, decimals);
      if (row.nextSibling !== before || row.parentNode !== this.body) this.body.insertBefore(row, before);
      before = row;
    }
    const left = items.length - visible.length;
    this.more.hidden = left <= 0;
    setText(this.more, `${left} more`);
  }

  drawHead(columns, sort, isDescending) {
    const key = JSON.stringify(columns.map((each) => [each.name, each.title, each.about]));
    if (key !== this.headKey) {
      this.headKey = key;
      this.head.replaceChildren(
        h("th", { scope: "col" }, h("span", { class: "unseen" }, "selected")),
        ...columns.map((each) =>
          h("th", { scope: "col", "data-column": each.name, class: each.isNumber ? "num" : null, title: each.about },
            h("button", { onclick: () => this.actions.sort(each.name) }, each.title))),
      );
    }
    for (const th of this.head.children) {
      if (!th.dataset.column) continue;
      const is = th.dataset.column === sort;
      th.setAttribute("aria-sort", is ? (isDescending ? "descending" : "ascending") : "none");
    }
  }

  row(id) {
    if (!this.rows.has(id)) {
      const box = h("input", { type: "checkbox", "aria-label": `draw and compare ${id}`, tabindex: -1, onclick: (event) => { event.stopPropagation(); this.actions.select(id); } });
      const row = h("tr", { "data-id": id, tabindex: -1, onclick: () => this.focus(id), onfocus: () => this.actions.point(id, true), onblur: () => this.actions.point(null), onmouseenter: () => this.actions.point(id), onmouseleave: () => this.actions.point(null), ondblclick: () => this.actions.open(id) }, h("td", { class: "pick" }, box));
      this.rows.set(id, row);
    }
    return this.rows.get(id);
  }

  fill(row, item, columns, selected, pinned, colors, decimals) {
    row.className = [item.status ? `is-${item.status}` : "", item.isBest ? "best" : "", pinned.has(item.id) ? "pinned" : "", item.isDim ? "dim" : ""].filter(Boolean).join(" ");
    const box = row.firstChild.firstChild;
    if (box.checked !== selected.has(item.id)) box.checked = selected.has(item.id);
    row.setAttribute("aria-selected", String(selected.has(item.id)));
    row.firstChild.style.setProperty("--own", colors.get(item.id) ?? "transparent");
    while (row.children.length > columns.length + 1) row.lastChild.remove();
    columns.forEach((column, place) => {
      const value = column.of(item);
      let td = row.children[place + 1];
      if (!td) {
        td = h("td");
        row.append(td);
      }
      const text = typeof value === "number" ? fixed(value, decimals[place], column.digits) : cell(value);
      setText(td, text);
      const kind = column.isNumber ? "num" : { id: "name", status: "status" }[column.name] ?? "";
      if (td.className !== kind) td.className = kind;
      const hint = column.hint?.(item) ?? "";
      if (td.title !== hint) td.title = hint;
    });
  }

  focus(id) {
    this.rows.get(id)?.focus({ preventScroll: false });
  }

  onKey(event) {
    const row = event.target.closest?.("tr[data-id]");
    const id = row?.dataset.id;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input[type=text]")) return;
    if (step) this.move(row, step);
    else if (id && event.key === " ") this.actions.select(id);
    else if (id && event.key === "Enter") this.actions.open(id);
    else if (id && event.key === "p") this.actions.pin(id);
    else return;
    event.preventDefault();
  }

  move(row, step) {
    const next = row ? (step > 0 ? row.nextSibling : row.previousSibling) : this.body.firstChild;
    next?.focus();
  }

  onScroll() {
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    if (!this.more.hidden && scrollTop + clientHeight > scrollHeight - 400) this.showMore();
  }

  showMore() {
    this.shown += FIRST;
    this.actions.again();
  }
}
