// Curves with uPlot: what is drawn may change at any time, what a person zoomed to stays.

import { h } from "./dom.js";
import { number } from "./format.js";

// Okabe and Ito's colours, which colour-blind people can tell apart, and then the same dashed.
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f", "#5a4fcf", "#b22222"];

// Between two ticks of epochs or steps there is no half of one.
const WHOLE = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((each) => each * 10 ** power));

export function colorOf(place) {
  return COLORS[place % COLORS.length];
}

function dashOf(place) {
  return place < COLORS.length ? undefined : [2 + 2 * Math.floor(place / COLORS.length), 3];
}

export class Chart {
  constructor(actions) {
    this.actions = actions; // zoom([low, high] or []), point(id)
    this.box = h("div", { class: "plot", role: "img", "aria-label": "curves", tabindex: 0 });
    this.legend = h("ol", { class: "legend" });
    this.element = h("figure", { class: "chart" }, this.box, this.legend);
    this.key = "";
    new ResizeObserver(() => this.resize()).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.remake());
    this.box.addEventListener("dblclick", () => this.actions.zoom([]));
    this.box.addEventListener("keydown", (event) => event.key === "0" && this.actions.zoom([]));
  }

  // curves: [{id, label, place, kind: "main" | "raw" | "train", x, y, best: {x, y}, odd: [x]}], band: {x, low, mid, high} or null.
  show({ curves, band, title, xTitle, isLog, zoom, note }) {
    this.what = { curves, band, title, xTitle, isLog, zoom, note };
    const key = JSON.stringify([curves.map((each) => [each.id, each.kind, each.place]), Boolean(band), isLog, xTitle]);
    this.box.setAttribute("aria-label", `${title}: ${curves.filter((each) => each.kind === "main").length} curves`);
    const data = aligned(curves, band);
    if (key !== this.key || !this.plot) {
      this.key = key;
      this.make(data);
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
    const ink = shade("--quiet");
    const grid = { stroke: shade("--line"), width: 1 };
    const { curves, band, isLog, xTitle } = this.what;
    const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const options = {
      ...this.size(),
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: 24 } },
      focus: { alpha: 0.35 },
      scales: { x: { time: false }, y: { distr: isLog ? 3 : 1 } },
      axes: [{ ...axis, ...(xTitle === "seconds" ? {} : { incrs: WHOLE }), label: xTitle, labelSize: 20, labelFont: axis.font }, { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : number(tick, 4))) }],
      series: [{}, ...(band ? bandSeries(ink) : []), ...curves.map(seriesOf)],
      bands: band ? [{ series: [3, 1], fill: "rgba(128,128,128,0.18)" }] : [],
      hooks: {
        setSelect: [(plot) => this.onSelect(plot)],
        setCursor: [(plot) => this.drawLegend(plot.cursor.idx)],
        draw: [(plot) => this.mark(plot)],
      },
    };
    this.box.replaceChildren();
    this.plot = new uPlot(options, data, this.box);
    this.wasZoomed = false;
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
    ctx.rect(left, top, width, height);
    ctx.clip();
    for (const each of this.what.curves) {
      if (each.kind !== "main") continue;
      ctx.fillStyle = colorOf(each.place);
      if (each.best && Number.isFinite(each.best.y)) {
        ctx.beginPath();
        ctx.arc(plot.valToPos(each.best.x, "x", true), plot.valToPos(each.best.y, "y", true), 4 * size, 0, 2 * Math.PI);
        ctx.fill();
      }
      ctx.strokeStyle = "#d00";
      ctx.lineWidth = 1.5 * size;
      for (const x of each.odd) cross(ctx, plot.valToPos(x, "x", true), top + height - 6 * size, 4 * size);
    }
    ctx.restore();
  }

  drawLegend(place) {
    const mains = this.what.curves.filter((each) => each.kind === "main");
    this.legend.replaceChildren(
      ...mains.map((each) => {
        const at = place === null || place === undefined ? null : this.plot.data[0][place];
        const here = at === null ? -1 : each.x.indexOf(at);
        const said = here < 0 ? number(each.best?.y) : `${number(each.y[here])} at ${number(at)}`;
        return h("li", { title: each.about ?? "", onclick: () => this.actions.point(each.id) },
          h("i", { class: "swatch", style: null, "data-place": each.place % COLORS.length }), h("span", { class: "who" }, each.label), h("b", {}, said),
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

function cross(ctx, x, y, size) {
  ctx.beginPath();
  ctx.moveTo(x - size, y - size);
  ctx.lineTo(x + size, y + size);
  ctx.moveTo(x - size, y + size);
  ctx.lineTo(x + size, y - size);
  ctx.stroke();
}

function seriesOf(each) {
  const color = colorOf(each.place);
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
