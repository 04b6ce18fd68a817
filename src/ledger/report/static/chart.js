// Curves with uPlot: what is drawn may change at any time, what a person zoomed to stays.

import { h } from "./dom.js";
import { decimalsOf, fixed, number } from "./format.js";

// Of the style sheet: Okabe and Ito's, which colour-blind people can tell apart; then the same dashed.
const N_COLORS = 10;

// Between two ticks of epochs or steps there is no half of one.
const WHOLE = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((each) => each * 10 ** power));

function dashOf(place) {
  return place < N_COLORS ? undefined : [2 + 2 * Math.floor(place / N_COLORS), 3];
}

export class Chart {
  constructor(actions) {
    this.actions = actions; // zoom([low, high] or []), point(id)
    this.box = h("div", { class: "plot", role: "img", "aria-label": "curves", tabindex: 0 });
    this.legend = h("ol", { class: "legend" });
    this.card = h("div", { class: "card", hidden: true });
    this.near = null; // the curve that is pointed at
    this.pointed = null; // the candidate whose row is
    this.element = h("figure", { class: "chart" }, this.box, this.legend);
    this.key = "";
    new ResizeObserver(() => this.resize()).observe(this.box);
    for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", () => this.remake()); // other colours
    this.box.addEventListener("dblclick", () => this.actions.zoom([]));
    this.box.addEventListener("keydown", (event) => event.key === "0" && this.actions.zoom([]));
  }

  // curves: [{id, label, place, kind: "main" | "raw" | "train", x, y, best: {x, y}, odd: [x],
  // facts: [[name, text]], raw: y before it was smoothed, or null, said}], band: {x, low, mid, high} or null.
  show({ curves, band, title, xTitle, isLog, zoom, note }) {
    this.what = { curves, band, title, xTitle, isLog, zoom, note };
    const key = JSON.stringify([curves.map((each) => [each.id, each.kind, each.place]), Boolean(band), isLog, xTitle]);
    this.box.setAttribute("aria-label", `${title}: ${curves.filter((each) => each.kind === "main").length} curves`);
    const data = aligned(curves, band);
    if (key !== this.key || !this.plot) {
      this.key = key;
      this.make(data);
      if (this.pointed) this.point(...this.pointed);
    } else {
      const isZoomed = this.isZoomed();
      this.plot.setData(data, !isZoomed);
      if (isZoomed) this.plot.redraw(false, true);
    }
    this.hold(zoom);
    this.drawLegend(null);
  }

  isZoomed() {
    return this.what.zoom.length === 2;
  }

  // Bring the plot to the zoom that the address holds, and nothing else.
  hold(zoom) {
    if (!this.plot) return;
    const { min, max } = this.plot.scales.x;
    if (zoom.length === 2) {
      if (min !== zoom[0] || max !== zoom[1]) this.plot.setScale("x", { min: zoom[0], max: zoom[1] });
      this.wasZoomed = true;
    } else if (this.wasZoomed) {
      this.wasZoomed = false;
      this.plot.setData(this.plot.data, true);
    }
  }

  remake() {
    if (this.what) {
      this.key = "";
      this.show(this.what);
    }
  }

  resize() {
    if (this.plot) this.plot.setSize(this.size());
  }

  size() {
    return { width: Math.max(200, this.box.clientWidth), height: Math.max(220, Math.min(460, Math.round(this.box.clientWidth * 0.55))) };
  }

