/** A scene on a canvas: sharp on every screen, moved and zoomed by wheel, drag, pinch and keys, drawn only when something changed. */

import { CanvasPen, SvgPen } from "./pens.js";

const MARGIN = 36;
/** Room for the code of the last case. */
const LABEL = 64;
const NEAREST = 6;

export class View {
  /**
   * @param {HTMLCanvasElement} canvas @param {import("./scene.js").Scene} scene
   * @param {() => import("./scene.js").Palette} palette @param {(place: number) => void} chosen
   */
  constructor(canvas, scene, palette, chosen) {
    this.canvas = canvas;
    this.scene = scene;
    this.palette = palette;
    this.chosen = chosen;
    /** @type {import("./scene.js").Camera} */
    this.camera = { kx: 1, ky: 1, x: 0, y: 0 };
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    this.moved = 0;
    this.waiting = 0;
    this.farthest = 0.01;
    new ResizeObserver(() => this.resize()).observe(canvas);
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) canvas.addEventListener(name, (event) => this.up(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.resize();
    this.fit();
  }

  resize() {
    const { width, height } = this.canvas.getBoundingClientRect();
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.canvas.width = Math.round(this.width * devicePixelRatio);
    this.canvas.height = Math.round(this.height * devicePixelRatio);
    this.draw();
  }

  /** All that is shown, as large as it may be. */
  fit() {
    const { left, top, right, bottom } = this.scene.bounds;
    const [wide, deep] = [Math.max(1, right - left), Math.max(1, bottom - top)];
    let kx = (this.width - 2 * MARGIN - LABEL) / wide;
    let ky = (this.height - 2 * MARGIN) / deep;
    if (this.scene.mode === "tree") [kx, ky] = [Math.min(kx, 3), Math.min(ky, 1.6)];
    else kx = ky = Math.min(kx, ky, 2);
    this.camera = { kx, ky, x: MARGIN - left * kx, y: MARGIN - top * ky };
    this.farthest = Math.min(kx / 2, 1);
    if (this.scene.mode !== "tree") this.camera.x += (this.width - 2 * MARGIN - wide * kx) / 2;
    this.draw();
  }

  /** Draw at the next frame, once. */
  draw() {
    if (!this.waiting) {
      this.waiting = requestAnimationFrame(() => {
        this.waiting = 0;
        this.paint();
      });
    }
  }

  paint() {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const palette = this.palette();
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.fillStyle = palette.paper;
    context.fillRect(0, 0, this.width, this.height);
    this.scene.paint(new CanvasPen(context, devicePixelRatio), this.camera, palette, this.width, this.height);
    this.canvas.dispatchEvent(new CustomEvent("chain:drawn"));
  }

  /** What is seen, as an SVG file. @param {import("./scene.js").Palette} palette @param {string} title @returns {string} */
  svg(palette, title) {
    const pen = new SvgPen();
    this.scene.paint(pen, this.camera, palette, this.width, this.height);
    return pen.file(Math.round(this.width), Math.round(this.height), palette.paper, title);
  }

  /** What is seen, as a picture twice as fine as the screen. @param {import("./scene.js").Palette} palette @returns {Promise<Blob | null>} */
  png(palette) {
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [this.width * 2, this.height * 2];
    const context = sheet.getContext("2d");
    if (!context) return Promise.resolve(null);
    context.scale(2, 2);
    context.fillStyle = palette.paper;
    context.fillRect(0, 0, this.width, this.height);
    this.scene.paint(new CanvasPen(context, 2), this.camera, palette, this.width, this.height);
    return new Promise((done) => sheet.toBlob(done));
  }

  /** @param {number} by @param {{x: number, y: number}} at */
  zoom(by, at = { x: this.width / 2, y: this.height / 2 }) {
    const { kx, ky, x, y } = this.camera;
    const factor = Math.min(NEAREST / Math.max(kx, ky), Math.max(this.farthest / kx, by));
    this.camera = { kx: kx * factor, ky: ky * factor, x: at.x - (at.x - x) * factor, y: at.y - (at.y - y) * factor };
    this.draw();
  }

  /** Bring a case to the middle, near enough to be read. @param {number} place */
  show(place) {
    const { camera, scene } = this;
    const factor = Math.max(1, Math.min(1.2 / camera.kx, NEAREST / Math.max(camera.kx, camera.ky)));
    const [kx, ky] = [camera.kx * factor, scene.mode === "tree" ? Math.max(camera.ky, Math.min(1, camera.ky * factor)) : camera.ky * factor];
    this.camera = { kx, ky, x: this.width / 2 - scene.px[place] * kx, y: this.height / 2 - scene.py[place] * ky };
    this.draw();
  }

  /** @param {number} place */
  select(place) {
    this.scene.selected = place;
    this.draw();
    this.chosen(place);
  }

  /** @param {MouseEvent} event */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** The wheel scrolls the page, until the picture was clicked; with Ctrl it always zooms. @param {WheelEvent} event */
  wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.canvas) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), this.at(event));
  }

  /** @param {PointerEvent} event */
  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.at(event));
    if (this.fingers.size === 1) this.moved = 0;
  }

  /** One finger moves the picture, two pinch it. @param {PointerEvent} event */
  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    this.moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (this.fingers.size === 1) {
      this.camera = { ...this.camera, x: this.camera.x + now.x - before.x, y: this.camera.y + now.y - before.y };
      this.draw();
    } else {
      const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (/** @type {{x: number, y: number}} */ one) => Math.hypot(one.x - other.x, one.y - other.y);
        this.zoom(apart(now) / Math.max(1, apart(before)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      }
    }
    this.fingers.set(event.pointerId, now);
  }

  /** @param {PointerEvent} event */
  up(event) {
    const tapped = this.fingers.size === 1 && this.moved < 6 && event.type === "pointerup";
    this.fingers.delete(event.pointerId);
    if (tapped) this.select(this.scene.under(this.at(event), this.camera, event.pointerType === "touch" ? 24 : 12));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") this.select(-1);
    else if (step && event.shiftKey) {
      this.camera = { ...this.camera, x: this.camera.x + step[0], y: this.camera.y + step[1] };
      this.draw();
    } else if (step) {
      const next = this.scene.neighbour(event.key);
      if (next >= 0) {
        this.select(next);
        this.reveal(next);
      }
    } else return;
    event.preventDefault();
  }

  /** Move the picture no more than a case needs to be seen. @param {number} place */
  reveal(place) {
    const x = this.scene.px[place] * this.camera.kx + this.camera.x;
    const y = this.scene.py[place] * this.camera.ky + this.camera.y;
    const into = (/** @type {number} */ one, /** @type {number} */ size) => (one < MARGIN ? MARGIN - one : one > size - MARGIN ? size - MARGIN - one : 0);
    this.camera = { ...this.camera, x: this.camera.x + into(x, this.width), y: this.camera.y + into(y, this.height) };
    this.draw();
  }
}
