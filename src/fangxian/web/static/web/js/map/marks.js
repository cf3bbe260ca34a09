/**
 * How features are drawn: a shape or a hatching for each mark, in the colours that the page has just now.
 *
 * @typedef {"area" | "line" | "circle" | "square" | "diamond" | "hexagon"} Shape
 * @typedef {"none" | "dots" | "diagonal" | "cross" | "dense"} Hatch
 * @typedef {{shape: Shape, tone: string, hatch?: Hatch, quiet?: boolean}} Mark
 */

const L = globalThis.L;

/** @type {Record<string, Mark>} the marks of `web/maps.py` */
export const MARKS = {
  outline: { shape: "area", tone: "--line-strong", quiet: true },
  unit: { shape: "area", tone: "--ink-2", hatch: "none" },
  "zone-1": { shape: "area", tone: "--late", hatch: "cross" },
  "zone-2": { shape: "area", tone: "--soon", hatch: "diagonal" },
  "zone-3": { shape: "area", tone: "--accent", hatch: "dots" },
  "count-1": { shape: "area", tone: "--accent", hatch: "none" },
  "count-2": { shape: "area", tone: "--accent", hatch: "dots" },
  "count-3": { shape: "area", tone: "--accent", hatch: "diagonal" },
  "count-4": { shape: "area", tone: "--accent", hatch: "dense" },
  track: { shape: "line", tone: "--accent" },
  stop: { shape: "hexagon", tone: "--accent" },
  cases: { shape: "circle", tone: "--late" },
  place: { shape: "square", tone: "--calm" },
  venue: { shape: "diamond", tone: "--waived" },
};

/** Corners of the shapes around a point, as parts of the radius. @type {Record<string, [number, number][]>} */
const CORNERS = {
  square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  diamond: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
  hexagon: [0, 1, 2, 3, 4, 5].map((one) => [Math.cos((one * Math.PI) / 3) * 1.1, Math.sin((one * Math.PI) / 3) * 1.1]),
};

/** Lines of each hatching in a tile of 8 × 8, and how strongly the ground is tinted. @type {Record<string, {ground: number, lines: number[][]}>} */
const HATCHES = {
  none: { ground: 0.08, lines: [] },
  dots: { ground: 0.08, lines: [[2, 2, 3, 2], [6, 6, 7, 6]] },
  diagonal: { ground: 0.1, lines: [[0, 8, 8, 0], [-2, 2, 2, -2], [6, 10, 10, 6]] },
  cross: { ground: 0.14, lines: [[0, 8, 8, 0], [-2, 2, 2, -2], [6, 10, 10, 6], [0, 0, 8, 8]] },
  dense: { ground: 0.3, lines: [[0, 8, 8, 0], [0, 4, 4, 0], [4, 8, 8, 4]] },
};

/** The colours of an element at this moment: light or dark, screen or paper. */
export class Palette {
  /** @param {Element} element */
  constructor(element) {
    this.style = getComputedStyle(element);
    /** @type {Map<string, CanvasPattern | null>} */
    this.patterns = new Map();
  }

  /** @param {string} token @returns {string} */
  colour(token) {
    return this.style.getPropertyValue(token).trim() || "#475462";
  }

  /** @param {string} token @param {Hatch} hatch @returns {CanvasPattern | null} */
  pattern(token, hatch) {
    const key = `${token} ${hatch}`;
    if (!this.patterns.has(key)) this.patterns.set(key, tile(this.colour(token), HATCHES[hatch]));
    return this.patterns.get(key) ?? null;
  }
}

/** @param {string} colour @param {{ground: number, lines: number[][]}} hatch */
function tile(colour, hatch) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = context.strokeStyle = colour;
  context.globalAlpha = hatch.ground;
  context.fillRect(0, 0, 8, 8);
  context.globalAlpha = 0.75;
  context.lineWidth = 1.25;
  context.beginPath();
  for (const [x1, y1, x2, y2] of hatch.lines) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.stroke();
  return context.createPattern(canvas, "repeat");
}