  make(data) {
    this.plot?.destroy();
    this.near = null;
    this.colors = Array.from({ length: N_COLORS }, (_, place) => shade(`--c${place}`));
    const ink = shade("--quiet");
    this.bad = shade("--bad");
    const grid = { stroke: shade("--line"), width: 1 };
    const { curves, band, isLog, xTitle } = this.what;
    const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const options = {
      ...this.size(),
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: 24, dist: (_, at, __, value, cursor) => (this.isMain(at) ? value - cursor : Infinity) } },
      focus: { alpha: 0.25 },
      padding: [12, 14, 0, 0],
      scales: { x: { time: false }, y: { distr: isLog ? 3 : 1 } },
      axes: [{ ...axis, ...(xTitle === "seconds" ? {} : { incrs: WHOLE }), label: xTitle, size: 30, labelSize: 18, labelGap: 2, labelFont: axis.font }, { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : number(tick, 4))) }],
      series: [{}, ...(band ? bandSeries(ink) : []), ...curves.map((each) => seriesOf(each, this.colors[each.place % N_COLORS]))],
      bands: band ? [{ series: [3, 1], fill: "rgba(128,128,128,0.18)" }] : [],
      hooks: {
        setSelect: [(plot) => this.onSelect(plot)],
        setCursor: [(plot) => this.drawLegend(plot.cursor.idx), () => this.drawCard()],
        setSeries: [(_, at) => this.pointedAt(at)],
        draw: [(plot) => this.mark(plot)],
      },
    };
    this.box.replaceChildren();
    this.plot = new uPlot(options, data, this.box);
    this.box.append(this.card);
    this.wasZoomed = false;
  }

  // Series stand in this order: x, the three of the band, the curves.
  curveAt(at) {
    return this.what.curves[at - (this.what.band ? 4 : 1)] ?? null;
  }

  isMain(at) {
    return this.curveAt(at)?.kind === "main";
  }

  pointedAt(at) {
    this.near = at ? this.curveAt(at) : null;
    for (const item of this.legend.children) item.classList.toggle("near", Boolean(this.near) && item.dataset.id === this.near.id);
    this.drawCard();
  }

  // Set a candidate's curve off from the others, with its card at its best where that is asked
  // for; null takes both away.
  point(id, isWithCard = false) {
    this.pointed = id === null ? null : [id, isWithCard];
    if (!this.plot) return;
    const place = id === null ? -1 : this.what.curves.findIndex((one) => one.kind === "main" && one.id === id);
    const at = isWithCard && place >= 0 ? this.what.curves[place].best : null;
    this.plot.setCursor(at ? { left: this.plot.valToPos(at.x, "x"), top: this.plot.valToPos(at.y, "y") } : { left: -10, top: -10 });
    this.plot.setSeries(place < 0 ? null : place + (this.what.band ? 4 : 1), { focus: true });
  }

  // What the curve pointed at is: its value there, how it differs, and what was written of it.
  drawCard() {
    const { near, plot } = this;
    const { left, top, idx } = plot.cursor;
    this.card.hidden = !near || left < 0 || idx === null || idx === undefined;
    if (this.card.hidden) return;
    const x = plot.data[0][idx];
    const here = near.x.indexOf(x);
    const lines = [
      ...(here < 0 ? [] : [[this.what.title, `${number((near.raw ?? near.y)[here])} at ${this.what.xTitle} ${number(x)}`]]),
      ...(here < 0 || !near.raw ? [] : [["smoothed", number(near.y[here])]]),
      ...(near.best ? [["best", near.said ?? `${number(near.best.y)} at ${number(near.best.x)}`]] : []),
      ...near.facts,
    ];
    this.card.replaceChildren(h("strong", {}, swatch(near), near.label), ...lines.map(([name, text]) => h("p", {}, h("span", { class: "quiet" }, name), ` ${text}`)));
    // on the side of the pointer that has more room, and off the curve there
    const { offsetLeft, offsetTop, clientWidth, clientHeight } = plot.over;
    const { offsetWidth, offsetHeight } = this.card;
    const isRight = left > clientWidth / 2, isLow = top > clientHeight / 2;
    this.card.style.left = `${Math.max(0, offsetLeft + (isRight ? left - offsetWidth - 16 : left + 16))}px`;
    this.card.style.top = `${offsetTop + (isLow ? Math.max(0, top - offsetHeight - 16) : top + 16)}px`;
  }

  onSelect(plot) {
    if (plot.select.width < 4) return;
    const low = plot.posToVal(plot.select.left, "x");
    const high = plot.posToVal(plot.select.left + plot.select.width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.actions.zoom([low, high]);
  }

  // The best epoch as a dot, what was no number as a cross at the foot.
  mark(plot) {
    const { ctx } = plot;
    const { left, top, width, height } = plot.bbox;
    const size = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left - 6 * size, top - 6 * size, width + 12 * size, height + 12 * size); // dots at the edge are whole
    ctx.clip();
    for (const each of this.what.curves) {
      if (each.kind !== "main") continue;
      ctx.fillStyle = this.colors[each.place % N_COLORS];
      if (each.best && Number.isFinite(each.best.y)) {
        ctx.beginPath();
        ctx.arc(plot.valToPos(each.best.x, "x", true), plot.valToPos(each.best.y, "y", true), 4 * size, 0, 2 * Math.PI);
        ctx.fill();
      }
      ctx.setLineDash([]); // of the last curve that was drawn
      ctx.strokeStyle = this.bad;
      ctx.lineWidth = 1.5 * size;
      for (const x of each.odd) cross(ctx, plot.valToPos(x, "x", true), top + height - 6 * size, 4 * size);
    }
    ctx.restore();
  }

  drawLegend(place) {
    const mains = this.what.curves.filter((each) => each.kind === "main");
    const at = place === null || place === undefined ? null : this.plot.data[0][place];
    const values = mains.map((each) => (at === null ? each.best?.y : (each.raw ?? each.y)[each.x.indexOf(at)]));
    const decimals = decimalsOf(values);
    this.legend.replaceChildren(
      ...mains.map((each, row) => {
        const said = at === null ? each.said ?? fixed(values[row], decimals) : values[row] === undefined ? "" : `${fixed(values[row], decimals)} at ${number(at)}`;
        return h("li", { "data-id": each.id, class: each === this.near ? "near" : null, onclick: () => this.actions.point(each.id) },
          swatch(each), h("span", { class: "who" }, each.label), h("b", {}, said),
          each.odd.length ? h("em", {}, `${each.odd.length}× nan or inf`) : null);
      }),
      ...(this.what.band ? [h("li", { class: "quiet" }, h("i", { class: "swatch band" }), "the rest, 10th to 90th percentile")] : []),
      ...(this.what.note ? [h("li", { class: "quiet" }, this.what.note)] : []),
    );
  }
}

