/**
 * Two pens that draw the same: one on a canvas, many times a second, and one into an SVG file.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{
 *   lines(lines: [Point, Point][], colour: string, width: number, dashed: boolean, elbow?: boolean): void,
 *   shapes(shape: string, points: Point[], radius: number, fill: string, stroke: string, width: number): void,
 *   text(words: string, at: Point, colour: string, size: number): void,
 * }} Pen
 */

const FONT = "system-ui, sans-serif";
/** Shapes already drawn, by what they look like. @type {Map<string, HTMLCanvasElement>} */
const STAMPS = new Map();

/** The path of a shape around a point, as SVG writes it. @param {string} shape @param {Point} at @param {number} r */
export function outline(shape, { x, y }, r) {
  const n = (/** @type {number} */ one) => one.toFixed(1);
  if (shape === "square") return `M${n(x - r)} ${n(y - r)}h${2 * r}v${2 * r}h${-2 * r}z`;
  if (shape === "triangle") return `M${n(x)} ${n(y - r * 1.2)}l${n(r * 1.15)} ${n(r * 2)}h${n(-r * 2.3)}z`;
  if (shape === "diamond") return `M${n(x)} ${n(y - r * 1.3)}l${n(r * 1.2)} ${n(r * 1.3)}l${n(-r * 1.2)} ${n(r * 1.3)}l${n(-r * 1.2)} ${n(-r * 1.3)}z`;
  if (shape === "cross") return `M${n(x - r)} ${n(y - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
  return `M${n(x + r)} ${n(y)}a${r} ${r} 0 1 1 ${-2 * r} 0a${r} ${r} 0 1 1 ${2 * r} 0z`;
}

/** @implements {Pen} */
export class CanvasPen {
  /** @param {CanvasRenderingContext2D} context @param {number} fine pixels of the canvas for one of the drawing */
  constructor(context, fine = 1) {
    this.context = context;
    this.fine = fine;
  }

  /** @param {[Point, Point][]} lines @param {string} colour @param {number} width @param {boolean} dashed @param {boolean} elbow */
  lines(lines, colour, width, dashed, elbow = false) {
    const { context } = this;
    context.beginPath();
    for (const [a, b] of lines) {
      context.moveTo(a.x, a.y);
      if (elbow) context.lineTo(a.x, b.y);
      context.lineTo(b.x, b.y);
    }
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dashed ? [4, 4] : []);
    context.stroke();
  }

  /** @param {string} shape @param {Point[]} points @param {number} radius @param {string} fill @param {string} stroke @param {number} width */
  shapes(shape, points, radius, fill, stroke, width) {
    if (points.length > 50) {
      const stamp = this.stamp(shape, radius, fill, stroke, width);
      const half = stamp.width / this.fine / 2;
      for (const { x, y } of points) this.context.drawImage(stamp, x - half, y - half, 2 * half, 2 * half);
      return;
    }
    this.draw(this.context, shape, points, radius, fill, stroke, width);
  }

  /** A shape drawn once, to be put down thousands of times. @param {string} shape @param {number} radius @param {string} fill @param {string} stroke @param {number} width */
  stamp(shape, radius, fill, stroke, width) {
    const key = [shape, radius, fill, stroke, width, this.fine].join();
    const known = STAMPS.get(key);
    if (known) return known;
    const made = document.createElement("canvas");
    const half = Math.ceil((radius * 1.4 + width) * this.fine);
    made.width = made.height = 2 * half;
    const context = /** @type {CanvasRenderingContext2D} */ (made.getContext("2d"));
    context.setTransform(this.fine, 0, 0, this.fine, half, half);
    this.draw(context, shape, [{ x: 0, y: 0 }], radius, fill, stroke, width);
    STAMPS.set(key, made);
    return made;
  }

  /** @param {CanvasRenderingContext2D} context @param {string} shape @param {Point[]} points @param {number} radius @param {string} fill @param {string} stroke @param {number} width */
  draw(context, shape, points, radius, fill, stroke, width) {
    context.beginPath();
    for (const { x, y } of points) this.trace(context, shape, x, y, radius);
    context.setLineDash([]);
    if (fill !== "none" && shape !== "cross") {
      context.fillStyle = fill;
      context.fill();
    }
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context @param {string} shape @param {number} x @param {number} y @param {number} r */
  trace(context, shape, x, y, r) {
    if (shape === "square") context.rect(x - r, y - r, 2 * r, 2 * r);
    else if (shape === "triangle" || shape === "diamond") {
      const [top, side, low] = shape === "triangle" ? [1.2, 1.15, 0.8] : [1.3, 1.2, 0];
      context.moveTo(x, y - r * top);
      context.lineTo(x + r * side, y + r * low);
      if (shape === "diamond") context.lineTo(x, y + r * top);
      context.lineTo(x - r * side, y + r * low);
      context.closePath();
    } else if (shape === "cross") {
      context.moveTo(x - r, y - r);
      context.lineTo(x + r, y + r);
      context.moveTo(x + r, y - r);
      context.lineTo(x - r, y + r);
    } else {
      context.moveTo(x + r, y);
      context.arc(x, y, r, 0, 2 * Math.PI);
    }
  }

  /** @param {string} words @param {Point} at @param {string} colour @param {number} size */
  text(words, at, colour, size) {
    this.context.font = `${size}px ${FONT}`;
    this.context.fillStyle = colour;
    this.context.fillText(words, at.x, at.y);
  }
}

/** @param {string} words */
const escaped = (words) => words.replace(/[&<>"]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[one] ?? one);

/** @implements {Pen} */
export class SvgPen {
  /** @type {string[]} */
  parts = [];

  /** @param {[Point, Point][]} lines @param {string} colour @param {number} width @param {boolean} dashed @param {boolean} elbow */
  lines(lines, colour, width, dashed, elbow = false) {
    if (!lines.length) return;
    const n = (/** @type {number} */ one) => one.toFixed(1);
    const path = lines.map(([a, b]) => `M${n(a.x)} ${n(a.y)}${elbow ? `V${n(b.y)}` : ""}L${n(b.x)} ${n(b.y)}`).join("");
    this.parts.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"${dashed ? ' stroke-dasharray="4 4"' : ""}/>`);
  }

  /** @param {string} shape @param {Point[]} points @param {number} radius @param {string} fill @param {string} stroke @param {number} width */
  shapes(shape, points, radius, fill, stroke, width) {
    const path = points.map((point) => outline(shape, point, radius)).join("");
    this.parts.push(`<path d="${path}" fill="${shape === "cross" ? "none" : fill}" stroke="${stroke}" stroke-width="${width}"/>`);
  }

  /** @param {string} words @param {Point} at @param {string} colour @param {number} size */
  text(words, at, colour, size) {
    this.parts.push(`<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" fill="${colour}" font-size="${size}">${escaped(words)}</text>`);
  }

  /** The file. @param {number} width @param {number} height @param {string} paper @param {string} title */
  file(width, height, paper, title) {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}">`
      + `<title>${escaped(title)}</title><rect width="${width}" height="${height}" fill="${paper}"/>${this.parts.join("")}</svg>`;
  }
}