/**
 * Options of a Leaflet path for a feature.
 * @param {{mark: string, dashed?: boolean}} properties @param {Palette} palette
 * @param {{chosen?: boolean, picked?: boolean}} state chosen: ticked in a form; picked: looked at just now
 */
export function styleOf(properties, palette, { chosen = false, picked = false } = {}) {
  const mark = MARKS[properties.mark] ?? MARKS.place;
  const tone = chosen ? "--accent" : mark.tone;
  const point = !["area", "line"].includes(mark.shape);
  return {
    color: palette.colour(picked ? "--ink" : tone),
    weight: (mark.quiet ? 1 : mark.shape === "line" ? 3 : 2) + (chosen ? 1 : 0) + (picked ? 2 : 0),
    dashArray: properties.dashed ? "7 5" : mark.quiet ? "2 4" : null,
    fill: mark.shape !== "line" && !mark.quiet,
    fillColor: point ? palette.colour(tone) : palette.pattern(tone, chosen ? "dense" : mark.hatch ?? "none"),
    fillOpacity: 1,
    ink: palette.colour("--surface"),
    halo: palette.colour("--surface"),
  };
}

/** Leaflet's canvas, which can also draw our points. */
export const Renderer = L?.Canvas.extend({
  /** @param {any} layer */
  _updateMark(layer) {
    if (!this._drawing || layer._empty()) return;
    const { x, y } = layer._point;
    drawPoint(this._ctx, layer.options.shape, x, y, layer._radius, layer.options);
  },
});

/** A point with a shape of its own and a label in its middle. */
export const Point = L?.CircleMarker.extend({
  _updatePath() {
    this._renderer._updateMark(this);
  },
});

/**
 * @param {CanvasRenderingContext2D} context @param {Shape} shape @param {number} x @param {number} y @param {number} radius
 * @param {any} options of `styleOf`, with `label`
 */
function drawPoint(context, shape, x, y, radius, options) {
  context.globalAlpha = 1;
  context.setLineDash([]);
  context.beginPath();
  if (CORNERS[shape]) {
    for (const [dx, dy] of CORNERS[shape]) context.lineTo(x + dx * radius, y + dy * radius);
    context.closePath();
  } else context.arc(x, y, radius, 0, 2 * Math.PI);
  // A light seam sets the point off from whatever lies below it.
  context.lineWidth = options.weight + 2;
  context.strokeStyle = options.halo;
  context.stroke();
  context.fillStyle = options.fillColor;
  context.fill();
  context.lineWidth = options.weight;
  context.strokeStyle = options.color;
  context.stroke();
  if (options.label) {
    context.fillStyle = options.ink;
    context.font = `600 ${Math.max(11, Math.round(radius * 0.95))}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(options.label, x, y + 0.5);
  }
}

/** The radius of a point in pixels: areas, not radii, go by the number. @param {{count?: number, label?: string}} properties */
export function radiusOf(properties) {
  return Math.max(properties.label ? 10 : 6, Math.min(26, 5 + 3 * Math.sqrt(properties.count ?? 0)));
}

/** A mark of the legend, drawn by the same strokes as the map. @param {HTMLCanvasElement} canvas @param {Palette} palette */
export function drawKey(canvas, palette) {
  const scale = Math.max(1, Math.round(devicePixelRatio));
  const [width, height] = [28, 20];
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(scale, scale);
  const name = canvas.dataset.mark ?? "place";
  const mark = MARKS[name] ?? MARKS.place;
  const options = styleOf({ mark: name, dashed: canvas.dataset.dashed !== undefined }, palette);
  if (!["area", "line"].includes(mark.shape)) return drawPoint(context, mark.shape, width / 2, height / 2, 7, options);
  context.beginPath();
  if (mark.shape === "line") {
    context.moveTo(2, height - 4);
    context.lineTo(width - 2, 4);
  } else context.rect(2, 2, width - 4, height - 4);
  if (options.fill) {
    context.fillStyle = options.fillColor ?? options.color;
    context.fill();
  }
  context.setLineDash(options.dashArray ? [4, 3] : []);
  context.lineWidth = Math.min(options.weight, 2);
  context.strokeStyle = options.color;
  context.stroke();
}