// A colour of the style sheet as the canvas needs it: one colour, not one for each scheme.
function shade(name) {
  const probe = h("i", { hidden: true });
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function swatch(each) {
  return h("i", { class: "swatch", "data-place": each.place % N_COLORS });
}

function cross(ctx, x, y, size) {
  ctx.beginPath();
  ctx.moveTo(x - size, y - size);
  ctx.lineTo(x + size, y + size);
  ctx.moveTo(x - size, y + size);
  ctx.lineTo(x + size, y - size);
  ctx.stroke();
}

function seriesOf(each, color) {
  const dash = each.kind === "train" ? [5, 4] : dashOf(each.place);
  const alpha = each.kind === "raw" ? 0.3 : each.kind === "train" ? 0.65 : 1;
  return { label: each.label, stroke: color, width: each.kind === "main" ? 2 : 1, dash, alpha, spanGaps: true, points: { show: each.x.length < 2 } };
}

function bandSeries(ink) {
  const edge = { stroke: "rgba(128,128,128,0.35)", width: 1, points: { show: false }, spanGaps: true };
  return [edge, { ...edge, stroke: ink, alpha: 0.35, dash: [1, 3] }, edge];
}

// uPlot wants one x for all: the union of them, each curve with null where it has nothing.
function aligned(curves, band) {
  const xs = new Set(band ? band.x : []);
  for (const { x } of curves) for (const each of x) xs.add(each);
  const x = Float64Array.from(xs).sort();
  const place = new Map(Array.from(x, (each, at) => [each, at]));
  const spread = (own, values) => {
    const column = new Array(x.length).fill(null);
    for (let at = 0; at < own.length; at += 1) {
      const value = values[at];
      column[place.get(own[at])] = Number.isFinite(value) ? value : null;
    }
    return column;
  };
  const rest = band ? [band.low, band.mid, band.high].map((values) => spread(band.x, values)) : [];
  return [Array.from(x), ...rest, ...curves.map((each) => spread(each.x, each.y))];
}
